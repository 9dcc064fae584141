#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact diff: folders, versions and what is active. How each key is told is in tests/bundle/diff_test.c.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps diff; }

@test "two folders" {
    cp -r shop new
    alter 1.0 15.0 new/offers/all.yaml
    does diff shop new
    [ "$stdout" = 'offers.winter: changed
  value: 1.0 -> 15.0
offers: 1 changed' ] || told
    does diff new new
    [ "$stdout" = 'no difference' ] || told
    does diff shop new --json
    [ "$stdout" = '[{"section":"offers","name":"winter","change":"changed","keys":[{"key":"value","change":"changed","before":"1.0","after":"15.0"}]}]' ] || told
}

@test "versions, and the active one" {
    does publish shop --db db
    alter 1.0 2.0 && does publish shop --db db
    alter 2.0 3.0
    does diff active shop --db db
    says 'value: 2.0 -> 3.0'
    does diff shop@1 shop@2 --db db
    says 'value: 1.0 -> 2.0'
    does diff shop@2 active --db db
    [ "$stdout" = 'no difference' ] || told
    fails 1 'tact: there is no version 3 of bundle `shop`' diff shop@3 active --db db
}

@test "numbers are versions of the active name" {
    does publish shop --db db
    alter 1.0 2.0 && does publish shop --db db
    does diff 1 2 --db db
    says 'value: 1.0 -> 2.0'
    cp -r shop 1
    does diff 1 2 --db db
    [ "$stdout" = 'no difference' ] || told
}

@test "what cannot be read" {
    cp -r shop bad && echo 'offres: {}' >>bad/bundle.yaml
    t diff shop bad
    [ "$status" -eq 1 ] && [ -z "$stdout" ] && [[ $stderr == *'unknown key `offres`'* ]] || told
    t diff shop nowhere
    [ "$status" -eq 3 ] || told
    fails 2 "tact: two bundles are needed; usage: $("$tact" diff --help | sed -n '1s/^usage: //p')" diff shop
    fails 2 'tact: `active` is a version, which needs `--db DIR`; a folder of that name is ./active' diff active shop
    store_fill
    t diff active shop --db db
    [ "$status" -eq 1 ] && [[ $stderr == *'no bundle was published yet'* ]] || told
}
