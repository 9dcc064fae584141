#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact erase: only when sure, completely, and with a receipt.

load store
setup() { store_setup; }

@test "help" { helps erase; }

@test "erased is gone, by identity and by number, and does not come back" {
    store_fill
    does link crm:4711 cookie:7f3 --db db
    does erase cookie:7f3 --db db --yes
    [[ $stdout =~ ^erased\ {6}person\ 1$'\n'identities\ {2}3$'\n'events\ {6}1$'\n'time\ {8}20[0-9-]+T[0-9:.]+Z$'\n'position\ {4}5$ ]] || told
    [[ $stdout != *7f3* && $stdout != *4711* ]] || told # a receipt holds nothing of the person
    for whom in crm:4711 email:ann@example.com cookie:7f3; do
        fails 1 "tact: $whom: there is no such person" person $whom --db db
    done
    t record fill.ndjson --db db
    [ "$status" -eq 1 ] && [[ $stderr == *'0 applied, 3 refused' ]] || told
    does fsck --db db
    says 'persons     0'
}

@test "an identity that max pushed out still finds what came in by it" {
    printf '%s\n' 'identities:' '  crm: {unique: true}' '  cookie: {max: 1}' 'attributes:' '  name: {type: string}' >max.yaml
    printf '%s\n' '{"set": {"name": "Ann"}, "person": {"cookie": "old"}}' '{"link": {"crm": 1, "cookie": "old"}}' \
        '{"link": {"crm": 1, "cookie": "new"}}' >three.ndjson
    does record three.ndjson --db pushed --schema max.yaml
    does person cookie:old --db pushed
    says Ann
    does unlink cookie:old --db pushed
    fails 1 'tact: 99: there is no such person' person 99 --db pushed
    does person crm:1 --db pushed
    [[ $stdout != *Ann* ]] || told
    does link crm:1 cookie:old --db pushed
    does erase cookie:old --db pushed --yes
    says 'identities  3'
    fails 1 'tact: crm:1: there is no such person' person crm:1 --db pushed
    does fsck --db pushed
}

@test "by number, with a receipt as JSON" {
    store_fill
    does erase 1 --db db --yes --json
    [[ $stdout =~ ^\{\"person\":1,\"identities\":2,\"events\":0,\"time\":\"20[0-9-]+T[0-9:.]+Z\",\"position\":4\}$ ]] || told
    does person cookie:7f3 --db db
}

@test "a receipt that cannot be printed: erased, and said so" {
    [ -e /dev/full ] || skip "there is no /dev/full"
    store_fill
    "$tact" erase crm:4711 --db db --yes >/dev/full 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ]
    grep -qx 'tact: person 1 is erased, at position 4, but the receipt cannot be printed' stderr
    "$tact" erase cookie:7f3 --db db --yes --json >/dev/full 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ]
    grep -qx 'tact: person 3 is erased, at position 5, but the receipt cannot be printed' stderr
    does fsck --db db
    says 'persons     0'
}

@test "asks at a terminal, and takes only yes for yes" {
    store_fill
    for answer in n '' nay x; do
        run script -qec "'$tact' erase crm:4711 --db db" /dev/null <<<"$answer"
        [ "$status" -eq 1 ]
        [[ $output == *'Erase person 1 for good, with 2 identities (crm:4711, email:ann@example.com) and 0 events? [y/N]'* ]]
        [[ $output == *'nothing was erased'* ]]
    done
    does person crm:4711 --db db
    run script -qec "'$tact' erase crm:4711 --db db" /dev/null <<<y
    [ "$status" -eq 0 ]
    fails 1 'tact: crm:4711: there is no such person' person crm:4711 --db db
}

@test "without a terminal it has to be told" {
    store_fill
    fails 2 'tact: there is no terminal to ask at; `--yes` erases without asking' erase crm:4711 --db db </dev/null
    does person crm:4711 --db db
}

@test "mistakes" {
    fails 2 'tact: a person is needed; usage: tact erase ID|NAMESPACE:VALUE --db DIR|--to URL [--yes]' erase
    fails 2 'tact: unknown option `--yess`; did you mean `--yes`?' erase 1 --db db --yess
    fails 3 'tact: nowhere: there is no such folder of a log; nothing was erased' erase 1 --db db --yes --log nowhere
    fails 2 'tact: `--log` goes with `--db`; a server knows its own log' erase 1 --to tcp://127.0.0.1:1 --yes --log .
    common_mistakes yes erase crm:4711 --yes
    person_mistakes erase --yes
}

@test "who is known by a retired namespace alone can be erased" {
    printf 'identities: {crm: {unique: true}, old: {}}\nattributes: {x: {type: int}}\n' >with.yaml
    printf 'identities: {crm: {unique: true}}\nattributes: {x: {type: int}}\n' >without.yaml
    does record '{"set":{"x":1},"person":{"old":"1"}}' --db retired --schema with.yaml
    does record '{"set":{"x":1},"person":{"old":"2"}}' --db retired
    does record '{"set":{"x":1},"person":{"crm":"1"}}' --db retired --schema without.yaml
    does erase 1 --db retired --yes
    does erase old:2 --db retired --yes
    t person 1 --db retired
    [ "$status" -eq 1 ] || told
    does fsck --db retired
}
