#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact context: what an assistant may be told, for people and as JSON.

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
    helps context
    fails 2 'tact: `--person WHO` is needed; usage: tact context --db DIR|--to URL --person WHO [--channel NAME] [--budget N] [--json]' context --db data
    fails 1 'tact: person: nobody is known by that' context --db data --person crm:99
    fails 2 'tact: `--budget`: `many` is no number of tokens' context --db data --person crm:1 --budget many
}

@test "what a chat assistant may be told" {
    does context --db data --person crm:1 --channel web
    says 'attributes: {"first_name": "Ann", "recency": 12}'
    says 'left_out: {"not_granted": 1, "budget": 0}'
    says '  "lapsed"'
    says '{"offer": "winter", '
    does context --db data --person crm:1 --channel web --budget 64 --json
    [ "${#stdout}" -le 256 ] || told
    [ "$(jq -r .attributes.first_name <<<"$stdout")" = Ann ] || told
    does context --db data --person 1 --json
    [ "$(jq -r .ok <<<"$stdout")" = true ] || told
}
