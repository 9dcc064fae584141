#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --to: the commands that ask a server print and end as they do with --db.

load store
load rules
load server
setup() {
    store_setup && rules_shop && store_fill
    echo 'events: {purchase: {properties: {amount: double, category: string}}}' >>shop/bundle.yaml
    does publish shop --db db --author Anna
}
teardown() { server_end; }

# same COMMAND…: a command says of the server what it said of the folder before, but for what differs each time.
wash() { sed -E 's/decision [0-9a-zA-Z]+/decision/; s/"(decision|took_us|token)":("[^"]*"|[0-9]+)//g; s/[0-9]+ s old//; s/,?"took_ms":[0-9]+//; s/in [0-9.]+ s$/in s/' <<<"$1"; }
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

@test "person: what is held, for people and as JSON" {
    does person crm:4711 --db db --json
    [ "$(jq 'any(.attributes[]; .name == "tier" and has("value"))' <<<"$stdout")" = false ] || told # not granted
    does export crm:4711 --db db
    local held=$stdout
    server_begin
    does person crm:4711 --to "$url" --json
    [ "$stdout" = "$held" ] || told
    does person crm:4711 --to "$url" --now 2026-02-01T00:00:00Z
    says 'person 1, at 2026-02-01T00:00:00Z'
    says '  email:ann@example.com  2026-01-01T00:00:00Z'
    says '  tier        "gold"  crm  31 days ago'
    says '  marketing  granted  said so  30 days ago  until 2026-06-01T00:00:00Z'
    does person crm:4711 --to "$url" --now 2026-07-01T00:00:00Z
    says '  marketing  not granted  said so'
    does person 3 --to "$url"
    says '  2026-02-01T10:00:00Z  purchase  amount 12.5  web  cookie:7f3'
    t person crm:17 --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'nobody is known by that'* ]] || told
}

@test "record: applied, refused by line, and once with an id" {
    server_begin
    does record '{"set": {"recency": 8}, "person": {"crm": "4711"}}' --to "$url"
    [ "$stdout" = 'position 4' ] || told
    printf '%s\n' '{"set": {"recency": 9}, "person": {"crm": "4711"}, "id": "nine"}' '{"set": {"recencey": 1}, "person": {"crm": "1"}}' \
        '{oops' '{"unlink": {"crm": "9"}}' '{"event": "purchase", "properties": {"amount": 2.5}, "person": {"crm": "4711"}, "id": "two"}' >c.ndjson
    t record c.ndjson --to "$url"
    [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
    [[ $stderr == *'c.ndjson:2: set.recencey: '*'did you mean `recency`?'*'c.ndjson:3: column 5:'*'c.ndjson:4: '*'no such identity'*'2 applied, 3 refused' ]] || told
    t record c.ndjson --to "$url" --json
    [ "$(jq -c '[.line, .ok]' <<<"$stdout" | xargs)" = '[1,true] [2,false] [3,false] [4,false] [5,true]' ] || told
    does export crm:4711 --to "$url"
    [ "$(jq -c '[any(.attributes[]; .name == "recency" and .value == 9), (.events | length)]' <<<"$stdout")" = '[true,1]' ] || told
    server_end
    does export crm:4711 --db db
    [ "$(jq '.events | length' <<<"$stdout")" -eq 1 ] || told
}

@test "erase" {
    server_begin
    fails 2 'tact: there is no terminal to ask at; `--yes` erases without asking' erase crm:4711 --to "$url" </dev/null
    does erase crm:4711 --to "$url" --yes
    [ "$stdout" = $'erased      person 1\nidentities  2\nevents      0' ] || told
    t erase crm:4711 --to "$url" --yes
    [ "$status" -eq 1 ] && [[ $stderr == *'nobody is known by that'* ]] || told
    does record '{"event": "purchase", "person": {"crm": "4712"}}' --to "$url"
    does erase crm:4712 --to "$url" --yes --json
    [ "$(jq -c '[.identities, .events]' <<<"$stdout")" = '[1,1]' ] || told
    server_end
    fails 1 'tact: crm:4711: there is no such person' export crm:4711 --db db
}

@test "publish, signed too, and bundles" {
    does key new anna.key
    does key allow anna.key.pub --name anna --db db
    alter 1.0 2.0
    server_begin
    does publish shop --to "$url" --author Bea --message 'twice as much'
    [ "$stdout" = $'shop@2 is active: 2 offers, 1 placement\n1 test passed' ] || told
    does publish shop --to "$url"
    [ "$stdout" = 'already active as shop@2; nothing was changed' ] || told
    alter 2.0 3.0
    does publish shop --to "$url" --key anna.key --skip-tests
    [ "$stdout" = $'shop@3 is active: 2 offers, 1 placement\n1 test skipped' ] || told
    does bundles --to "$url"
    says 'by Bea'
    says 'twice as much'
    says 'signed by anna  active since '
    says 'tests skipped'
    local text=$stdout
    does bundles --to "$url" --json
    [ "$(jq -c 'map([.name, .version, .active, .signed_by])' <<<"$stdout")" = \
        '[["shop",3,true,"anna"],["shop",2,false,null],["shop",1,false,null]]' ] || told
    local json=$stdout
    server_end
    does bundles --db db
    [ "$stdout" = "$text" ] || told
    does bundles --db db --json
    [ "$stdout" = "$json" ] || told
}

@test "publish: what must be signed, by whom" {
    does key new anna.key
    does key new eve.key
    does key allow anna.key.pub --name anna --db db
    does key require on --db db
    alter 1.0 2.0
    server_begin
    t publish shop --to "$url"
    [ "$status" -ne 0 ] && [ -z "$stdout" ] && [[ $stderr == *sign*'nothing was changed' ]] || told
    t publish shop --to "$url" --key eve.key
    [ "$status" -ne 0 ] && [ -z "$stdout" ] && [[ $stderr == *'nothing was changed' ]] || told
    does publish shop --to "$url" --key anna.key
    says 'shop@2 is active'
}

@test "publish: faults, tests that fail, another bundle's place" {
    server_begin
    alter segment.lapsed segment.lapset
    t publish shop --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'did you mean `lapsed`?'*'nothing was changed' ]] || told
    alter segment.lapset segment.lapsed
    alter 'hero: \[winter\]' 'hero: [plain]'
    t publish shop --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'`hero` was to show [plain] and shows [winter]'*'nothing was changed' ]] || told
    alter 'hero: \[plain\]' 'hero: [winter]'
    alter 'bundle: shop' 'bundle: store' shop/bundle.yaml
    t publish shop --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'shop@1'*'nothing was changed' ]] || told
    t publish shop --to "$url" --instead-of shpo
    [ "$status" -eq 1 ] && [[ $stderr == *'nothing was changed' ]] || told
    does bundles --to "$url" --json
    [ "$(jq -c 'map(.name)' <<<"$stdout")" = '["shop"]' ] || told
    does publish shop --to "$url" --instead-of shop
    says 'store@1 is active'
}

@test "simulate: a folder and versions" {
    alter segment.lapsed 'profile.recency < 9'
    both simulate --bundle shop --quiet
    says 'compared with shop@1'
    both simulate --bundle shop --placement hero --context '{}' --sample 1000 --now 2026-12-01T10:00:00Z --json --quiet
    [ "$(jq -c '[.bundle, .against, .persons]' <<<"$stdout")" = '["shop","shop@1",2]' ] || told
    does publish shop --db db --skip-tests
    both simulate --bundle shop@1 --json --quiet
    both simulate --bundle active --json --quiet
    [ "$(jq '.placements.hero.differs' <<<"$stdout")" -eq 0 ] || told
}

@test "simulate: what is wrong" {
    server_begin
    fails 2 'tact: placement: there is no placement `hreo`; did you mean `hero`?' simulate --to "$url" --bundle shop --placement hreo
    fails 2 'tact: `--sample`: a sample has at least one person; without it all are looked at' simulate --to "$url" --bundle shop --sample 0
    alter segment.lapsed segment.lapset
    t simulate --to "$url" --bundle shop
    [ "$status" -eq 1 ] && [[ $stderr == *'did you mean `lapsed`?'* ]] || told
}

@test "a server that has too much to do is asked again" {
    local i all=()
    server_begin
    for i in 1 2 3 4; do # one simulation at a time, and each takes a while
        "$tact" simulate --to "$url" --bundle shop --json >out.$i 2>err.$i 3>&- &
        all+=($!)
    done
    for i in "${all[@]}"; do wait "$i"; done
    [ "$(cat out.? | jq .persons | sort -u)" = 2 ] && ! [ -s err.1 ]
}

@test "a certificate for each side" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem -out cert.pem \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
    cat cert.pem key.pem >both.pem
    server_begin --tls-cert both.pem --tls-ca cert.pem --listen tls+tcp://127.0.0.1:0
    local tls
    tls=$(grep -o 'tls+tcp://[0-9.:]*' log | head -1)
    does status --to "${tls/127.0.0.1/localhost}" --tls-ca cert.pem --tls-cert both.pem
    says 'bundle: shop@1'
    t status --to "${tls/127.0.0.1/localhost}" --tls-ca cert.pem
    [ "$status" -eq 3 ] || told
    t status --to "${tls/127.0.0.1/localhost}" --tls-ca cert.pem --tls-cert cert.pem
    [ "$status" -eq 3 ] && [[ $stderr == *'cert.pem: no certificate with its key can be read from it'* ]] || told
    does bench --to "${tls/127.0.0.1/localhost}" --tls-ca cert.pem --tls-cert both.pem --placement hero --rate 50 --seconds 0.2 --no-echo
    does top --to "${tls/127.0.0.1/localhost}" --tls-ca cert.pem --tls-cert both.pem --once
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
    does rollback 1 --to "$url"
    [ "$stdout" = 'shop@1 is active again' ] || told
    does rollback shop@1 --to "$url"
    [ "$stdout" = 'shop@1 is active already; nothing was changed' ] || told
    t rollback shop@9 --to "$url"
    [ "$status" -eq 1 ] && [[ $stderr == *'no version 9 of bundle `shop`'* ]] || told
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
    t status --to ipc://nowhere.ipc
    [ "$status" -eq 3 ] || told
    [[ $stderr == 'tact: no server can be reached: ipc://nowhere.ipc: the connection is refused: nobody listens there'* ]] || told
}

@test "mistakes" {
    fails 2 'tact: `--db` and `--to` are two places to ask at; one of them is needed' status --db db --to ipc://x
    t status --to 127.0.0.1:7420
    [ "$status" -eq 2 ] && [[ $stderr == *'`127.0.0.1:7420` is no address of a server such as tcp://127.0.0.1:7420'* ]] || told
    t record '{"set": {"language": "de"}, "person": {"crm": "1"}}' --to ipc://x --schema shop.yaml
    [ "$status" -eq 2 ] && [[ $stderr == *'`--schema` is for folders'* ]] || told
}
