#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact publish: versions, and that nothing changes when anything is wrong.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps publish; }

@test "a store is made, and versions follow" {
    does publish shop --db db --message 'the first' --author Anna
    [ "$stdout" = 'shop@1 is active: 2 offers, 1 placement
1 test, not run: decisions come with a later version' ] || told
    does publish shop --db db
    [ "$stdout" = 'already active as shop@1; nothing was changed' ] || told
    alter 1.0 2.0
    does publish shop --db db --skip-tests
    says 'shop@2 is active'
    says '1 test, skipped'
    [ "$(versions)" = 'shop@2* shop@1' ]
    does bundles --db db
    says 'tests skipped'
}

@test "a store that is there gets the schema with the bundle" {
    store_fill
    # The store's own schema has more: a namespace cannot be left out and come back otherwise.
    does publish shop --db db
    says 'shop@1 is active: 2 offers, 1 placement; the schema was changed with it'
    does person crm:4711 --db db
    says recency
    [[ $stdout != *language* ]] || told # retired
    does fsck --db db
}

@test "faults change nothing" {
    t publish shop/offers --db db
    [ "$status" -ne 0 ] && [ ! -e db ] || told
    alter segment.lapsed segment.lapset
    t publish shop --db db
    [ "$status" -eq 1 ] && [ ! -e db ] && [[ $stderr == *'did you mean `lapsed`?'*'tact: shop: 1 error; no store was made' ]] || told
    alter segment.lapset segment.lapsed
    does publish shop --db db
    alter segment.lapsed segment.lapset
    t publish shop --db db
    [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
    [[ $stderr == *'did you mean `lapsed`?'*'tact: shop: 1 error'*'tact: nothing was changed' ]] || told
    [ "$(versions)" = 'shop@1*' ]
}

@test "a store that another process writes to" {
    does publish shop --db db
    alter 1.0 2.0
    flock db/writer.lock "$tact" publish shop --db db 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ] && grep -q 'another process writes to it' stderr || told
    [ "$(versions)" = 'shop@1*' ]
}

@test "mistakes" {
    usage=$("$tact" publish --help | sed -n '1s/^usage: //p')
    fails 2 "tact: a folder of rules is needed; usage: $usage" publish
    fails 2 "tact: \`--db DIR\` is needed; usage: $usage" publish shop
    fails 2 'tact: `shop@3` is a version, which `tact rollback` makes active; a folder of that name is ./shop@3' \
        publish shop@3 --db db
    t publish nowhere --db db
    [ "$status" -eq 3 ] && [ ! -e db ] || told
    fails 2 'tact: nowhere.key: No such file or directory' publish shop --db db --key nowhere.key
    t publish shop --db db --message "$(head -c 5000 /dev/zero | tr '\0' x)"
    [ "$status" -eq 1 ] && [[ $stderr == *'at most 4096 bytes'* ]] || told
}
