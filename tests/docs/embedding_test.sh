#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/embedding.md: its files are written as they stand there, its program compiles without a warning against either
# library, and prints what the page says. Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
page=docs/embedding.md
if [ "${MODE:-release}" != release ]; then
    echo "ok 1 - docs/embedding.md # SKIP only what ships"
    exit 0
fi
built=$(realpath "${TACT_BUILD:-build/release}")
include=$PWD/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 count=0

# block LANGUAGE FILE: what stands between ```LANGUAGE FILE and ```.
block() { awk -v from="\`\`\`$1 $2" '$0 == from { on = 1; next } /^```$/ { on = 0 } on' "$page"; }
said() { awk '$0 == "```console" { on = 1; next } /^```$/ { on = 0 } on && !/^\$ /' "$page"; }

mkdir -p "$work/rules"
block yaml rules/bundle.yaml >"$work/rules/bundle.yaml"
block c program.c >"$work/program.c"
said >"$work/expected"
cd "$work" || exit 1
private=$(PKG_CONFIG_PATH=$built pkg-config --static --libs-only-l tact | sed 's/-ltact //')
flags='-std=c11 -O1 -Wall -Wextra -Wshadow -Wconversion -Werror'

try() { # NAME LINKER-ARGUMENT...
    local name=$1
    shift
    count=$((count + 1))
    rm -rf data && mkdir data
    if ! ${CC:-cc} $flags -I"$include" program.c -o program "$@"; then
        echo "not ok $count - the program does not compile against the $name"
    elif ! LD_LIBRARY_PATH=$built ./program >printed 2>errors; then
        echo "not ok $count - the program fails with the $name"
        sed 's/^/#   /' errors
    elif ! diff -u expected printed | sed 's/^/#   /'; then
        echo "not ok $count - the program prints something else with the $name"
    else
        echo "ok $count - the program does what it should with the $name"
        return 0
    fi
    failed=$((failed + 1))
}
[ -s program.c ] && [ -s expected ] || { echo "not ok 0 - $page has no program"; failed=1; }
try archive "$built/libtact.a" $private
try shared -L"$built" -ltact
echo "1..$count"
exit $((failed > 0))
