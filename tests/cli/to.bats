#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --to: the commands that ask a server print and end as they do with --db.

load store
load rules
load server
setup() {
    store_setup && rules_shop && store_fill
    does publish shop --db db --author Anna
}
teardown() { server_end; }

# same COMMAND…: a command says of the server what it said of the folder before, but for what differs each time.
wash() { sed -E 's/decision [0-9a-zA-Z]+/decision/; s/"(decision|took_us|token)":("[^"]*"|[0-9]+)//g; s/[0-9]+ s old//' <<<"$1"; }
both() {
    local folder
    does "$@" --db db
    folder=$(wash "$stdout")
    server_begin
    does "$@" --to "$url"
    [ "$(wash "$stdout")" = "$folder" ] || told
    server_end
}

@test "decide" {
    both decide --placement hero --person crm:4711 --dry
    says 'plain'
}

@test "decide --explain" {
    both decide --placement hero --person crm:4711 --explain --decision mine
    says 'candidate'
}

@test "context" {
    both context --person crm:4711
    says 'person: 1'
}

@test "export" {
    both export crm:4711 --now 2026-12-01T10:00:00Z
    says 'email:ann@example.com'
    server_begin
    does export crm:4711 --to "$url" --out held.json
    [ "$(jq .person held.json)" -eq 1 ]
}

@test "what a server refuses ends as what a folder refuses" {
    server_begin
    fails 2 'tact: placements[0]: there is no placement `hreo`; did you mean `hero`?' decide --placement hreo --to "$url"
    t context --person crm:17 --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'nobody is known by that'* ]] || told
    t export ann --to "$url"
    [ "$status" -eq 2 ] && [[ $stderr == *'`ann` names nobody'* ]] || told
    t rollback --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'no other bundle was active before'* ]] || told
}

@test "faults of form are told before anything travels" {
    alter 'winter:' 'winter: [' shop/offers/all.yaml
    server_begin
    t publish shop --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'offers/all.yaml:'*'error:'* ]] || told
    does status --to "$url"
    says 'bundle: shop@1'
}

@test "going back" {
    alter 1.0 2.0
    does publish shop --db db
    server_begin
    does rollback --to "$url"
    [ "$stdout" = 'shop@1 is active again' ] || told
    does rollback shop@2 --to "$url"
    [ "$stdout" = 'shop@2 is active again' ] || told
}

@test "of several servers one that can be reached, from the environment too" {
    server_begin
    does decide --placement hero --to ipc://nowhere.ipc --to "$url"
    TACT_TO="ipc://nowhere.ipc, $url" does decide --placement hero
    TACT_TO=ipc://nowhere.ipc does decide --placement hero --to "$url" # which comes first
}

@test "tokens" {
    "$tact" token --help >/dev/null
    echo '# nobody' >tokens
    server_begin --tokens tokens
    t decide --placement hero --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *token* ]] || told
    t decide --placement hero --to "$url" --token tact_wrong
    [ "$status" -eq 1 ] && [[ $stderr == *token* && $stderr != *tact_wrong* ]] || told
}

@test "a server that is not there" {
    fails 3 'tact: no server can be reached at ipc://nowhere.ipc, within 5000 ms' status --to ipc://nowhere.ipc
}

@test "mistakes" {
    fails 2 'tact: `--db` and `--to` are two places to ask at; one of them is needed' status --db db --to ipc://x
    t status --to 127.0.0.1:7420
    [ "$status" -eq 2 ] && [[ $stderr == *'`127.0.0.1:7420` is no address of a server such as tcp://127.0.0.1:7420'* ]] || told
    t record '{"set": {"language": "de"}, "person": {"crm": "1"}}' --to ipc://x --schema shop.yaml
    [ "$status" -eq 2 ] && [[ $stderr == *'`--schema` is for folders'* ]] || told
}
