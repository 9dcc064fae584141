// SPDX-License-Identifier: Apache-2.0
//
// Everything is taken from the offer's number by a multiplicative hash, so that no state is kept and any offer can be
// made alone.
#include "gen_bundle.h"

enum { NUMBERS = 12, WORDS = 8, FLAGS = 5, SEGMENTS = 40, GROUPS = 50 };

static uint32_t drawn(uint32_t i, uint32_t what, uint32_t below) {
    uint64_t x = ((uint64_t)i << 8 | what) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)((x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 33) % below;
}

static void add_head(buf *out) {
    buf_add_text(out, "bundle: large\ntitle: A large catalogue\ntime_zone: Europe/Berlin\n"
                      "identities:\n  crm: {unique: true}\n"
                      "purposes:\n  marketing: {default: denied}\n  personalization: {default: granted}\n"
                      "events:\n  purchase: {properties: {amount: double, category: string}}\n"
                      "aggregates:\n  purchases_90d: {count: purchase, window: 90d}\n"
                      "attributes:\n  first_name: {type: string, purpose: personalization, personal: true}\n"
                      "  tags: {type: list(string), default: []}\n");
    for (int i = 0; i < NUMBERS; i++) buf_printf(out, "  number_%d: {type: %s}\n", i, i % 2 ? "int" : "double");
    for (int i = 0; i < WORDS; i++) buf_printf(out, "  word_%d: {type: string}\n", i);
    for (int i = 0; i < FLAGS; i++) buf_printf(out, "  flag_%d: {type: bool, default: false}\n", i);
    buf_add_text(out, "context:\n  device: {type: string, values: [desktop, mobile, app]}\n"
                      "  cart_value: {type: double, default: 0.0}\nsegments:\n");
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        buf_printf(out, "  segment_%u: profile.number_%u > %u.5 || profile.flag_%u\n", i, drawn(i, 0, NUMBERS),
                   drawn(i, 1, 100), drawn(i, 2, FLAGS));
    }
    buf_add_text(out, "placements:\n  home_hero: {channel: web, slots: 1, fallback: plain}\n"
                      "  home_row: {channel: web, slots: 6}\n  chat: {channel: chat, slots: 3}\n"
                      "  mail: {channel: mail, slots: 4}\n"
                      "content:\n  home_hero: {title: string, image: image, link: url}\n"
                      "  home_row: {title: string, link: url}\n  chat: {text: string}\n  mail: {html: html}\n"
                      "groups:\n");
    for (uint32_t i = 0; i < GROUPS; i++) {
        buf_printf(out,
                   "  group_%u: {applicable: '!segment.segment_%u', caps: [{on: impression, max: %u, every: 1d}]}\n", i,
                   i % SEGMENTS, 3 + drawn(i, 3, 10));
    }
    buf_add_text(out, "experiments:\n  ranks: {arms: {a: 50, b: 50}, set: {b: {rank: by_value}}}\n"
                      "rankings:\n  by_value: offer.value * (1.0 + offer.weight / 100.0)\n"
                      "offers:\n  plain:\n    content: {home_hero: {title: Welcome, image: /plain.jpg, link: /}}\n");
}

void gen_rule(buf *out, uint32_t i, uint32_t shared) {
    if (shared && i % shared == 0) i = drawn(i, 20, 32);
    buf_printf(out, "profile.number_%u > %u.5 && profile.word_%u == \"w%u\" && ", drawn(i, 4, NUMBERS),
               drawn(i, 5, 1000), drawn(i, 6, WORDS), drawn(i, 7, 500));
    buf_printf(out, "(profile.flag_%u || profile.number_%u <= %u.25)", drawn(i, 8, FLAGS), drawn(i, 9, NUMBERS),
               drawn(i, 10, 1000));
}

static void add_offer(buf *out, uint32_t i, uint32_t shared) {
    buf_printf(out, "  offer_%u:\n    title: Offer number %u\n    group: group_%u\n", i, i, drawn(i, 11, GROUPS));
    buf_printf(out, "    value: %u.5\n    weight: %u\n", drawn(i, 12, 100), drawn(i, 13, 20));
    if (i % 2) buf_add_text(out, "    purpose: marketing\n");
    if (i % 3 == 0) buf_add_text(out, "    starts: 2026-11-01\n    ends: 2027-02-01\n");
    buf_printf(out, "    attributes: {kind: kind_%u, size: %u}\n    eligible: '", drawn(i, 14, 30), drawn(i, 15, 50));
    gen_rule(out, i, shared);
    buf_printf(out, "'\n    propensity: 0.%u\n", 1 + drawn(i, 16, 98));
    buf_printf(out, "    caps: [{on: impression, max: %u, every: 7d}]\n", 1 + drawn(i, 17, 9));
    buf_printf(out, "    content:\n      home_hero: {title: Offer %u, image: /i/%u.jpg, link: /o/%u}\n", i, i, i);
    if (i % 4 == 0) {
        buf_printf(out, "      chat: {text: 'Dear {{ profile.first_name ?? \"customer\" }}, see number %u'}\n", i);
    }
}

void gen_bundle(buf *out, uint32_t offers, uint32_t shared) {
    add_head(out);
    for (uint32_t i = 1; i < offers; i++) add_offer(out, i, shared); // the fallback is the first
}
