#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact show: an offer with all that bears on it.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps show; }

@test "everything that bears on it" {
    does show winter shop
    [ "$stdout" = 'winter: The winter collection
  written in  offers/all.yaml:3:3
  value       1.0
  group       apparel
  purpose     marketing
  starts      2026-11-01 00:00 UTC
  offer.kind  "coats"

rules, all of which must hold
  eligible                 segment.lapsed
  suitable, group apparel  profile.tier != "lead"

how likely it is taken
  propensity  1.0

limits, all of which must leave room
  this offer      3 impressions every 7d
  group apparel   2 clicks per week, for everyone
  channel web     20 impressions every 1d
  placement hero  9 decisions per day

placement hero, in web, 1 slot
  ranked by  propensity * offer.value
  title      Winter

segments that these read
  lapsed  profile.recency >= 9

what may have to be known for it
  consent to marketing  or it is not shown
  profile.recency
  profile.tier          absent without consent to marketing' ] || told
}

@test "a fallback" {
    does show plain shop
    says 'is a fallback  shown where nothing else is left'
    says 'fallback  when nothing else is left'
    [[ $stdout != *limits* ]] || told
}

@test "times are those of the bundle's zone" {
    sed -i '1a time_zone: Europe/Berlin' shop/bundle.yaml
    does show winter shop
    says 'starts      2026-11-01 00:00 Europe/Berlin'
}

@test "of a store" {
    does publish shop --db db
    alter 1.0 2.0 && does publish shop --db db
    does show winter --db db
    says 'value       2.0'
    does show winter shop@1 --db db
    says 'value       1.0'
}

@test "line breaks" {
    sed -i 's/^    eligible: segment.lapsed/    eligible: |\n      segment.lapsed\n      \&\& true/' shop/offers/all.yaml
    does show winter shop
    says 'segment.lapsed\n&& true'
    [[ $stdout != *�* ]] || told
}

@test "mistakes" {
    fails 1 'tact: there is no offer `wintre`; did you mean `winter`?' show wintre shop
    fails 1 'tact: there is no offer `other`' show other shop
    usage=$("$tact" show --help | sed -n '1s/^usage: //p')
    fails 2 "tact: an offer is needed; usage: $usage" show
    fails 2 "tact: a folder of rules or \`--db DIR\` is needed; usage: $usage" show winter
    t show winter nowhere
    [ "$status" -eq 3 ] || told
    alter segment.lapsed segment.lapset
    t show winter shop
    [ "$status" -eq 1 ] && [[ $stderr == *'did you mean `lapsed`?'* ]] || told
}
