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
1 test passed' ] || told
    does publish shop --db db
    [ "$stdout" = 'already active as shop@1; nothing was changed' ] || told
    alter 1.0 2.0
    does publish shop --db db --skip-tests
    says 'shop@2 is active'
    says '1 test skipped'
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

@test "a test that fails keeps it back, unless that is recorded" {
    alter 'hero: \[winter\]' 'hero: [plain]'
    t publish shop --db db
    [ "$status" -eq 1 ] && [ -z "$stdout" ] && [ ! -e db ] || told
    [[ $stderr == *'`hero` was to show [plain] and shows [winter]'*'tact: shop: 1 error; no store was made' ]] || told
    alter 'hero: \[plain\]' 'hero: [winter]'
    does publish shop --db db
    says '1 test passed'
    alter 'hero: \[winter\]' 'hero: []'
    t publish shop --db db
    [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
    [[ $stderr == *'`hero` was to show [] and shows [winter]'*'tact: shop: 1 error'*'tact: nothing was changed' ]] || told
    [ "$(versions)" = 'shop@1*' ]
    does publish shop --db db --skip-tests
    says '1 test skipped'
    does bundles --db db
    says 'tests skipped'
}

@test "the first to publish waits for another that is making the store" {
    mkdir db
    flock db/writer.lock sleep 1 &
    while [ ! -e db/writer.lock ] || flock -n db/writer.lock true; do sleep 0.01; done
    does publish shop --db db
    [ "$(versions)" = 'shop@1*' ]
    wait
}

@test "a store that another process writes to" {
    does publish shop --db db
    alter 1.0 2.0
    flock db/writer.lock "$tact" publish shop --db db 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ] && grep -q 'another process has the store open for writing.*publish through it or stop it' stderr || told
    [ "$(versions)" = 'shop@1*' ]
}

@test "another process is waited for a little" {
    does publish shop --db db
    alter 1.0 2.0
    flock db/writer.lock sleep 1 &
    sleep 0.2
    does publish shop --db db
    says 'shop@2 is active'
    wait
}

@test "a bundle of another name takes no place unasked" {
    does publish shop --db db
    cp -r shop other
    sed -i 's/^bundle: shop/bundle: other/; s/^  recency: {type: int}/&\n  extra: {type: string}/' other/bundle.yaml
    sed -i 's/^  plain:/  simple:/' other/offers/all.yaml
    sed -i 's/fallback: plain/fallback: simple/' other/bundle.yaml
    t publish other --db db
    [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
    [ "$stderr" = 'tact: shop@1 is active, and `other` would take its place
tact: 1 of its 2 offers would stop; the schema would change:
  attributes added: extra
tact: if that is meant, add `--instead-of shop`; if it is the same bundle, `bundle: shop` is its name
tact: nothing was changed' ] || told
    t publish other --db db --instead-of winter
    [ "$status" -eq 1 ] && [ "$(versions)" = 'shop@1*' ] || told
    does publish other --db db --instead-of shop
    says 'other@1 is active'
    says 'shop@1 is not active any more'
    [[ $(versions) == *'other@1*'* ]] || told
}

@test "what changes of the schema is told" {
    does publish shop --db db
    sed -i 's/^  recency: {type: int}/  recency: {type: double}\n  extra: {type: string}/' shop/bundle.yaml
    does publish shop --db db
    says '  attributes added: extra
  attributes widened: recency (int -> double)'
    sed -i '/^  extra:/d' shop/bundle.yaml
    does publish shop --db db
    says '  attributes retired: extra'
}

@test "who publishes it, if nothing says" {
    t publish --help
    [[ $stdout == *'[--author NAME]'*'[--skip-tests]'* ]] || told
    stdout=$(env -u LOGNAME -u USER "$tact" publish shop --db db)
    does bundles --db db
    says " by $(id -un)"
}

@test "no store in the folder of the rules" {
    for db in shop shop/ shop/data ./shop/../shop; do
        t publish shop --db "$db"
        [ "$status" -eq 2 ] && [[ $stderr == *'the folder of the rules; a store needs a folder of its own'* ]] || told
    done
    [ ! -e shop/data.mdb ] && [ ! -e shop/data ]
    does publish shop --db shop2
}

@test "a comment alone is a version" {
    does publish shop --db db
    echo '# more' >>shop/bundle.yaml
    does publish shop --db db
    says 'shop@2 is active'
    says 'nothing but comments or the way it is written has changed'
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
