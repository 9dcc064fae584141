#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact unlink: an identity leaves, with what came in by it.

load store
setup() { store_setup; }

@test "help" { helps unlink; }

@test "both sides are as they were, plus what happened since" {
    store_fill
    does link crm:4711 cookie:7f3 --db db
    does record '{"event": "purchase", "properties": {"amount": 3}, "person": {"cookie": "7f3"}, "time": "2026-02-02T00:00:00Z"}' --db db
    does person crm:4711 --db db --now 2026-02-03T00:00:00Z
    says 'purchases_90d  2'
    does unlink cookie:7f3 --db db
    [ "$stdout" = 'cookie:7f3 is person 3 of its own (position 6)' ] || told
    does person crm:4711 --db db --now 2026-02-03T00:00:00Z
    says 'purchases_90d  0'
    does person cookie:7f3 --db db --now 2026-02-03T00:00:00Z
    says 'purchases_90d  2'
    does unlink email:ann@example.com --db db --json
    says '"position":7'
}

@test "mistakes" {
    fails 2 'tact: an identity is needed; usage: tact unlink NAMESPACE:VALUE --db DIR' unlink
    common_mistakes yes unlink crm:4711
    fails 2 'tact: unknown identity namespace `cmr`; did you mean `crm`?' unlink cmr:1 --db db
    fails 1 'tact: there is no such identity' unlink crm:17 --db db
}
