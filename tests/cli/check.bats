#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact check: what is wrong with a folder of rules, for people and for editors.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps check; }

@test "a good bundle" {
    does check shop
    [ "$stdout" = "shop: good: 2 offers, 1 placement, 1 segment; 1 test passed" ] || told
    [ -z "$stderr" ] || told
}

@test "faults, each with its place" {
    alter segment.lapsed segment.lapset
    alter 'max: 3' 'max: many'
    t check shop
    [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
    [[ $stderr == *'offers/all.yaml:10:'*'did you mean `lapsed`?'*'offers/all.yaml:11:'*'tact: shop: 2 errors, 0 warnings' ]] || told
}

@test "a test that fails" {
    alter 'hero: \[winter\]' 'hero: [plain]'
    t check shop
    [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
    [ "$stderr" = 'offers/all.yaml:18:14: error: the test `the lapsed see winter`: `hero` was to show [plain] and shows [winter]
 18 |     expect: {hero: [plain]}
    |              ^~~~
    in tests[0]
    hint: plain is a fallback: it is shown where nothing else is left
tact: shop: 1 error, 0 warnings' ] || told
    t check shop --format json
    [ "$status" -eq 1 ] && [ "$(jq -r '.[0].code' <<<"$stdout")" = test_failed ] || told
}

@test "warnings are no faults" {
    alter 'profile.recency >= 9' 'profile.recency >= 9 \&\& profile.recency < 9' shop/bundle.yaml
    alter segment.lapsed 'profile.recency > 3'
    does check shop
    [[ $stdout == *'; 2 warnings' && $stderr == *warning* ]] || told
}

@test "for editors" {
    alter segment.lapsed segment.lapset
    t check shop --format json
    [ "$status" -eq 1 ] && [ -z "$stderr" ] || told
    [ "$(jq -r '.[0] | [.file, .line, .severity, .path] | join(" ")' <<<"$stdout")" = \
        'shop/offers/all.yaml 10 error offers.winter.eligible' ] || told
    [ -f "$(jq -r '.[0].file' <<<"$stdout")" ]
    t check shop/ --format json
    [ "$(jq -r '.[0].file' <<<"$stdout")" = shop/offers/all.yaml ] || told
    alter segment.lapset segment.lapsed
    does check shop --format json
    [ "$(jq length <<<"$stdout")" = 0 ] || told
    does check --json-schema
    [ "$(jq -r '.properties.offers.type[0]' <<<"$stdout")" = object ] || told
}

@test "against what a store holds" {
    does publish shop --db db
    alter 'type: int' 'type: string' shop/bundle.yaml
    alter 'profile.recency >= 9' 'profile.recency == "10"' shop/bundle.yaml
    alter 'recency: 10' 'recency: "10"'
    does check shop
    t check shop --db db
    [ "$status" -eq 1 ] && [[ $stderr == *'bundle.yaml:6:'*'recency'* ]] || told
}

@test "mistakes" {
    fails 2 "tact: a folder of rules is needed; usage: $("$tact" check --help | sed -n '1s/^usage: //p')" check
    fails 2 'tact: `--format yaml`: it is text or json' check shop --format yaml
    fails 2 'tact: unknown option `--fromat`; did you mean `--format`?' check shop --fromat json
    t check nowhere
    [ "$status" -eq 3 ] && [[ $stderr == *'No such file or directory'* ]] || told
    t check shop --db nowhere
    [ "$status" -eq 3 ] || told
}
