#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact rollback: back to what was published before, or why not.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps rollback; }

@test "back, and back to any" {
    does publish shop --db db
    t rollback --db db
    [ "$status" -ne 0 ] && [[ $stderr == *'no other bundle was active before'* ]] || told
    alter 1.0 2.0 && does publish shop --db db
    alter 2.0 3.0 && does publish shop --db db
    does rollback --db db
    [ "$stdout" = 'shop@2 is active again' ] || told
    does rollback --db db
    [ "$(versions)" = 'shop@3* shop@2 shop@1' ]
    does rollback 1 --db db
    does rollback shop@1 --db db
    [ "$stdout" = 'shop@1 is active already; nothing was changed' ] || told
    [ "$(versions)" = 'shop@3 shop@2 shop@1*' ]
}

@test "the schema goes back as far as the data allows" {
    does publish shop --db db
    alter 'recency: {type: int}' 'recency: {type: double}' shop/bundle.yaml
    does publish shop --db db
    says 'the schema was changed with it'
    t rollback --db db
    [ "$status" -eq 1 ] && [[ $stderr == *'bundle.yaml:6:'*recency*'tact: nothing was changed' ]] || told
    [ "$(versions)" = 'shop@2* shop@1' ]
}

@test "a store that is not there" {
    fails 3 'tact: nodb: No such file or directory' rollback --db nodb
    fails 3 'tact: nodb: No such file or directory' key require on --db nodb
}

@test "mistakes" {
    fails 2 'tact: `active` is active; a version such as shop@3 is needed' rollback active --db db
    common_mistakes yes rollback
    does publish shop --db db
    fails 2 'tact: `shop` is no version such as shop@3' rollback shop --db db
    fails 2 'tact: `shop@0` is no version such as shop@3' rollback shop@0 --db db
    fails 1 'tact: there is no version 7 of bundle `shop`
tact: nothing was changed' rollback 7 --db db
    fails 1 'tact: there is no version 1 of bundle `shoo`
tact: nothing was changed' rollback shoo@1 --db db
}
