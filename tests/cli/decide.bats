#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact decide: tables, the waterfall, JSON, what counts and what does not.

load store.bash

setup() {
    store_setup
    mkdir rules
    cat >rules/bundle.yaml <<'YAML'
bundle: shop
identities: {crm: {unique: true}, cookie: {}}
purposes: {marketing: {default: denied}}
attributes:
  first_name: {type: string, personal: true}
  recency: {type: int}
  secret: {type: string, purpose: marketing}
context: {device: {type: string, values: [desktop, mobile], default: desktop}}
segments: {lapsed: has(profile.recency) && profile.recency >= 9}
placements: {hero: {channel: web, slots: 2, fallback: story}, strip: {channel: web}}
content: {hero: {title: string}, strip: {}}
offers:
  winter: {value: 9.0, eligible: segment.lapsed, caps: [{on: decision, max: 2}], content: {hero: {title: Winter}}}
  app: {value: 2.0, applicable: 'context.device == "mobile"', propensity: 0.5, content: {hero: {title: 'For {{ profile.first_name }}'}}}
  story: {content: {hero: {title: Who we are}}}
YAML
    does publish rules --db data
    echo '{"set": {"recency": 12, "first_name": "Ann", "secret": "x"}, "person": {"crm": "1"}}' >one.ndjson
    does record one.ndjson --db data
}

@test "help, and mistakes on the command line" {
    helps decide
    fails 2 "tact: \`--db DIR\` is needed; usage: tact decide --db DIR|--to URL --placement NAME,... [--person WHO] [OPTION]..." decide
    t decide --db data
    [ "$status" -eq 2 ] && [[ $stderr == 'tact: `--placement NAME` is needed'* ]] || told
    t decide --db nowhere --placement hero
    [ "$status" -eq 3 ] && [[ $stderr == 'tact: nowhere: '* && ! -e nowhere ]] || told
    fails 2 'tact: placements[0]: there is no placement `hreo`; did you mean `hero`?' decide --db data --placement hreo
    fails 2 'tact: `ann` names nobody: a person is NAMESPACE:VALUE, or the number of one' decide --db data --placement hero --person ann
    fails 2 'tact: context.devise is not declared; did you mean context.device?' decide --db data --placement hero --context '{"devise": "mobile"}'
    fails 2 'tact: `--context`: expected a JSON object' decide --db data --placement hero --context '[]'
    fails 2 'tact: `--events`: expected a JSON array' decide --db data --placement hero --events '{}'
    t decide --db data --placement hero --context '{'
    [ "$status" -eq 2 ] && [[ $stderr == 'tact: `--context`: '* ]] || told
}

@test "a table for people" {
    does decide --db data --person crm:1 --placement hero,strip --context '{"device": "mobile"}' --dry
    [ "$(head -3 <<<"$stdout")" = "hero   winter   9  Winter
       app      1  For Ann
strip  nothing" ] || told
    says "by shop@1, for person 1, decision "
    does decide --db data --placement hero
    says "hero  story  fallback  Who we are"
    says "for somebody who is not known"
}

@test "what is not dry counts" {
    local i
    for i in 1 2 3; do
        does decide --db data --person crm:1 --placement hero --dry --json
        [ "$(jq -r '.placements.hero[0].offer' <<<"$stdout")" = winter ] || told
        [ "$(jq -r '.placements.hero[0].token' <<<"$stdout")" = null ] || told
    done
    for i in winter winter story; do
        does decide --db data --person crm:1 --placement hero --json
        [ "$(jq -r '.placements.hero[0].offer' <<<"$stdout")" = "$i" ] || told
        [ "$(jq -r '.placements.hero[0].token' <<<"$stdout")" != null ] || told
    done
    does decide --db data --person crm:1 --placement hero --explain
    says "  caps       -1, 0 left
    winter: offers.winter.caps[0]: counted 2, at most 2"
}

@test "a waterfall says why" {
    does decide --db data --person crm:1 --placement hero --explain --now 2030-01-01T00:00:00Z
    says "hero: 2 candidates"
    says '  applicable -1, 1 left
    app: context.device == "mobile" does not hold (offers.app.applicable, bundle.yaml:'
    says '      context.device is "desktop"'
    says "  1. winter, score 9 of propensity 1.0, offer.value 9.0
      offers.winter.caps[0]: counted 0 of 2"
    does decide --db data --placement hero --explain --context '{"device": "mobile"}'
    says "segment.lapsed does not hold (offers.winter.eligible, bundle.yaml:"
    says "app: its text title has no value: profile.first_name is absent: it is unset"
    says "segment.lapsed is false, by has(profile.recency)"
}

@test "a second process reads beside a first that writes" {
    exec 9<>data/writer.lock
    flock 9
    does decide --db data --person crm:1 --placement hero --dry
    does decide --db data --person crm:1 --placement hero --explain
    does context --db data --person crm:1
    t decide --db data --person crm:1 --placement hero
    [ "$status" -eq 3 ] && [[ $stderr == *'another process writes to it'* ]] || told
    exec 9>&-
}

@test "nothing is published" {
    echo '{"set": {"recency": 12}, "person": {"crm": "1"}}' >one.ndjson
    does record one.ndjson --db empty --schema shop.yaml
    fails 1 'tact: empty: nothing is published; `tact publish` makes a folder of rules active' decide --db empty --placement hero
}

@test "a folder without a store stays one" {
    mkdir empty
    t decide --db empty --placement home_hero
    [ "$status" -eq 3 ] || told
    [ -z "$(ls -A empty)" ] || told
}
