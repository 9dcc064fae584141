#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/language.md is true: every example in it is run, its generated parts are current, and every function and macro of
# the language stands in an example. Examples see the members of rules/sample/profile.json. There are three kinds:
#
#   ```cel         EXPRESSION  // => VALUE         what `tact expr` prints
#                  EXPRESSION  // => error: TEXT   its evaluation or compilation ends in just this
#   ```cel-error   EXPRESSION, then the whole report
#   ```console     $ tact ARGUMENT..., then all that it prints
#
# An expression may take several lines. A block of any other kind would be an example that nobody runs, and fails.
# Prints TAP. LANGUAGE_DOC=FILE looks at another page.
set -u
cd "$(dirname "$0")/../.."
page=${LANGUAGE_DOC:-docs/language.md}
sample=rules/sample
tact=$(realpath "${TACT:-build/tact}")
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

# ---- Reporting -------------------------------------------------------------------------------------------------------

count=0 failed=0
pass() { echo "ok $((++count)) - $1"; }
fail() { # WHAT [WANTED GOT]
    echo "not ok $((++count)) - $1"
    failed=1
    [ $# -eq 1 ] || diff -u --label documented --label printed <(printf '%s\n' "$2") <(printf '%s\n' "$3") |
        sed 's/^/#   /'
}
compare() { # WHAT WANTED GOT
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$@"; fi
}

# ---- Examples --------------------------------------------------------------------------------------------------------

expressions= # all of them, for the question whether something has no example

# check_value LINE EXPRESSION WANTED
check_value() {
    local what="$page:$1: ${2//$'\n'/ }" got status
    expressions+=$2$'\n'
    got=$("$tact" expr --vars "$sample/profile.json" -- "$2" 2>&1)
    status=$?
    if [[ $3 == error:* ]]; then
        got=${got%%$'\n'*}
        compare "$what" "1 $3" "$status ${got/#*: error:/error:}"
    else
        compare "$what" "0 $3" "$status $got"
    fi
}

check_report() { # LINE EXPRESSION REPORT
    local got status
    got=$("$tact" expr --vars "$sample/profile.json" -- "$2" 2>&1)
    status=$?
    compare "$page:$1: ${2//$'\n'/ }" "1 $3" "$status $got"
}

check_command() { # LINE COMMAND OUTPUT
    local got
    [[ $2 == 'tact '* ]] || { fail "$page:$1: a command begins with \`tact\`: $2"; return; }
    got=$(cd "$sample" && tact() { "$tact" "$@"; } && eval "$2" 2>&1)
    compare "$page:$1: $2" "$3" "$got"
}

# Each block's lines, one call a line; `end` after the last.
value_line() {
    case $1 in
    *'// => '*)
        check_value "$number" "$text${1%%*( )// => *}" "${1##*// => }"
        text=
        ;;
    '') [ -z "$text" ] || { fail "$page:$number: an expression without \`// =>\`: ${text//$'\n'/ }"; text=; } ;;
    *) text+=$1$'\n' ;;
    esac
}
report_line() {
    case $report$1 in
    '<expression>:'*) report+=$1$'\n' ;;
    '') ;;
    *) text+=$1$'\n' ;;
    esac
}
command_line() {
    case $1 in
    '$ '*)
        [ -z "$text" ] || check_command "$start" "$text" "${report%$'\n'}"
        text=${1#'$ '} report= start=$number
        ;;
    *) report+=$1$'\n' ;;
    esac
}
end_of_block() {
    case $kind in
    cel) value_line '' ;;
    cel-error) check_report "$start" "${text%$'\n'}" "${report%$'\n'}" ;;
    console) command_line '$ ' ;;
    esac
}

shopt -s extglob
number=0 kind=
while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    if [[ $line == '```'* ]]; then
        if [ -n "$kind" ]; then
            end_of_block
            kind=
        else
            kind=${line#'```'} text= report= start=$number
            case $kind in
            cel | cel-error | console) ;;
            *) fail "$page:$number: nothing runs an example of kind \`$kind\`" && kind=none ;;
            esac
        fi
        continue
    fi
    case $kind in
    cel) value_line "$line" ;;
    cel-error) report_line "$line" ;;
    console) command_line "$line" ;;
    esac
done <"$page"
[ -z "$kind" ] || fail "$page:$start: a block without an end"

# ---- Completeness ----------------------------------------------------------------------------------------------------

# Reference parts are as the tables have them.
cp "$page" "$work/page"
if tests/docs/language_reference "$work/page" 2>"$work/complaint"; then
    compare "$page: what tests/docs/language_reference writes is current" "$(<"$page")" "$(<"$work/page")"
else
    fail "$page: $(<"$work/complaint")"
fi

# Everything that can be called, operators aside, is called in an example.
tests/docs/language_reference --names >"$work/names"
missing=
while read -r name; do
    grep -qE "(^|[^A-Za-z0-9_])${name//./\\.}\(" <<<"$expressions" || missing+=" $name"
done <"$work/names"
compare "$page: every function and macro stands in an example ($(wc -l <"$work/names"))" '' "$missing"

# One sentence says how many there are, and a page without examples would pass all of the above.
if [ "$count" -ge 100 ]; then pass "$page: there are examples"; else fail "$page: only $count examples"; fi
echo "1..$count"
exit $failed
