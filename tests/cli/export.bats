#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact export: all that is held, to standard output or to a file that only its owner may read.

load store
setup() { store_setup; }

@test "help" { helps export; }

@test "all that is held, consent or not" {
    store_fill
    does export crm:4711 --db db
    node - "$stdout" <<'JS'
const held = JSON.parse(process.argv[2]), assert = require("assert");
assert.strictEqual(held.person, 1);
assert.deepStrictEqual(held.identities.map(i => i.identity), ["crm:4711", "email:ann@example.com"]);
assert.deepStrictEqual(held.attributes.find(a => a.name === "first_name"),
    {name: "first_name", value: "Ann", source: "crm", time: "2026-01-01T00:00:00Z", identity: "crm:4711"});
assert.strictEqual(held.consents[0].state, "granted");
assert.strictEqual(held.consents[0].expires, "2026-06-01T00:00:00Z");
JS
    does export 3 --db db --now 2026-02-02T00:00:00Z
    says '"aggregates":{"purchases_90d":1}'
    says '"properties":{"amount":12.5}'
    does export 3 --db db --now 2027-02-02T00:00:00Z
    says '"aggregates":{"purchases_90d":0}'
}

@test "--out writes a file for its owner, whole or not at all" {
    store_fill
    does export crm:4711 --db db
    local held=$stdout
    does export crm:4711 --db db --out ann.json
    [ -z "$stdout" ] || told
    [ "$(stat -c %a ann.json)" = 600 ]
    diff <(sed 's/"now":"[^"]*"//' <<<"$held") <(sed 's/"now":"[^"]*"//' ann.json)
    echo old >ann.json && chmod 644 ann.json
    does export crm:4711 --db db --out ann.json
    [ "$(stat -c %a ann.json)" = 600 ] && [ ! -e ann.json.partial ]
    fails 3 'tact: no/ann.json.partial: No such file or directory' export crm:4711 --db db --out no/ann.json
    mkdir full.json
    fails 3 'tact: full.json: Is a directory' export crm:4711 --db db --out full.json
    [ ! -e full.json.partial ]
}

@test "mistakes" {
    fails 2 'tact: a person is needed; usage: tact export ID|NAMESPACE:VALUE --db DIR|--to URL [--out FILE]' export
    common_mistakes no export 1
    person_mistakes export
    fails 2 'tact: `--now`: `x` is no time such as 2026-12-01T10:00:00Z' export 1 --db db --now x
}
