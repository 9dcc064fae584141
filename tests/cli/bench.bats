#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact bench: that it asks as much as it says, by schedule and without, counts what goes wrong, and writes its files. No
# figure is asserted but how many there are.

load store
load rules
load server
setup() {
    store_setup && rules_shop && store_fill
    echo 'events: {purchase: {properties: {amount: double, category: string}}}' >>shop/bundle.yaml
    does publish shop --db db
}
teardown() { server_end; }

field() { jq -r "$1" <<<"$stdout"; }

@test "help" { helps bench; }

@test "by schedule, beside an echo" {
    server_begin
    does bench --to "$url" --placement hero --rate 200 --seconds 0.5 --slices 2 --connections 2 --json --seed 7
    [ "$(field .server.answered)" -eq 100 ] && [ "$(field .echo.answered)" -eq 100 ] || told
    [ "$(field .server.errors)" -eq 0 ] && [ "$(field .seed)" -eq 7 ] || told
    [ "$(field '.server | .p50_ms <= .p99_ms and .p99_ms <= .max_ms and .p50_ms > 0')" = true ] || told
    [ "$(field '.sent_late_ms > 0')" = true ] || told
    does bench --to "$url" --placement hero --rate 200 --seconds 0.5
    says 'server'
    says ' ms late, which counts as latency'
    says 'ratio'
    says 'p99.99'
}

@test "as fast as it answers, without an echo" {
    server_begin
    does bench --to "$url" --placement hero --closed --seconds 0.3 --in-flight 4 --no-echo --json
    [ "$(field .server.answered)" -gt 4 ] && [ "$(field .echo)" = null ] && [ "$(field .rate)" = null ] && [ "$(field .sent_late_ms)" = null ] || told
}

@test "random persons, and requests from a file" {
    server_begin
    does bench --to "$url" --placement hero --persons 4711-4712 --rate 100 --seconds 0.3 --no-echo --json
    [ "$(field .server.answered)" -eq 30 ] || told
    echo '{"op": "decide", "placements": ["hero"], "person": {"crm": "4711"}, "dry": true}' >request.json
    does bench --to "$url" --request request.json --persons 10 --rate 100 --seconds 0.3 --no-echo --json
    [ "$(field .server.answered)" -eq 30 ] || told
}

@test "events recorded beside, at the rate asked for, whoever's turn it is" {
    server_begin
    does bench --to "$url" --placement hero --persons 4711-4711 --rate 50 --seconds 1 --slices 2 --events 40 --json \
        --event '{"event": "purchase", "properties": {"amount": 1.0}}'
    # Server and echo have a second each, and events go on through both.
    [ "$(field '.events | .errors == 0 and .answered >= 78 and .answered <= 100 and .per_second > 35 and .per_second <= 41')" = true ] || told
    local answered
    answered=$(field .events.answered)
    server_end
    does export crm:4711 --db db
    [ "$(jq '.events | length' <<<"$stdout")" -eq "$answered" ] || told
}

@test "a bundle published beside, again and again" {
    server_begin
    does bench --to "$url" --placement hero --persons 4711-4711 --rate 50 --seconds 0.6 --slices 1 --no-echo \
        --publish shop --every 0.1 --events 20 --event '{"event": "purchase"}' --json
    [ "$(field '.publishes | .errors == 0 and .answered >= 2')" = true ] && [ "$(field .server.errors)" -eq 0 ] || told
    local answered
    answered=$(field .publishes.answered)
    does bundles --to "$url" --json
    [ "$(jq length <<<"$stdout")" -eq $((answered + 1)) ] || told
    [ "$(jq -r '.[0].message' <<<"$stdout")" = 'tact bench' ] || told
}

@test "what is wrong with what goes on beside is told" {
    server_begin
    t bench --to "$url" --placement hero --persons 2 --rate 50 --seconds 0.3 --no-echo --events 20 --event '{"event": "purchse"}'
    [ "$status" -eq 1 ] && [[ $stdout == *'beside: unknown_event: '*'did you mean `purchase`'* ]] || told
    t bench --to "$url" --placement hero --persons 2 --rate 50 --seconds 0.3 --no-echo --events 20 --event '{"event": "purchse"}' --json
    [ "$status" -eq 1 ] && [ "$(field '.events.errors > 0 and .events.answered == 0')" = true ] || told
    [[ $(field .beside_error.text) == *'did you mean `purchase`'* ]] || told
}

@test "files for plotters and for people" {
    server_begin
    does bench --to "$url" --placement hero --rate 200 --seconds 0.5 --histogram h.txt --svg h.svg
    for f in h.txt h.txt.echo; do
        head -1 $f | grep -q 'Value *Percentile TotalCount 1/(1-Percentile)'
        grep -qE '^ +[0-9.]+ 0\.500000000000 +[0-9]+ +2\.00$' $f
        grep -qE '^ +[0-9.]+ 1\.000000000000 +100$' $f
        grep -q '^#\[Max ' $f
    done
    [ "$(grep -c '<polyline' h.svg)" -eq 2 ]
    grep -q '>99 %<' h.svg && grep -q '>server<' h.svg && grep -q '>echo<' h.svg && grep -q '>latency<' h.svg
    grep -q 'prefers-color-scheme: dark' h.svg
    [ "$(head -c 4 h.svg)" = '<svg' ] && [ "$(tail -1 h.svg)" = '</svg>' ]
}

@test "what a server refuses stops it before the clock starts" {
    server_begin
    t bench --to "$url" --placement hreo --seconds 60
    [ "$status" -eq 2 ] && [[ $stderr == *'did you mean `hero`'* && -z $stdout ]] || told
}

@test "what a server refuses meanwhile is counted, and is no answer" {
    server_begin --workers 1 --queue 1 # one: who answered last may not have risen yet when the next request comes
    t bench --to "$url" --placement hero --closed --seconds 0.5 --in-flight 64 --no-echo --json
    [ "$status" -eq 1 ] || told
    local answered refused
    answered=$(field .server.answered) refused=$(field .server_errors.overloaded)
    [ "$refused" -gt 0 ] && [ "$(field .server.errors)" -eq "$refused" ] || told
    # The server's own count has those from before the clock started as well, and nothing that was refused.
    does status --to "$url" --json
    [ "$answered" -gt 0 ] && [ "$answered" -le "$(field .server.requests.decide.ok)" ] || told
}

@test "a server that dies meanwhile" {
    server_begin
    "$tact" bench --to "$url" --placement hero --rate 100 --seconds 2 --slices 1 --no-echo --json >out 2>err &
    local bench=$!
    sleep 1
    server_end
    wait "$bench" && status=0 || status=$?
    [ "$status" -eq 1 ]
    [ "$(jq '.server.errors > 0 and .server.answered > 0' out)" = true ]
}

@test "mistakes" {
    fails 2 "tact: \`--to URL\` is needed; usage: $("$tact" bench --help | sed -n '1s/^usage: //p')" bench --placement hero
    t bench --to ipc://nowhere.ipc --placement hero --no-echo
    [ "$status" -eq 3 ] && [[ $stderr == *'no server answers at ipc://nowhere.ipc'* ]] || told
    fails 2 'tact: `--rate`: `fast` is no number from 0.01 to 1e+07' bench --to x --placement hero --rate fast
    fails 2 'tact: `--closed` has no schedule, and so no `--rate`' bench --to x --placement hero --rate 1 --closed
    fails 2 'tact: `--persons`: `9-1` is neither a number of persons nor a range such as 1-1000' \
        bench --to x --placement hero --persons 9-1
    fails 2 'tact: `--echo-cpu`: `99999` is no number of a processor that this program may use; `nproc --all` counts them, from 0' \
        bench --to x --placement hero --echo-cpu 99999
    fails 2 'tact: `--events` needs `--persons`, whose they are' bench --to x --placement hero --events 1
    fails 2 'tact: `--connections`: `0` is no whole number from 1 to 1024' bench --to x --placement hero --connections 0
}
