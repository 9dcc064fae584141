#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/serving.md is true: its table of settings is current, every setting that its examples set there is, the file in it
# is one, and the unit file passes systemd's own check where that is there. Prints TAP.
set -u
cd "$(dirname "$0")/../.."
page=docs/serving.md
tact=$(realpath "${TACT:-build/tact}")
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
count=0 failed=0
check() { # WHAT STATUS [DETAILS]
    count=$((count + 1))
    if [ "$2" -eq 0 ]; then echo "ok $count - $1"; else echo "not ok $count - $1" && sed 's/^/#   /' <<<"${3-}" && failed=1; fi
}

cp "$page" "$work/page"
said=$(tests/docs/serving_reference "$work/page" 2>&1 && diff -u "$page" "$work/page")
check "$page: what tests/docs/serving_reference writes is current" $? "$said"

# The file of settings: all of it is understood, so that what is complained of is the certificate that is not there.
awk '/^```ini/ { on = 1; next } /^```/ { on = 0 } on' "$page" >"$work/tact.conf"
said=$(cd "$work" && sed -i 's|= /var/lib/tact|= db|; s|= /etc/tact/tokens|= tokens|' tact.conf && : >tokens &&
    timeout 20 "$tact" serve --config tact.conf --http '' 2>&1)
[[ $said == *'tls_cert: /etc/tact/server.pem: No such file or directory'* ]]
check "$page: the file of settings is one" $? "$said"

# Options in commands are options.
for option in $(grep -E '^ *(sudo )?tact serve ' "$page" | grep -oE -- '--[a-z-]+' | sort -u); do
    "$tact" serve --help | grep -q -- "^  $option "
    check "$page: tact serve $option" $?
done

if command -v systemd-analyze >/dev/null; then
    sed "s|@BINDIR@/tact|$tact|; s|@[A-Z]*@|/etc|" tact.service.in >"$work/tact.service"
    said=$(systemd-analyze verify "$work/tact.service" 2>&1)
    check "tact.service.in: systemd-analyze verify" $? "$said"
fi

# A page without examples would pass all of the above.
[ "$count" -ge 5 ]
check "$page: there are examples" $?
echo "1..$count"
exit $failed
