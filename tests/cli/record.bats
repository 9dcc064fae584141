#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact record: every shape of a file, every answer, every refusal.

load store
load rules
setup() { store_setup; }

@test "help" {
    helps record
    says '  erase: an identity of the person to delete for good'
}

@test "one change, a list of them, one on each line, one on the command line" {
    does record '{"set": {"recency": 1}, "person": {"crm": 1}}' --db db --schema shop.yaml
    [ "$stdout" = 'position 1, person 1' ] && [ -z "$stderr" ] || told
    printf '{\n "set": {"recency": 2},\n "person": {"crm": "2"}\n}\n' >one.json
    does record one.json --db db
    [ "$stdout" = 'position 2, person 2' ] || told
    echo '[{"link": {"crm": 1, "cookie": "a"}}, {"unlink": {"cookie": "a"}}]' >list.json
    does record list.json --db db
    [ "$stdout" = $'list.json: change 1: position 3, person 1\nlist.json: change 2: position 4, person 3' ] || told
    [ "$stderr" = '2 applied, 0 refused' ] || told
    printf '{"erase": {"crm": 1}}\r\n\n   \n{"erase": {"crm": 2}}' >lines.ndjson
    does record - --db db <lines.ndjson
    [ "$stdout" = $'<stdin>:1: position 5, person 1\n<stdin>:4: position 6, person 2' ] || told
}

@test "a byte order mark is no part of a change" {
    printf '\xef\xbb\xbf{"erase": {"crm": 1}}\n{"erase": {"crm": 2}}\n' >lines.ndjson
    does record lines.ndjson --db db --schema shop.yaml
    [ "$stderr" = '2 applied, 0 refused' ] || told
    does record - --db db < <(printf '\xef\xbb\xbf{"erase": {"crm": 3}}')
    [ "$stdout" = 'position 3, nobody was known' ] || told
    printf '\xef\xbb\xbf' >empty.json
    t record empty.json --db db
    [ "$status" -eq 2 ] || told
}

@test "a refused change is told with its line, and the others are applied" {
    printf '%s\n' '{"set": {"recency": 1}, "person": {"crm": 1}}' '{"set": {"recencey": 1}, "person": {"crm": 1}}' \
        '{oops' '{"unlink": {"crm": 9}}' '{"set": {"tier": "gold"}, "person": {"crm": 1}, "source": "crm"}' >c.ndjson
    t record c.ndjson --db db --schema shop.yaml
    [ "$status" -eq 1 ] || told
    [ "$stdout" = $'c.ndjson:1: position 1, person 1\nc.ndjson:5: position 2, person 1' ] || told
    [ "$stderr" = "tact: c.ndjson:2: set.recencey: the schema has no attribute \`recencey\`; did you mean \`recency\`?
tact: c.ndjson:3: column 5: string or '}' expected near 'oops'
tact: c.ndjson:4: there is no such identity
2 applied, 3 refused" ] || told
}

@test "--json answers each with a line" {
    printf '%s\n' '{"set": {"recency": 1}, "person": {"crm": 1}}' '{"event": "purchse", "person": {"crm": 1}}' >c.ndjson
    t record c.ndjson --db db --schema shop.yaml --json
    [ "$status" -eq 1 ] && [ -z "$stderr" ] || told
    [ "$stdout" = '{"line":1,"ok":true,"position":1,"person":1}
{"line":2,"ok":false,"error":{"code":"invalid","text":"event: the schema has no event `purchse`; did you mean `purchase`?"}}' ] || told
}

@test "a change with an id is applied once" {
    echo '{"event": "purchase", "properties": {"amount": 1}, "person": {"crm": 1}, "id": "o-1"}' >one.json
    does record one.json --db db --schema shop.yaml
    does record one.json --db db
    [ "$stdout" = 'position 1, person 1, was applied before' ] || told
    does person 1 --db db
    says 'purchases_90d  1'
}

@test "an erasure ahead of its person" {
    does record '{"erase": {"crm": 1}}' --db db --schema shop.yaml
    [ "$stdout" = 'position 1, nobody was known' ] || told
    fails 1 'tact: whom it is about was erased after it happened' \
        record '{"set": {"recency": 1}, "person": {"crm": 1}, "time": "2026-01-01T00:00:00Z"}' --db db
}

@test "more changes than one batch has" {
    for i in $(seq 2500); do echo "{\"set\": {\"recency\": $i}, \"person\": {\"crm\": $i}}"; done >many.ndjson
    does record many.ndjson --db db --schema shop.yaml
    [ "$(wc -l <<<"$stdout")" -eq 2500 ] && [ "${stdout##*$'\n'}" = 'many.ndjson:2500: position 2500, person 2500' ]
    [ "$stderr" = '2500 applied, 0 refused' ] || told
}

@test "files that cannot be used" {
    fails 2 'tact: nothing.json: No such file or directory' record nothing.json --db db --schema shop.yaml
    printf '{\n  "set": {"recency": 1}\n  "person": 1\n}' >bad.json
    fails 2 "tact: bad.json:3:10: '}' expected near '\"person\"'" record bad.json --db db --schema shop.yaml
    [ ! -e db ]
    echo '17' >number.json
    fails 1 'tact: a change is an object, {"set": {…}, "person": {…}}; got int' record number.json --db db --schema shop.yaml
}

@test "a store that cannot be used" {
    fails 2 "tact: changes are needed; usage: tact record FILE.json|FILE.ndjson|-|CHANGE --db DIR|--to URL [--schema FILE.yaml]" record
    echo 'identities: [crm]' >bad.yaml
    t record '{"erase": {"crm": 1}}' --db db --schema bad.yaml
    [ "$status" -eq 1 ] && [[ $stderr == 'bad.yaml:1:'* ]] || told
    common_mistakes yes record '{"set": {"recency": 9}, "person": {"crm": "1"}}'
}

@test "beside an active bundle the schema is the bundle's" {
    rules_shop
    does publish shop --db db --skip-tests
    cp shop/bundle.yaml own.yaml
    does record '{"set": {"recency": 1}, "person": {"crm": 1}}' --db db --schema own.yaml
    sed -i '/^  tier:/d; s/{type: int}/{type: double}/' own.yaml
    fails 1 'tact: db: the schema given is another than that of shop@1, which is active; leave it away, or change the bundle'"'"'s and publish it
tact: it would change the store'"'"'s:
  attributes retired: tier
  attributes widened: recency (int -> double)' record '{"set": {"recency": 1}, "person": {"crm": 2}}' --db db --schema own.yaml
    # What protects a value is part of it, and so is what is new.
    printf 'id,tier\n2,gold\n' >rows.csv
    sed 's/, purpose: marketing//' shop/bundle.yaml >own.yaml
    fails 1 'tact: db: the schema given is another than that of shop@1, which is active; leave it away, or change the bundle'"'"'s and publish it' import rows.csv --db db --id crm=id --schema own.yaml
    sed 's/^attributes:/&\n  more: {type: int}/' shop/bundle.yaml >own.yaml
    t import rows.csv --db db --id crm=id --schema own.yaml
    [ "$status" -eq 1 ] && [[ $stderr == *'  attributes added: more' ]] || told
    does import rows.csv --db db --id crm=id --schema shop/bundle.yaml --source crm
    does publish shop --db db --skip-tests
    [ "$stdout" = 'already active as shop@1; nothing was changed' ] || told
}
