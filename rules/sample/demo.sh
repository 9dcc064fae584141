#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What `make demo` shows: the language of Tact's rules, and then its main job: a website, a chat assistant and a marketer
# who ask a server about real customers. Each step is a command as one would type it, in a folder of its own that is gone
# at the end; how it must end and what it must print is checked, so that the demo cannot rot. It is the same on every day of
# the year: what is asserted hangs on no offer that begins or ends.
#
# SYNTHETIC=1 takes synthetic customers even where the real ones are.
set -u
cd "$(dirname "$0")/../.." || exit 1
project=$PWD
tact=$(realpath "${TACT:-build/tact}")
customers=$(realpath -m ../shared/data/hillstrom.csv)
unset "${!TACT_@}" # whoever runs this may have a server
failed=0 server=

work=$(mktemp -d) || exit 1
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ -z "$server" ] || wait "$server" 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir "$work/bin" && ln -s "$tact" "$work/bin/tact" && ln -s "$project/rules" "$work/rules" && cd "$work" || exit 1
PATH=$work/bin:$PATH

# ---- Showing ---------------------------------------------------------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi

title() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
typed() { printf '\n%s  $ %s%s\n' "$dim" "$1" "$plain"; }
shown() { sed 's/^/  /; s/ *$//'; }

# An argument as one would type it. Tokens are long, and say nothing to people.
quoted() {
    if [[ $1 =~ ^[A-Za-z0-9_./:,=@+-]+$ ]]; then printf '%s' "$1"; else printf "'%s'" "$1"; fi |
        sed -E 's/("token": "[^"]{8})[^"]*/\1…/'
}

wrong() {
    printf '  ^ this should have %s\n' "$1"
    failed=1
}

# run EXIT-CODE WANTED ARGUMENT...: runs `tact`; what it prints must contain WANTED. Shows $lines lines of it at most.
lines=60
run() {
    local code=$1 wanted=$2 line=tact argument got
    shift 2
    for argument; do line+=" $(quoted "$argument")"; done
    typed "$line"
    output=$(tact "$@" 2>&1 </dev/null)
    got=$?
    printf '%s\n' "$output" | head -n "$lines" | shown
    [ "$(wc -l <<<"$output")" -le "$lines" ] || echo '  …'
    [ $got -eq "$code" ] || wrong "ended with $code, not with $got"
    [[ $output == *"$wanted"* ]] || wrong "shown: $wanted"
}
# lacks TEXT: the last command did not print it.
lacks() { [[ $output != *"$1"* ]] || wrong "not shown: $1"; }

# ---- The language ----------------------------------------------------------------------------------------------------

title 'Rules are expressions over a person, an offer and the moment; a slip of the pen is found before anything runs'
run 0 true expr 'profile.recency >= 9 && "vip" in profile.tags' --vars rules/sample/profile.json
run 0 'profile.recency >= 9' expr 'profile.recency >= 9 && context.cart_value > 100.0' --vars rules/sample/profile.json --trace
run 1 'did you mean `recency`?' expr 'profile.recencey >= 9' --vars rules/sample/profile.json

# ---- Customers and rules ---------------------------------------------------------------------------------------------

if [ -f "$customers" ] && [ -z "${SYNTHETIC-}" ]; then
    ln -s "$customers" customers.csv
    title 'Customers: 32,000 real ones of a retailer, of whom a third was sent a women'\''s e-mail, a third a men'\''s, a third none'
else
    title 'Customers: 2,000 SYNTHETIC ones, nobody of whom exists; with data of your own it goes the same way'
    typed 'awk -f rules/sample/customers.awk -v rows=2000 >customers.csv'
    awk -f rules/sample/customers.awk -v rows=2000 >customers.csv
fi
rows=$(($(wc -l <customers.csv) - 1))
run 0 'refused   0' import customers.csv --db mail --schema rules/hillstrom/schema.yaml --id crm=@row --quiet

title 'Which e-mail to whom: a folder of rules is checked, tried out on all of them, and live in one step'
run 0 'good: 3 offers' check rules/hillstrom
run 0 mens_email simulate --db mail --bundle rules/hillstrom --quiet
run 0 'hillstrom@1 is active' publish rules/hillstrom --db mail

title 'The same customers in a web shop, with rules for its pages, its chat assistant and its e-mails'
run 0 'refused   0' import customers.csv --db data --schema rules/shop/schema.yaml --id crm=@row --quiet
run 0 'shop@1 is active' publish rules/shop --db data --message 'the winter'

# ---- The server ------------------------------------------------------------------------------------------------------

title 'A server, for this machine alone'
typed 'tact serve --db data --listen tcp://127.0.0.1:0 &'
tact serve --db data --listen tcp://127.0.0.1:0 --http '' 2>log </dev/null &
server=$!
for ((tries = 0; tries < 500; tries++)); do
    ! grep -qs 'msg=ready' log && kill -0 "$server" 2>/dev/null || break
    sleep 0.02
done
grep -E 'msg=(listening|ready)' log | shown
url=$(sed -n 's/.* msg=listening url=//p' log)
if ! grep -q 'msg=ready' log || [ -z "$url" ]; then
    shown <log
    echo 'demo: the server does not start'
    exit 1
fi
typed "export TACT_TO=$url"
export TACT_TO=$url

# ---- A website -------------------------------------------------------------------------------------------------------

# Who has an account, has not bought for long, and bought women's clothes.
customer=crm:$(awk -F, 'NR > 1 && $1 >= 9 && $5 == 1 && $7 == 1 { print NR - 1; exit }' customers.csv)
page=(--placement home_hero,cart_strip --context '{"device": "mobile", "cart_value": 80}')

title "A website: somebody looks around, and turns out to be customer $customer"
run 0 '3 applied' record '[{"event": "page_view", "properties": {"category": "shoes"}, "person": {"cookie": "7f3"}},
      {"event": "page_view", "properties": {"category": "coats"}, "person": {"cookie": "7f3"}},
      {"link": {"crm": "'"${customer#*:}"'", "cookie": "7f3"}}]'
title 'It asks what to show. Without consent there is no marketing'
run 0 newsletter decide --person cookie:7f3 "${page[@]}"
lacks welcome_voucher

title 'The customer agrees to marketing, and the next answer is another one'
run 0 '' record '{"consent": {"marketing": "granted"}, "person": {"cookie": "7f3"}}'
run 0 welcome_voucher decide --person cookie:7f3 "${page[@]}" --decision visit-1
lacks newsletter
# The same decision once more, for a program; it counts once.
token=$(tact decide --person cookie:7f3 "${page[@]}" --decision visit-1 --json | grep -o '"offer":"welcome_voucher".*' |
    grep -om1 '"token":"[^"]*"' | head -n 1 | cut -d '"' -f 4)

title 'Why: what each stage took away, by which rule at which place, and what the caps have counted'
lines=32
run 0 'groups.apparel.caps[0]: counted' decide --person cookie:7f3 --placement home_hero --context '{"device": "mobile"}' --explain
lines=60

title 'The voucher is clicked: one voucher in thirty days is enough, and the next answer has another offer'
run 0 '' record '{"event": "click", "token": "'"$token"'", "channel": "web"}'
run 0 cart_strip decide --person cookie:7f3 "${page[@]}"
[[ $output =~ cart_strip\ +[a-z_]+\ +0\. && $output != *voucher* ]] || wrong 'shown another offer below the cart'

# ---- A chat assistant ------------------------------------------------------------------------------------------------

title 'A chat assistant asks what it may know and say: the same person, what happened elsewhere, within a budget'
run 0 page_view context --person "$customer" --channel chat --budget 300

# ---- A marketer ------------------------------------------------------------------------------------------------------

title 'A marketer adds an offer, and the next answer has it'
cp -rL rules/shop shop
cat >shop/offers/newcomers.yaml <<'YAML'
offers:
  first_steps:
    title: For who is new here
    value: 50.0
    propensity: 0.5
    eligible: profile.newbie
    content:
      home_hero: {title: Three steps to your style, image: /img/steps.jpg, link: /new}
YAML
typed 'cat shop/offers/newcomers.yaml'
shown <shop/offers/newcomers.yaml
run 0 'shop@2 is active' publish shop --to "$url" --message 'for newcomers'
run 0 first_steps decide --person cookie:7f3 "${page[@]}"

title 'A slip of the pen does not go live, and says where it is; a version that was regretted is taken back'
typed "sed -i 's/profile.newbie/profile.newbee/' shop/offers/newcomers.yaml"
sed -i 's/profile\.newbie/profile.newbee/' shop/offers/newcomers.yaml
run 1 'did you mean `newbie`?' publish shop --to "$url"
[[ $output == *'^~~~'* ]] || wrong 'shown a caret below the name'
run 0 'shop@1 is active again' rollback
run 0 '*  shop@1' bundles

# ---- Load ------------------------------------------------------------------------------------------------------------

title 'Load: a thousand visits a second by schedule, beside an echo, which does nothing but answer'
run 0 server bench --to "$url" --placement home_hero,cart_strip --persons "$rows" --rate 1000 --seconds 2 --quiet
[[ $output == *p99.9* && $output == *echo* ]] || wrong 'shown percentiles, and those of the echo'

# ---- The right to be forgotten ---------------------------------------------------------------------------------------

title 'Erased means erased now'
run 0 'erased' erase "$customer" --yes
run 1 "nobody is known by that" context --person cookie:7f3

typed 'kill %1'
kill "$server"
wait "$server"
code=$?
server=
tail -n 1 log | shown
[ $code -eq 0 ] || wrong "ended with 0, not with $code"
run 0 'no faults' fsck --db data

echo
[ $failed -eq 0 ] || { echo 'demo: some of this is not as it should be'; exit 1; }
cat <<'EOT'
All that was in a folder of its own, which is gone. To go on:

  build/tact import rules/sample/people.csv --db data --schema rules/shop/schema.yaml --id crm=id --id email=email
  build/tact publish rules/shop --db data
  build/tact serve --db data
                                                    and in another terminal
  build/tact decide --to tcp://127.0.0.1:7420 --person crm:4711 --placement home_hero --explain
  build/tact top

docs/bundle.md is for those who write rules, docs/protocol.md for programs that ask, docs/serving.md for operators.
EOT
