#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What `make demo` shows: the language of Tact's rules, persons in a store, a bundle of rules that goes live. Each step is
# a command as one would type it, and what it must print is checked, so that the demo cannot rot.
set -u
cd "$(dirname "$0")/../.."
tact=${TACT:-build/tact}
profile=rules/sample/profile.json
failed=0

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi

title() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# show EXIT-CODE WANTED EXPRESSION [OPTION]: runs `tact expr`; its output must contain WANTED.
show() {
    local code=$1 wanted=$2 output
    shift 2
    printf "\n%s  tact expr '%s' %s--vars profile.json%s\n" "$dim" "$1" "${2:+$2 }" "$plain"
    output=$("$tact" expr "$@" --vars "$profile" 2>&1)
    local got=$?
    printf '%s\n' "$output" | sed 's/^/  /'
    if [ $got -ne "$code" ] || [[ $output != *"$wanted"* ]]; then
        printf '  ^ this should have ended with %s and shown: %s\n' "$code" "$wanted"
        failed=1
    fi
}

title 'A person, and rules that ask about them (rules/sample/profile.json)'
show 0 true 'profile.recency >= 9 && profile.history > 500.0'
show 0 true '"vip" in profile.tags && !(context.device == "app")'
show 0 '"Zoë, 10 months is too long."' 'profile.first_name + ", " + string(profile.recency) + " months is too long."'

title 'What is absent is absent: it can be asked for, and && and || get by without it'
show 0 '"de"' 'has(profile.language) ? profile.language : "en"'
show 0 '[false, false, true]' 'profile.orders.map(o, has(o.returned) && o.returned)'

title 'Lists: what was spent on shoes, and kept'
show 0 '89.9' 'math.greatest(profile.orders.filter(o, o.category == "shoes" && !has(o.returned)).map(o, o.amount))'
show 0 true 'timestamp(now) - timestamp(profile.orders[2].at) < duration("336h")'

title 'A ranking formula, compiled to bytecode'
show 0 '15.0' 'offer.value * (1.0 + double(offer.weight) / 100.0)'
show 0 mul 'offer.value * (1.0 + double(offer.weight) / 100.0)' --code

title 'Why: every sub-expression with the value that it had'
show 0 'profile.recency >= 9' 'profile.recency >= 9 && (profile.newbie || context.cart_value > 100.0)' --trace

title 'A slip of the pen is found before anything runs'
show 1 'did you mean' 'profile.recencey >= 9 && profile.history > "500"'

title 'And so is what fails only when it runs'
show 1 'divide by zero' 'profile.recency / (offer.weight - 25)'

# run EXIT-CODE WANTED ARGUMENT...: runs `tact`; what it prints must contain WANTED.
run() {
    local code=$1 wanted=$2 output got
    shift 2
    printf '\n%s  tact %s%s\n' "$dim" "${*//$work/here}" "$plain"
    output=$("$tact" "$@" 2>&1 </dev/null)
    got=$?
    printf '%s\n' "${output//$work/here}" | sed 's/^/  /'
    if [ $got -ne "$code" ] || [[ $output != *"$wanted"* ]]; then
        printf '  ^ this should have ended with %s and shown: %s\n' "$code" "$wanted"
        failed=1
    fi
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

title 'Persons: rows become unified profiles; one has a value that there is none of, and is set aside with its reason'
sed 's/240,silver/240,bronze/' rules/sample/people.csv >"$work/people.csv"
run 1 'refused   1' import "$work/people.csv" --db "$work/people" --schema rules/shop/schema.yaml \
    --id crm=id --id email=email --id cookie=cookie --source crm --rejects "$work/rejects.csv"
printf '\n%s  cat here/rejects.csv%s\n' "$dim" "$plain"
sed 's/^/  /' "$work/rejects.csv"

title 'A consent and a purchase: each is on disk when it is answered, and applied once however often it is sent'
run 0 '' record '[{"consent": {"marketing": "granted"}, "person": {"crm": "4711"}, "id": "c-1"},
    {"event": "purchase", "properties": {"amount": 59.9, "category": "shoes"}, "person": {"cookie": "7f3"}, "id": "p-1"}]' --db "$work/people"
run 0 'purchases_90d' person email:zoe@example.com --db "$work/people"

title 'Rules: a folder of YAML, checked as a whole, and live in one step'
run 0 '' check rules/shop
run 0 'is active' publish rules/shop --db "$work/people" --message 'the winter collection'
cp -r rules/shop "$work/shop"
sed -i 's/profile\.womens/profile.womans/' "$work"/shop/offers/*.yaml

title 'A slip of the pen does not go live, and says where it is'
run 1 'did you mean `womens`' publish "$work/shop" --db "$work/people"
run 0 'shop@1' bundles --db "$work/people"

title 'Erased means erased now'
run 0 '' erase email:zoe@example.com --db "$work/people" --yes
run 1 'no such person' person crm:4711 --db "$work/people"
run 0 'no faults' fsck --db "$work/people"

echo
[ $failed -eq 0 ] || { echo 'demo: some of this is not as it should be'; exit 1; }
echo "That was the language, the store and the rules. Decisions are next; see README.md."
