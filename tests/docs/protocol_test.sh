#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/protocol.md is true: its requests are sent to a server, in their order, and answered as it says; its commands print
# what stands below them; its generated parts are current; and every operation has its heading and an example. Blocks
# come in these kinds:
#
#   ```yaml rules/FILE          of the rules that the server has published
#   ```json request             sent by tests/docs/protocol_talk.mjs, which says what `…` means
#   ```json request guarded     the same, to a server that wants tokens; `auth` gets one with the role `decide`
#   ```json reply               what must be answered to the one above
#   ```console                  $ COMMAND, then all that it prints; asks the server where it says tcp://127.0.0.1:7420
#
# A block of any other kind would be an example that nobody runs, and fails. Prints TAP. PROTOCOL_DOC=FILE looks at another
# page.
set -u
cd "$(dirname "$0")/../.."
page=${PROTOCOL_DOC:-docs/protocol.md}
tact=$(realpath "${TACT:-build/tact}")
unset "${!TACT_@}" # settings of a server of whoever runs this
work=$(mktemp -d) || exit 1
servers=()
finish() {
    [ ${#servers[@]} -eq 0 ] || { kill "${servers[@]}" && wait "${servers[@]}"; } 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

count=0 failed=0
pass() { echo "ok $((++count)) - $1"; }
fail() { # WHAT [DETAILS]
    echo "not ok $((++count)) - $1"
    [ $# -eq 1 ] || sed 's/^/#   /' <<<"$2"
    failed=1
}
compare() { # WHAT WANTED GOT
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "$(diff -u --label documented --label printed <(printf '%s\n' "$2") <(printf '%s\n' "$3"))"; fi
}

# ---- The page --------------------------------------------------------------------------------------------------------

cp "$page" "$work/page"
if said=$(tests/docs/protocol_reference "$work/page" 2>&1); then
    compare "$page: what tests/docs/protocol_reference writes is current" "$(<"$page")" "$(<"$work/page")"
else
    fail "$page: $said"
fi

unknown=$(awk '/^```/ && !on { on = 1; if (!/^```(yaml rules\/[a-z]+.yaml|json request( guarded)?|json reply|console)$/) print FNR ": " $0; next } /^```$/ { on = 0 }' "$page")
compare "$page: all examples are of a kind that is run" '' "$unknown"

missing=
for operation in $(tests/docs/protocol_reference --operations); do
    grep -qx "### $operation" "$page" || missing+=" ### $operation"
    grep -q "^{\"op\": \"$operation\"" "$page" || missing+=" $operation (example)"
done
compare "$page: every operation has its heading and an example" '' "$missing"

# ---- Servers ---------------------------------------------------------------------------------------------------------

mkdir "$work/rules"
awk -v work="$work" '/^```yaml rules\// { file = work "/" $2; next } /^```$/ { file = "" } file { print >file }' "$page"

# serve NAME [OPTION]...: a server with the page's rules; its addresses stand in NAME.log.
serve() {
    local name=$1 tries
    shift
    "$tact" publish "$work/rules" --db "$work/$name" >"$work/$name.said" 2>&1 || return 1
    "$tact" serve --db "$work/$name" --listen tcp://127.0.0.1:0 --listen ws://127.0.0.1:0 --http '' "$@" >"$work/$name.log" 2>&1 </dev/null &
    servers+=($!)
    for ((tries = 0; tries < 1500; tries++)); do
        ! grep -qs msg=ready "$work/$name.log" || return 0
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.02
    done
    return 1
}
address() { sed -n "s|.* msg=listening url=\($2://.*\)|\1|p" "$work/$1.log"; }

token=$("$tact" token page --roles decide --append "$work/tokens" 2>/dev/null | head -n 1)
if ! serve open || ! serve guarded --tokens "$work/tokens"; then
    fail "$page: a server with its rules" "$(cat "$work"/*.said "$work"/*.log)"
    echo "1..$count"
    exit 1
fi

# ---- Examples --------------------------------------------------------------------------------------------------------

while IFS= read -r line; do
    case $line in
    'ok '*) pass "${line#ok - }" ;;
    'not ok '*) fail "${line#not ok - }" ;;
    *) echo "$line" ;;
    esac
done < <(TACT_TOKEN=$token node tests/docs/protocol_talk.mjs "$page" "$(address open ws)" "$(address guarded ws)" 2>&1 ||
    echo "not ok - $page: protocol_talk.mjs ended early")
[ "$count" -ge 25 ] || fail "$page: only $count examples"

url=$(address open tcp)
command= wanted=
end_of_command() {
    [ -z "$command" ] || compare "$page: $command" "${wanted%$'\n'}" "$(eval "${command//tcp:\/\/127.0.0.1:7420/$url}" 2>&1)"
    command= wanted=
}
while IFS= read -r line; do
    case $line in
    '$ '*) end_of_command && command=${line#'$ '} ;;
    *) wanted+=$line$'\n' ;;
    esac
done < <(awk '$0 == "```console" { on = 1; next } /^```$/ { on = 0 } on' "$page")
end_of_command

echo "1..$count"
exit $failed
