#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact status: of a folder; tests/cli/to.bats has that of a server.

load store
load rules
setup() { store_setup && rules_shop; }

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

@test "mistakes" { common_mistakes no status; }
