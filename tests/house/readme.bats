#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# README.md is true: its commands work, in their order, and print what it says. They run in a folder of the test's own
# that sees what they name; the server takes a port that is free.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    root=$PWD
    tact=$(realpath "${TACT:-build/tact}")
    server=
}

teardown() {
    if [ -n "$server" ]; then
        kill "$server"
        wait "$server" || true
    fi
}

# As `build/tact` of the page.
run_one() { bash -c "${1/build\/tact/"$tact"}"; }

serve() {
    local i
    TACT_LISTEN=tcp://127.0.0.1:0 TACT_HTTP='' bash -c "exec ${1/build\/tact/"$tact"}" 2>server.log &
    server=$!
    for ((i = 0; i < 500; i++)); do
        grep -q msg=ready server.log && break
        sleep 0.02
    done
    TACT_TO=$(grep -o 'tcp://[0-9.:]*' server.log)
    export TACT_TO
}

@test "commands run" {
    cd "$BATS_TEST_TMPDIR"
    ln -s "$root/rules" rules
    count=0
    while read -r command; do
        echo "$command"
        case $command in
        'build/tact serve'*) serve "$command" ;;
        *) run_one "$command" >/dev/null </dev/null ;;
        esac
        count=$((count + 1))
    done < <(sed -n 's/^    \(build\/tact .*\)/\1/p' "$root/README.md")
    [ "$count" -ge 8 ]
}

@test "a command with its output prints that output" {
    command=$(sed -n 's/^    \$ \(.*\)/\1/p' README.md)
    wanted=$(sed -n '/^    \$ /,/^$/p' README.md | sed '1d; s/^    //')
    [ "$(run_one "$command" 2>&1)" = "$wanted" ]
}

@test "targets that it names are there" {
    for target in $(grep -oE '\bmake [a-z]+' README.md | awk '{ print $2 }' | sort -u); do
        grep -qE "^$target:" Makefile || [[ $target == it || $target == its ]]
    done
}
