#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/bundle.md is true: every example in it is run, its generated parts are current, and every section has its heading and
# an example. Examples come in these kinds:
#
#   ```yaml FILE      a file of the tour, written to where it says
#   ```yaml           sections that are added to the tour's bundle as example.yaml; that must have no fault
#   ```yaml-error     the same with a fault: first the text, then, from the first line that begins with
#                     `example.yaml:` on, the whole report
#   ```yaml-warning   the same with warnings only
#   ```console        $ COMMAND, then all that it prints; run beside the tour's files
#
# A block of any other kind would be an example that nobody runs, and fails. Prints TAP. BUNDLE_DOC=FILE looks at another
# page.
set -u
cd "$(dirname "$0")/../.."
page=${BUNDLE_DOC:-docs/bundle.md}
tact=$(realpath "${TACT:-build/tact}")
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/tour" && ln -s "$tact" "$work/bin/tact"
PATH=$work/bin:$PATH

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

examples= # all of them, for the question whether a section has none

# check_example LINE TEXT: sets `report`, what is said of the tour's bundle with this file.
check_example() {
    examples+=$2$'\n'
    rm -rf "$work/example" && cp -r "$work/tour/winter" "$work/example"
    sed -i 's/^include: \[/include: [example.yaml, /' "$work/example/bundle.yaml"
    printf '%s\n' "$2" >"$work/example/example.yaml"
    report=$(cd "$work" && tact check example 2>&1)
    status=$?
    report=$(grep -vE '^(tact: )?example: ' <<<"$report")
}

check_good() { # LINE TEXT: warnings are no fault; parts of a bundle have some
    check_example "$@"
    if [ $status -eq 0 ]; then pass "$page:$1: ${2%%$'\n'*}"; else fail "$page:$1: ${2%%$'\n'*}" '' "$report"; fi
}
check_report() { # LINE STATUS TEXT REPORT
    check_example "$1" "$3"
    compare "$page:$1: ${3%%$'\n'*}" "$2 $4" "$status $report"
}
check_command() { # LINE COMMAND OUTPUT
    local got
    got=$(cd "$work/tour" && eval "$2" 2>&1)
    compare "$page:$1: $2" "$3" "$got"
}

report_line() {
    if [[ -n $wanted || $1 == example.yaml:* ]]; then wanted+=$1$'\n'; else text+=$1$'\n'; fi
}
command_line() {
    case $1 in
    '$ '*)
        [ -z "$text" ] || check_command "$start" "$text" "${wanted%$'\n'}"
        text=${1#'$ '} wanted= start=$number
        ;;
    *) wanted+=$1$'\n' ;;
    esac
}
end_of_block() {
    case $kind in
    yaml) check_good "$start" "${text%$'\n'}" ;;
    yaml-error) check_report "$start" 1 "${text%$'\n'}" "${wanted%$'\n'}" ;;
    yaml-warning) check_report "$start" 0 "${text%$'\n'}" "${wanted%$'\n'}" ;;
    console) command_line '$ ' ;;
    'yaml '*)
        mkdir -p "$work/tour/$(dirname "${kind#yaml }")"
        printf '%s' "$text" >"$work/tour/${kind#yaml }"
        examples+=$text
        ;;
    esac
}

number=0 kind=
while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    if [[ $line == '```'* ]]; then
        if [ -n "$kind" ]; then
            end_of_block
            kind=
        else
            kind=${line#'```'} text= wanted= start=$number
            case $kind in
            yaml | yaml-error | yaml-warning | console | 'yaml '*) ;;
            *) fail "$page:$number: nothing runs an example of kind \`$kind\`" && kind=none ;;
            esac
        fi
        continue
    fi
    case $kind in
    yaml | 'yaml '*) text+=$line$'\n' ;;
    yaml-error | yaml-warning) report_line "$line" ;;
    console) command_line "$line" ;;
    esac
done <"$page"
[ -z "$kind" ] || fail "$page:$start: a block without an end"

# ---- Completeness ----------------------------------------------------------------------------------------------------

# The tour ends in a bundle that is good, without a warning.
compare "$page: the tour's bundle has no warning" '' "$(cd "$work/tour" && tact check winter 2>&1 >/dev/null)"

# Reference parts are as the tables have them.
cp "$page" "$work/page"
if tests/docs/bundle_reference "$work/page" 2>"$work/complaint"; then
    compare "$page: what tests/docs/bundle_reference writes is current" "$(<"$page")" "$(<"$work/page")"
else
    fail "$page: $(<"$work/complaint")"
fi

# Every section has its heading and stands in an example.
missing=
for section in $(tests/docs/bundle_reference --sections); do
    grep -q "^$section:" <<<"$examples" || missing+=" $section: (example)"
    [ "$section" = bundle ] || grep -qx "### $section" "$page" || missing+=" ### $section"
done
compare "$page: every section has its heading and an example" '' "$missing"

# A page without examples would pass all of the above.
if [ "$count" -ge 35 ]; then pass "$page: there are examples"; else fail "$page: only $count examples"; fi
echo "1..$count"
exit $failed
