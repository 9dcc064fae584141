#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact simulate: counts that add up, the difference to what is active, nothing changed.

load store.bash

rules() { # FOLDER RECENCY
    mkdir -p "$1"
    cat >"$1/bundle.yaml" <<YAML
bundle: shop
identities: {crm: {unique: true}}
attributes: {recency: {type: int}}
context: {device: {type: string}}
segments: {lapsed: has(profile.recency) && profile.recency >= $2}
placements: {hero: {channel: web, fallback: story}, strip: {channel: web}}
content: {hero: {title: string}, strip: {}}
offers:
  winter: {value: 9.0, eligible: segment.lapsed, content: {hero: {title: Winter}}}
  app: {value: 2.0, applicable: 'has(context.device)', content: {strip: {}}}
  story: {content: {hero: {title: Who we are}}}
YAML
}

setup() {
    store_setup
    rules live 5
    rules next 8
    does publish live --db data
    for i in {0..99}; do echo "{\"set\": {\"recency\": $((i / 10))}, \"person\": {\"crm\": \"$i\"}}"; done >all.ndjson
    does record all.ndjson --db data
}

@test "help, and mistakes on the command line" {
    helps simulate
    t simulate --db data
    [ "$status" -eq 2 ] && [[ $stderr == 'tact: `--bundle BUNDLE` is needed'* ]] || told
    fails 2 'tact: placement: there is no placement `hreo`; did you mean `hero`?' simulate --db data --bundle next --placement hreo
    fails 2 'tact: `--sample`: a sample has at least one person; without it all are looked at' simulate --db data --bundle next --sample 0
    fails 2 'tact: `--sample`: `some` is no number of persons' simulate --db data --bundle next --sample some
    fails 2 'tact: context.devise is not declared; did you mean context.device?' simulate --db data --bundle next --context '{"devise": "x"}'
    t simulate --db nowhere --bundle next
    [ "$status" -eq 3 ] || told
    echo 'bundle: shop' >next/bundle.yaml
    echo 'ofers: {}' >>next/bundle.yaml
    t simulate --db data --bundle next
    [ "$status" -eq 1 ] && [[ $stderr == *'did you mean'* ]] || told
}

@test "counts add up, and say what would be different" {
    local before after
    before=$(cat data/data.mdb | sha256sum)
    does simulate --db data --bundle next --json --quiet
    after=$(cat data/data.mdb | sha256sum)
    [ "$before" = "$after" ]
    [ "$(jq -c '[.bundle, .against, .persons]' <<<"$stdout")" = '["shop","shop@1",100]' ] || told
    [ "$(jq -c '.placements.hero.offers' <<<"$stdout")" = \
        '[{"offer":"story","count":80,"before":50,"fallback":true},{"offer":"winter","count":20,"before":50}]' ] || told
    [ "$(jq -c '.placements.hero | [.fallback_only, .nothing, .differs, .candidates]' <<<"$stdout")" = '[80,0,30,100]' ] || told
    [ "$(jq -c '.placements.hero.funnel[] | select(.removed > 0)' <<<"$stdout")" = '{"stage":"eligible","removed":80,"left":20}' ] || told
    [ "$(jq -c '.placements.strip | [.nothing, .differs]' <<<"$stdout")" = '[100,0]' ] || told
    does simulate --db data --bundle shop@1 --json --quiet
    [ "$(jq -c '[.bundle, .against]' <<<"$stdout")" = '["shop@1","shop@1"]' ] || told
    does simulate --db data --bundle active --json --quiet
    [ "$(jq -c '[.bundle, .against]' <<<"$stdout")" = '["shop@1","shop@1"]' ] || told
    does simulate --db data --bundle next --placement strip --context '{"device": "x"}' --json
    [ "$(jq -c '.placements | [keys, .strip.nothing]' <<<"$stdout")" = '[["strip"],0]' ] || told
}

@test "a table for people" {
    does simulate --db data --bundle next --placement hero
    says "shop: 100 persons, compared with shop@1, in "
    says "  story   80  80.0 %  +30
  winter  20  20.0 %  -30
  of all candidates eligible took 80.0 %
  only the fallback for 80 (80.0 %), nothing for 0 (0.0 %)
  different for 30 (30.0 %)"
}

@test "zeros are told, too" {
    does simulate --db data --bundle live --context '{"device": "x"}'
    says "  story   50  50.0 %  0
  winter  50  50.0 %  0
"
    says "  app  100  100.0 %  0
  of all candidates no stage took any
  only the fallback for 0 (0.0 %), nothing for 0 (0.0 %)
  different for 0 (0.0 %)"
    sed -i 's/>= 8/>= 80/' next/bundle.yaml
    does simulate --db data --bundle next --placement hero
    says "  story   100  100.0 %  +50
  winter  0    0.0 %    -50
"
}

@test "a sample is about so many, and always the same" {
    does simulate --db data --bundle next --sample 50 --json
    local first=$stdout count
    count=$(jq .persons <<<"$first")
    [ "$count" -gt 25 ] && [ "$count" -lt 75 ] || told
    does simulate --db data --bundle next --sample 50 --json
    [ "$(jq -c .placements <<<"$stdout")" = "$(jq -c .placements <<<"$first")" ] || told
}
