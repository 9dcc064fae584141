#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact status: of a folder; tests/cli/to.bats has that of a server.

load store
load rules
load server
setup() { store_setup && rules_shop; }
teardown() { server_end; }

@test "help" { helps status; }

@test "what a folder holds" {
    store_fill
    does publish shop --db db
    does status --db db
    says 'bundle: shop@1'
    says 'persons: 2'
    ! says 'ok:' >/dev/null
    does status --db db --json
    [ "$(jq -c '[.ok, .bundle, .persons, .read_only]' <<<"$stdout")" = '[true,"shop@1",2,true]' ] || told
}

@test "a page for people: what is nought is left out, and what is measured has its unit" {
    store_fill
    server_begin
    t decide --placement hero --to "$url" # is refused: nothing is published
    does status --to "$url"
    [ "$(wc -l <<<"$stdout")" -lt 40 ] || told
    says 'bundle: none'
    says '    decide: no_bundle 1'
    ! grep -qE '(:|[a-z]) (0|0\.0|false|null)(,|$)' <<<"$stdout" || told
    grep -qE '^    decide: count 1, p50 [0-9.]+ (µs|ms|s), p90 .* max [0-9.]+ (µs|ms|s)$' <<<"$stdout" || told
    grep -qE '^used: [0-9.]+ [kM]B$' <<<"$stdout" || told
    grep -qE '^  process: resident [0-9.]+ MB,.* cpu [0-9.]+ (µs|ms|s)$' <<<"$stdout" || told
    grep -qE '^  started: 2[0-9]{3}-[0-9-]+T[0-9:.]+Z$' <<<"$stdout" || told
    does status --to "$url" --json
    [ "$(jq -c '[.lost, .server.requests.erase.ok, (.server.latencies.decide.p50 | type)]' <<<"$stdout")" = '[0,0,"number"]' ] || told
    server_end
    does status --db db
    says 'persons: 2'
    says 'bundle: none'
}

@test "mistakes" { common_mistakes no status; }
