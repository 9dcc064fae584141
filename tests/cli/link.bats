#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact link: persons become one, or a reason why not.

load store
setup() { store_setup; }

@test "help" { helps link; }

@test "persons become one, and their numbers go on finding it" {
    store_fill
    does link crm:4711 cookie:7f3 email:ANN@example.com --db db
    [ "$stdout" = 'crm:4711, cookie:7f3 and email:ann@example.com are person 1 (position 4)' ] || told
    does person 3 --db db
    says 'person 1, at'
    says 'cookie:7f3'
    does link crm:4711 cookie:8 --db db --json
    [ "$stdout" = '{"person":1,"position":5}' ] || told
}

@test "two values where a person has one" {
    store_fill
    does record '{"set": {"recency": 1}, "person": {"crm": "9"}}' --db db
    t link crm:9 email:ann@example.com --db db
    [ "$status" -eq 1 ] && [[ $stderr == *9* && $stderr == *4711* ]] || told
    does person crm:9 --db db
    [[ $stdout != *4711* ]] || told
}

@test "mistakes" {
    fails 2 'tact: two identities or more are needed; usage: tact link NAMESPACE:VALUE NAMESPACE:VALUE... --db DIR' \
        link crm:4711 --db db
    common_mistakes yes link crm:4711 cookie:1
    fails 2 'tact: unknown identity namespace `cokie`; did you mean `cookie`?' link crm:4711 cokie:1 --db db
    fails 2 'tact: `4711` is not an identity, which is written NAMESPACE:VALUE' link crm:4711 4711 --db db
    fails 1 'tact: it names an identity twice' link email:a@b.c email:A@B.C --db db
}
