# SPDX-License-Identifier: Apache-2.0
#
# What the tests of commands on bundles share: a small bundle, and ways to alter it. Loaded after `store`.

# rules_shop: the folder `shop`, whose offer `winter` is worth 1.0.
rules_shop() {
    mkdir -p shop/offers
    cat >shop/bundle.yaml <<'YAML'
bundle: shop
include: [offers/*.yaml]
identities: {crm: {unique: true}}
purposes: {marketing: {default: denied}}
attributes:
  recency: {type: int}
  tier:    {type: string, purpose: marketing}
segments: {lapsed: profile.recency >= 9}
placements:
  hero: {channel: web, fallback: plain, caps: [{on: decision, max: 9, per: day}]}
content: {hero: {title: string}}
channels: {web: {caps: [{on: impression, max: 20, every: 1d}]}}
groups:
  apparel: {suitable: profile.tier != "lead", caps: [{on: click, max: 2, per: week, scope: everyone}]}
YAML
    cat >shop/offers/all.yaml <<'YAML'
offers:
  plain: {content: {hero: {title: Welcome}}}
  winter:
    title: The winter collection
    group: apparel
    purpose: marketing
    value: 1.0
    starts: 2026-11-01
    attributes: {kind: coats}
    eligible: segment.lapsed
    caps: [{on: impression, max: 3, every: 7d}]
    content: {hero: {title: Winter}}
tests:
  - name: the lapsed see winter
    now: 2026-12-01T10:00:00Z
    person: {recency: 10, tier: gold, consent: {marketing: granted}}
    decide: {hero: {}}
    expect: {hero: [winter]}
YAML
}

# alter FROM TO [FILE]: in shop/offers/all.yaml.
alter() {
    sed -i "s|${1//./\\.}|$2|" "${3:-shop/offers/all.yaml}"
}

# versions: "shop@2* shop@1", as they are listed.
versions() {
    "$tact" bundles --db "${1:-db}" | awk '{ if ($1 == "*") print $2 "*"; else print $1 }' | xargs
}
