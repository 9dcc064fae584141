#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact person: what is shown, by identity and by number, at a moment.

load store
setup() { store_setup; }

@test "help" { helps person; }

@test "a picture as of a moment" {
    store_fill
    does person email:ANN@example.com --db db --now 2026-01-03T00:00:00Z
    [ "$stdout" = 'person 1, at 2026-01-03T00:00:00Z

identities
  crm:4711               2026-01-01T00:00:00Z
  email:ann@example.com  2026-01-01T00:00:00Z

attributes
  first_name                                    personalization is not granted
  language    "en"    default
  recency     3                crm  2 days ago
  tier        "gold"           crm  2 days ago
  unset: tags

consents
  personalization  not granted by default
  marketing        granted                 said so  24 h ago  until 2026-06-01T00:00:00Z

aggregates
  purchases_90d  0
  last_seen         no event' ] || told
    [ -z "$stderr" ] || told
}

@test "what time does to it" {
    store_fill
    does person 1 --db db --now 2026-07-01T00:00:00Z
    says 'tier                       crm  181 days ago  too old, used for 90 days'
    says 'marketing        not granted             said so  180 days ago  ended 2026-06-01T00:00:00Z'
    does person cookie:7f3 --db db --now 2026-02-01T10:01:30Z
    says $'aggregates\n  purchases_90d  1\n'
    says $'events\n  2026-02-01T10:00:00Z  purchase  amount 12.5  web  cookie:7f3'
    does person cookie:7f3 --db db --now 2026-06-01T00:00:00Z
    says 'purchases_90d  0'
}

@test "the latest events, newest first" {
    for i in $(seq 10 24); do
        echo "{\"event\": \"page_view\", \"properties\": {\"category\": \"c$i\"}, \"person\": {\"crm\": 1}, \"time\": \"2026-01-${i}T00:00:00Z\"}"
    done >views.ndjson
    does record views.ndjson --db db --schema shop.yaml
    does person 1 --db db
    says $'events, the latest 10 of 15\n  2026-01-24T00:00:00Z  page_view  category "c24"  crm:1\n  2026-01-23T00:00:00Z'
    [[ $stdout != *c14* ]] || told
}

@test "what had not happened by then is not shown" {
    store_fill
    does record '{"event": "purchase", "properties": {"amount": 7}, "person": {"cookie": "7f3"}, "time": "2026-02-01T10:00:00.500Z"}' --db db
    does person cookie:7f3 --db db --now 2026-02-01T09:59:59Z --json
    says '"events":[],"events_held":0'
    does person cookie:7f3 --db db --now 2026-02-01T10:00:00Z
    says 'amount 12.5'
    [[ $stdout != *'amount 7'* ]] || told
    does person cookie:7f3 --db db --now 2026-02-01T10:00:00.5Z
    says 'amount 7'
}

@test "--json" {
    store_fill
    does person 1 --db db --now 2026-01-03T00:00:00Z --json
    says '"person":1,"now":"2026-01-03T00:00:00Z"'
    says '{"name":"first_name","absent":"personalization is not granted"}'
    says '{"name":"language","value":"en","default":true}'
    says '{"name":"tier","value":"gold","source":"crm","time":"2026-01-01T00:00:00Z"}'
    says '{"purpose":"marketing","granted":true,"state":"granted","time":"2026-01-02T00:00:00Z","explicit":true,"expires":"2026-06-01T00:00:00Z"}'
    says '"aggregates":[{"name":"purchases_90d","value":0},{"name":"last_seen","absent":"no event"}]'
    node -e 'JSON.parse(require("fs").readFileSync(0, "utf8"))' <<<"$stdout"
}

@test "what others wrote cannot steer a terminal" {
    does record '{"set": {"tags": ["\u001b[2Jx"]}, "person": {"cookie": "\u001b[2Ja\nb"}}' --db db --schema shop.yaml
    does person 1 --db db
    [[ $stdout != *$'\033'* ]] || told
    says 'cookie:�[2Ja�b'
    says '"\u001b[2Jx"'
}

@test "colours on a terminal only, and not with NO_COLOR" {
    store_fill
    does person 1 --db db
    [[ $stdout != *$'\033'* ]] || told
    run script -qec "'$tact' person 1 --db db" /dev/null
    [[ $output == *$'\033[1mattributes\033[0m'* ]]
    NO_COLOR=1 run script -qec "'$tact' person 1 --db db" /dev/null
    [[ $output != *$'\033'* ]]
}

@test "mistakes" {
    fails 2 'tact: a person is needed; usage: tact person ID|NAMESPACE:VALUE --db DIR|--to URL [--now TIME] [--json]' person
    common_mistakes no person 1
    person_mistakes person
    fails 2 'tact: `--now`: `yesterday` is no time such as 2026-12-01T10:00:00Z' person 1 --db db --now yesterday
}
