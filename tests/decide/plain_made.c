// SPDX-License-Identifier: Apache-2.0
//
// See plain_made.h. Expressions and texts come from a grammar: templates in which `#` and a letter stand for something
// else that is drawn. All numbers are small, so that ranks tie, caps fill up and rules are about equal to what is
// known.
#include "plain_made.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cel/zone.h"
#include "plain.h"
#include "store/tally.h"

#define DAY INT64_C(86400000)
#define NAME(s) (int)(s).len, (s).ptr

enum {
    DEPTH = 3, // of expressions
    PLACEMENTS_MAX = 4,
    SEGMENTS_MAX = 40,
    SEGMENT_LAST = 99, // the name's number of the first
    PERSON_STRANDS = 3,
    EVENTS = 3,    // of a request
    TRIES = 20000, // at a name that falls into one of 10,000 buckets
};
#define YEAR_BEGINS INT64_C(1767225600000) // 2026

uint64_t made_below(uint64_t *seed, uint64_t bound) { // splitmix64
    uint64_t x = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % bound;
}

bool made_chance(uint64_t *seed, uint32_t percent) {
    return made_below(seed, 100) < percent;
}

static void must(bool holds) {
    if (!holds) abort();
}

// ---- Bundles --------------------------------------------------------------------------------------------------------

typedef struct maker {
    uint64_t *seed;
    buf *out;
    uint32_t segments; // that can be read already
    uint32_t groups, placements, rankings, offers, fallbacks, experiments;
    uint32_t fields[PLACEMENTS_MAX]; // of each placement, by bit; above them those that may be left out
} maker;

static uint32_t below(maker *m, uint32_t bound) {
    return (uint32_t)made_below(m->seed, bound);
}

static bool chance(maker *m, uint32_t percent) {
    return made_chance(m->seed, percent);
}

static const char head[] =
    "identities: {crm: {unique: true}, email: {normalize: lowercase}, cookie: {max: 20}}\n"
    "purposes: {marketing: {default: denied}, ads: {default: granted}, personalization: {default: granted}}\n"
    "events:\n"
    "  view: {properties: {category: string}}\n"
    "  buy: {properties: {amount: double, pieces: int, category: string}}\n"
    "  ping:\n"
    "aggregates:\n"
    "  buys_7d: {count: buy, window: 7d}\n"
    "  pings_1h: {count: ping, window: 1h}\n"
    "  spent_30d: {sum: buy.amount, window: 30d}\n"
    "  pieces: {sum: buy.pieces}\n"
    "  top: {max: buy.amount, window: 90d}\n"
    "  least: {min: buy.pieces}\n"
    "  mean: {avg: buy.amount}\n"
    "  kinds: {distinct: view.category, window: 30d}\n"
    "  first_cat: {first: view.category}\n"
    "  last_cat: {last: view.category, window: 10d}\n"
    "  since_buy: {since: buy}\n"
    "attributes:\n"
    "  age: {type: int, min: 0}\n"
    "  spend: {type: double}\n"
    "  city: {type: string}\n"
    "  vip: {type: bool, default: false}\n"
    "  tags: {type: list(string), default: []}\n"
    "  sizes: {type: list(int)}\n"
    "  born: {type: timestamp}\n"
    "  tier: {type: string, values: [gold, silver], sources: [crm, web], max_age: 30d}\n"
    "  fresh: {type: int, max_age: 1h, default: 2}\n"
    "  name: {type: string, purpose: personalization, personal: true}\n"
    "  score: {type: double, purpose: marketing}\n"
    "  level: {type: int, purpose: ads, default: 1}\n"
    "  nick: {type: string, purpose: marketing, default: friend}\n"
    "context:\n"
    "  device: {type: string, values: [desktop, mobile, app]}\n"
    "  cart: {type: double, default: 1.0}\n"
    "  page: {type: string}\n"
    "  mode: {type: string, default: a}\n"
    "  items: {type: list(int), default: [1, 2]}\n";

// #i a small int, #d a double, #s a text, #a an attribute, #p a purpose, #g a segment, #t a time, #b a condition,
// #n a number.
static const char *const conditions[] = {
    "profile.age >= #i",
    "profile.age < #i",
    "profile.spend > #d",
    "profile.city == #s",
    "profile.city != #s",
    "profile.vip",
    "#s in profile.tags",
    "size(profile.tags) > #i",
    "profile.sizes.exists(x, x > #i)",
    "profile.age / size(profile.tags) >= 1",
    "[profile.level, 1, 2, 3].map(x, x * 2).exists(x, x == #i)",
    "(profile.tags + [context.mode, \"d\"]).exists(t, t == #s)",
    "profile.born < now",
    "profile.tier == \"gold\"",
    "profile.fresh >= #i",
    "profile.name == #s",
    "profile.score > #d",
    "profile.level >= #i",
    "profile.nick == #s",
    "has(profile.#a)",
    "!has(profile.#a)",
    "consent.#p",
    "!consent.#p",
    "context.device == \"mobile\"",
    "context.device != \"app\"",
    "context.cart > #d",
    "context.page == #s",
    "has(context.page)",
    "context.mode == #s",
    "#i in context.items",
    "profile.buys_7d >= #i",
    "profile.pings_1h < #i",
    "profile.spent_30d > #d",
    "profile.pieces == #i",
    "profile.top > #d",
    "profile.least < #i",
    "profile.kinds >= #i",
    "profile.first_cat == #s",
    "profile.last_cat == #s",
    "has(profile.last_cat)",
    "profile.since_buy < duration(\"5#ih\")",
    "now >= timestamp(\"#t\")",
    "now.getHours(\"Europe/Berlin\") < 1#i",
    "segment.#g",
    "segment.#g",
    "!segment.#g",
    "(#b && #b)",
    "(#b || #b)",
    "(#b || #b)",
    "!(#b)",
    "(#b ? #b : #b)",
    // from here on only rules of offers
    "offer.value > #d",
    "offer.weight > 0.0",
    "offer.kind == #s",
    "offer.size >= #i",
    "offer.fits",
    "offer.group == \"g#i\"",
    "offer.id < \"o#i\"",
    "offer.labels.exists(l, l in profile.tags)",
    "has(offer.kind)",
};
enum { CONDITIONS = sizeof conditions / sizeof *conditions, CONDITIONS_OF_PERSONS = CONDITIONS - 9 };

static const char *const numbers[] = {"#d", "#d", "profile.spend", "context.cart", "profile.spent_30d",
                                      "double(profile.age)", "profile.score", "profile.mean", "(#b ? #d : #d)",
                                      "double(size([profile.level, 1, 2].filter(x, x > #i)))", "(#b ? #n : #n)",
                                      "(#n + #n)", "(#n * #n)", "(#n / #n)", "(#n - #n)",
                                      // from here on only rules of offers
                                      "offer.value", "offer.weight / 100.0", "double(offer.size)",
                                      // and from here on only rankings
                                      "propensity", "propensity * offer.value", "1.0 / propensity"};
enum { NUMBERS = sizeof numbers / sizeof *numbers, NUMBERS_OF_OFFERS = NUMBERS - 3 };

static const char *const words[] = {"a", "b", "c", "shoes"};
static const char *const attributes[] = {"age",  "spend", "city", "tier",  "born",      "name",
                                         "nick", "score", "top",  "sizes", "since_buy", "fresh"};
static const char *const purposes[] = {"marketing", "ads", "personalization"};
static const char *const days[] = {"2026-01-01", "2026-03-08", "2026-03-29", "2026-04-05", "2026-04-24", "2026-06-01",
                                   "2026-08-31", "2026-09-06", "2026-10-25", "2026-11-01", "2026-12-31", "2027-01-01"};
enum { DAYS = sizeof days / sizeof *days };

typedef enum scope { PERSONS, OFFERS, RANKINGS } scope;

static void add_condition(maker *m, scope s, int depth);
static void add_number(maker *m, scope s, int depth);

static void fill(maker *m, const char *template, scope s, int depth) {
    for (const char *at = template; *at; at++) {
        if (*at != '#') {
            buf_add_char(m->out, *at);
            continue;
        }
        switch (*++at) {
        case 'i': buf_printf(m->out, "%u", below(m, 4)); break;
        case 'd': buf_printf(m->out, "%u.%s", below(m, 4), chance(m, 50) ? "0" : "5"); break;
        case 's': buf_printf(m->out, "\"%s\"", words[below(m, 4)]); break;
        case 'a': buf_add_text(m->out, attributes[below(m, sizeof attributes / sizeof *attributes)]); break;
        case 'p': buf_add_text(m->out, purposes[below(m, 3)]); break;
        case 'g': buf_printf(m->out, "s%u", SEGMENT_LAST - below(m, m->segments)); break;
        case 't': buf_printf(m->out, "%sT00:00:00Z", days[below(m, DAYS)]); break;
        case 'b': add_condition(m, s, depth - 1); break;
        case 'n': add_number(m, s, depth - 1); break;
        default: abort();
        }
    }
}

static void add_condition(maker *m, scope s, int depth) {
    const char *template;
    do {
        template = conditions[below(m, s == PERSONS ? CONDITIONS_OF_PERSONS : CONDITIONS)];
    } while ((depth <= 0 && strstr(template, "#b")) || (!m->segments && strstr(template, "#g")));
    fill(m, template, s, depth);
}

static void add_number(maker *m, scope s, int depth) {
    const char *template;
    do {
        template = numbers[below(m, s == RANKINGS ? NUMBERS : NUMBERS_OF_OFFERS)];
    } while (depth <= 0 && (strstr(template, "#b") || strstr(template, "#n")));
    fill(m, template, s, depth);
}

static void add_rule(maker *m, const char *indent, const char *key, scope s, uint32_t percent) {
    if (!chance(m, percent)) return;
    buf_printf(m->out, "%s%s: '", indent, key);
    add_condition(m, s, (int)below(m, DEPTH + 1));
    buf_add_text(m->out, "'\n");
}

static void add_caps(maker *m, const char *indent, uint32_t percent) {
    static const char *const on[] = {"decision", "impression", "click", "view", "buy", "decision"};
    static const char *const spans[] = {
        "",           ", every: 1s", ", every: 7d",  ", every: 1d", ", every: 36h", ", per: hour",
        ", per: day", ", per: week", ", per: month", ", per: year"};
    if (!chance(m, percent)) return;
    uint32_t count = 1 + below(m, 3);
    buf_printf(m->out, "%scaps:\n", indent);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t max = chance(m, 4) ? 0 : 1 + below(m, 3);
        buf_printf(m->out, "%s  - {on: %s, max: %u%s%s}\n", indent, on[below(m, 6)], max, spans[below(m, 10)],
                   chance(m, 25) ? ", scope: everyone" : "");
    }
}

static void add_purpose(maker *m, const char *indent, uint32_t percent) {
    if (chance(m, percent)) buf_printf(m->out, "%spurpose: %s\n", indent, purposes[below(m, 3)]);
}

static void add_period(maker *m, const char *indent, uint32_t percent) {
    uint32_t from = below(m, DAYS - 1), to = from + 1 + below(m, DAYS - 1 - from);
    if (chance(m, percent)) buf_printf(m->out, "%sstarts: %s\n", indent, days[from]);
    if (chance(m, percent)) buf_printf(m->out, "%sends: %s%s\n", indent, days[to], chance(m, 30) ? "T02:30:00Z" : "");
}

// Sometimes a long chain of them, each reading the one before.
static void add_segments(maker *m) {
    bool chain = chance(m, 10);
    uint32_t count = chain ? SEGMENTS_MAX : below(m, 7);
    if (count) buf_add_text(m->out, "segments:\n");
    for (uint32_t i = 0; i < count; i++, m->segments++) {
        buf_printf(m->out, "  s%u: '", SEGMENT_LAST - i); // so that they are read in another order than that of names
        if (chain && i > 0) buf_printf(m->out, "segment.s%u ? !consent.ads || profile.vip : ", SEGMENT_LAST - i + 1);
        add_condition(m, PERSONS, chain ? 0 : DEPTH);
        buf_add_text(m->out, "'\n");
    }
}

// Fields of content: what an offer may bring, and what a fallback may.
static const struct {
    const char *name, *kind;
    const char *texts[8], *safe[2];
} fields[] = {
    {"text",
     "string",
     {"Come in", "Hello {{ profile.name ?? \"there\" }}!", "{{ profile.age }} years in {{ profile.city }}",
      "{{ profile.city ?? profile.nick ?? \"nowhere\" }}, {{ offer.title }}", "{{ offer.kind }}",
      "{{ profile.name ?? profile.score ?? offer.size }}", "{{ profile.spend ?? 0.1 + 0.2 }}: {{ consent.ads }}",
      "{{ \"{{\" }} {{ profile.level - 2 }}"},
     {"Welcome", "Hello {{ profile.name ?? \"there\" }}, {{ offer.id }}"}},
    {"body",
     "html",
     {"<b>plain</b>", "<i title=\"{{ profile.city ?? \"\" }}\">{{ profile.nick }}</i>", "<p>{{ profile.name }}</p>",
      "{{ context.cart * 1000000.0 }} & {{ profile.spend ?? \"<\" }}", "{{ context.page ?? \"<a>\" }}",
      "{{ offer.title }}", "{{ 10 / profile.level }}", "{{ profile.vip }}"},
     {"<p>Hello</p>", "<p>{{ profile.nick }}</p>"}},
    {"link",
     "url",
     {"/x", "/c?q={{ profile.city ?? \"all of it\" }}", "https://a.example/{{ offer.id }}", "/{{ context.page }}",
      "/{{ profile.nick }}#top", "/n/{{ profile.spend ?? profile.level }}", "/y", "/{{ profile.city }}"},
     {"/home", "/home/{{ offer.title }}"}},
    {"picture",
     "image",
     {"/i.jpg", "/{{ offer.id }}.jpg", "/{{ profile.tier ?? \"no tier\" }}.png", "/{{ profile.tier }}.png", "/a.jpg",
      "/b.jpg", "/c.jpg", "/{{ profile.nick }}.jpg"},
     {"/f.jpg", "/{{ consent.ads }}.jpg"}},
    {"percent",
     "int",
     {"5", "-3", "{{ profile.age }}", "{{ profile.level + 1 }}", "{{ profile.least ?? 7 }}", "{{ offer.size }}", "0",
      "{{ profile.age ?? profile.least }}"},
     {"1", "{{ profile.level }}"}},
    {"price",
     "double",
     {"9.99", "1", "{{ context.cart }}", "{{ profile.spend }}", "{{ profile.mean ?? 2.5 }}", "{{ offer.value / 3.0 }}",
      "0.1", "{{ profile.top }}"},
     {"2.0", "{{ context.cart }}"}},
    {"shout",
     "bool",
     {"true", "false", "{{ profile.vip }}", "{{ consent.marketing }}", "{{ profile.age > 2 }}", "{{ offer.fits }}",
      "{{ has(profile.name) }}", "{{ offer.fits ?? true }}"},
     {"true", "{{ profile.vip }}"}},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static void add_content(maker *m, uint32_t placement, bool safe) {
    buf_printf(m->out, "      p%u:\n", placement);
    for (uint32_t i = 0; i < FIELDS; i++) {
        bool wanted = m->fields[placement] >> i & 1,
             left_out = m->fields[placement] >> (i + FIELDS) & 1 && chance(m, 40);
        if (!wanted || left_out) continue;
        const char *text = safe || chance(m, 40) ? fields[i].safe[below(m, 2)] : fields[i].texts[below(m, 8)];
        const char *quote = strchr(text, '{') ? "'" : "";
        buf_printf(m->out, "        %s: %s%s%s\n", fields[i].name, quote, text, quote);
    }
}

static void add_placements(maker *m) {
    buf_add_text(m->out, "placements:\n");
    for (uint32_t i = 0; i < m->placements; i++) {
        buf_printf(m->out, "  p%u:\n    channel: c%u\n", i, below(m, 3));
        if (chance(m, 60)) buf_printf(m->out, "    slots: %u\n", 1 + below(m, 4));
        if (chance(m, 50)) buf_printf(m->out, "    fallback: f%u\n", below(m, m->fallbacks));
        if (m->rankings && chance(m, 50)) buf_printf(m->out, "    rank: r%u\n", below(m, m->rankings));
        if (chance(m, 40)) buf_printf(m->out, "    ties: %s\n", chance(m, 80) ? "random" : "name");
        add_caps(m, "    ", 15);
    }
    buf_add_text(m->out, "content:\n");
    for (uint32_t i = 0; i < m->placements; i++) {
        buf_printf(m->out, "  p%u: {text: string", i);
        m->fields[i] = 1;
        for (uint32_t k = 1; k < FIELDS; k++) {
            if (!chance(m, 25)) continue;
            bool optional = chance(m, 50);
            m->fields[i] |= UINT32_C(1) << k | (uint32_t)optional << (k + FIELDS);
            buf_printf(m->out, ", %s: %s%s", fields[k].name, fields[k].kind, optional ? "?" : "");
        }
        buf_add_text(m->out, "}\n");
    }
    if (!chance(m, 40)) return;
    buf_add_text(m->out, "channels:\n  c0:\n    title: Web\n");
    add_caps(m, "    ", 70);
    buf_add_text(m->out, "  c1:\n    title: Chat\n");
    add_caps(m, "    ", 30);
}

static void add_rankings(maker *m) {
    if (m->rankings) buf_add_text(m->out, "rankings:\n");
    for (uint32_t i = 0; i < m->rankings; i++) {
        buf_printf(m->out, "  r%u: '", i);
        add_number(m, RANKINGS, DEPTH);
        buf_add_text(m->out, "'\n");
    }
}

static void add_groups(maker *m) {
    if (m->groups) buf_add_text(m->out, "groups:\n");
    for (uint32_t i = 0; i < m->groups; i++) {
        buf_printf(m->out, "  g%u:\n    title: Group %u\n", i, i);
        add_purpose(m, "    ", 15);
        add_rule(m, "    ", "eligible", OFFERS, 20);
        add_rule(m, "    ", "applicable", OFFERS, 20);
        add_rule(m, "    ", "suitable", OFFERS, 20);
        add_caps(m, "    ", 30);
        if (chance(m, 30)) buf_printf(m->out, "    per_answer: %u\n", 1 + below(m, 2));
    }
}

static void add_offer(maker *m, uint32_t i) {
    buf_printf(m->out, "  o%u:\n", i);
    if (chance(m, 30)) buf_printf(m->out, "    title: 'Offer & <%u>'\n", i);
    if (m->groups && chance(m, 60)) buf_printf(m->out, "    group: g%u\n", below(m, m->groups));
    add_purpose(m, "    ", 25);
    if (chance(m, 70)) buf_printf(m->out, "    value: %u\n", below(m, 4));
    if (chance(m, 30)) buf_printf(m->out, "    weight: %u\n", below(m, 3) * 50);
    add_period(m, "    ", 12);
    if (chance(m, 50)) {
        buf_printf(m->out, "    attributes: {kind: %s, size: %u", words[below(m, 4)], below(m, 4));
        if (chance(m, 50)) buf_printf(m->out, ", fits: %s, labels: [a, shoes]", chance(m, 70) ? "true" : "false");
        buf_add_text(m->out, "}\n");
    }
    add_rule(m, "    ", "eligible", OFFERS, 35);
    add_rule(m, "    ", "applicable", OFFERS, 25);
    add_rule(m, "    ", "suitable", OFFERS, 25);
    if (chance(m, 30)) {
        buf_printf(m->out, "    propensity: 0.%u\n", 1 + below(m, 3));
    } else if (chance(m, 40)) {
        buf_add_text(m->out, "    propensity: '0.0 + ");
        add_number(m, OFFERS, DEPTH - 1);
        buf_add_text(m->out, "'\n");
    }
    add_caps(m, "    ", 35);
    if (chance(m, 25)) buf_add_text(m->out, "    repeat: true\n");
    buf_add_text(m->out, "    content:\n");
    uint32_t surely = below(m, m->placements);
    for (uint32_t k = 0; k < m->placements; k++) {
        if (k == surely || chance(m, 70)) add_content(m, k, false);
    }
}

static void add_offers(maker *m) {
    buf_add_text(m->out, "offers:\n");
    for (uint32_t i = 0; i < m->fallbacks; i++) {
        buf_printf(m->out, "  f%u:\n    attributes: {kind: a, size: 2, fits: true, labels: [a]}\n    content:\n", i);
        for (uint32_t k = 0; k < m->placements; k++) add_content(m, k, true);
    }
    for (uint32_t i = 0; i < m->offers; i++) add_offer(m, i);
}

static void add_experiment(maker *m, uint32_t i, uint32_t *shared) {
    buf_printf(m->out, "  e%u:\n    arms: {a: %u, b: %u.25, c: 10}\n", i, below(m, 50), below(m, 40));
    if (m->rankings && chance(m, 80)) {
        buf_printf(m->out, "    set: {b: {rank: r%u}", below(m, m->rankings));
        if (chance(m, 50)) buf_printf(m->out, ", a: {rank: r%u}", below(m, m->rankings));
        buf_add_text(m->out, "}\n");
    }
    if (chance(m, 40)) {
        buf_printf(m->out, "    placement: p%u\n", below(m, m->placements));
    } else if (m->placements > 1 && chance(m, 30)) {
        buf_printf(m->out, "    placement: [p0, p%u]\n", m->placements - 1);
    }
    if (chance(m, 50) && *shared <= 50) {
        uint32_t share = 20 + below(m, 30);
        *shared += share;
        buf_printf(m->out, "    exclusive: x\n    share: %u.5\n", share - 1);
    }
    if (chance(m, 30)) buf_printf(m->out, "    salt: salt %u\n", below(m, 3));
    add_rule(m, "    ", "eligible", PERSONS, 25);
    add_period(m, "    ", 12);
}

static void add_experiments(maker *m) {
    uint32_t shared = 0;
    if (m->experiments) buf_add_text(m->out, "experiments:\n");
    for (uint32_t i = 0; i < m->experiments; i++) add_experiment(m, i, &shared);
    if (!chance(m, 30)) return;
    buf_printf(m->out, "holdout: {percent: %u%s%s}\n", 10 + below(m, 50), chance(m, 50) ? ", of: marketing" : "",
               chance(m, 30) ? ", salt: winter" : "");
}

void made_bundle(uint64_t *seed, buf *out) {
    static const char *const zones[] = {
        "UTC",          "Europe/Berlin",    "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Havana",
        "Africa/Cairo", "America/Santiago", "Asia/Kathmandu",   "Pacific/Chatham"};
    maker m = {.seed = seed, .out = out};
    m.groups = below(&m, 4);
    m.placements = 1 + below(&m, PLACEMENTS_MAX);
    m.rankings = below(&m, 4);
    m.fallbacks = 1 + below(&m, 2);
    m.offers = 1 + below(&m, chance(&m, 10) ? 40 : 12);
    m.experiments = chance(&m, 50) ? 1 + below(&m, 3) : 0;
    buf_printf(out, "bundle: made\ntime_zone: %s\n%s", zones[below(&m, sizeof zones / sizeof *zones)], head);
    add_segments(&m);
    add_placements(&m);
    add_rankings(&m);
    add_groups(&m);
    add_offers(&m);
    add_experiments(&m);
}

// ---- Moments --------------------------------------------------------------------------------------------------------

static void add_time(made_times *times, arena *a, int64_t time_ms) {
    int64_t *more = arena_extend(a, times->of_ms, times->count, times->count + 1, sizeof *more);
    must(more != NULL);
    times->of_ms = more;
    more[times->count++] = time_ms;
}

static void add_span(made_times *times, arena *a, int64_t starts_ms, int64_t ends_ms) {
    if (starts_ms > 0) add_time(times, a, starts_ms);
    if (ends_ms < INT64_MAX) add_time(times, a, ends_ms);
}

made_times made_times_of(const bundle *b, arena *a) {
    made_times times = {0};
    zone z;
    must(zone_find(b->time_zone, &z));
    for (uint32_t i = 0; i < b->offers_count; i++) add_span(&times, a, b->offers[i].starts_ms, b->offers[i].ends_ms);
    for (uint32_t i = 0; i < b->experiments_count; i++) {
        for (int k = 0; k < 3; k++) add_span(&times, a, b->experiments[i].starts_ms, b->experiments[i].ends_ms);
    }
    for (int64_t hour = 0; hour < 366 * 24; hour++) { // when the clocks are changed
        int64_t at = YEAR_BEGINS / 1000 + hour * 3600;
        if (zone_offset(&z, at - 3600) != zone_offset(&z, at)) add_time(&times, a, at * 1000);
    }
    for (int month = 1; month <= 12; month++) { // about when months and weeks begin
        int64_t at = civil_days(2026, month, 1) * CIVIL_DAY;
        add_time(&times, a, (at - zone_offset(&z, at)) * 1000);
        at = civil_days(2026, month, 1 + (7 - (civil_at(at).weekday + 6) % 7) % 7) * CIVIL_DAY;
        add_time(&times, a, (at - zone_offset(&z, at)) * 1000);
    }
    return times;
}

int64_t made_moment(uint64_t *seed, const made_times *times) {
    static const int64_t beside[] = {0, 0, 0, -1, 1, 1800000, -1800000, 3600000, 5400000, 7200000 - 1, 7200000, DAY};
    if (made_chance(seed, 40)) return YEAR_BEGINS + (int64_t)made_below(seed, 400 * (uint64_t)DAY);
    int64_t at = times->of_ms[made_below(seed, times->count)];
    return at + beside[made_below(seed, sizeof beside / sizeof *beside)];
}

// ---- Persons --------------------------------------------------------------------------------------------------------

static tact_str some_text(uint64_t *seed) {
    static const char *const texts[] = {"a",
                                        "b",
                                        "c",
                                        "shoes",
                                        "Zo\xc3\xab <b>&\"'\"</b>",
                                        "50% off",
                                        "a/b?c=d&e#f",
                                        "L'\xc3\x96r",
                                        "\xe2\x82\xac 5 + ~.-_",
                                        ""};
    return tact_str_from(texts[made_below(seed, made_chance(seed, 60) ? 4 : 10)]);
}

static tact_value some_value(uint64_t *seed, const tact_type *type, int64_t now_ms, arena *a) {
    tact_str text = some_text(seed);
    switch ((type_kind)type->kind) {
    case TYPE_BOOL: return tact_bool(made_chance(seed, 50));
    case TYPE_INT: return tact_int((int64_t)made_below(seed, 6));
    case TYPE_DOUBLE: return tact_double((double)made_below(seed, 12) / (made_chance(seed, 10) ? 3 : 2));
    case TYPE_STRING: return tact_string(text.ptr, text.len);
    case TYPE_TIMESTAMP: return tact_timestamp(now_ms / 1000 - 5 + (int64_t)made_below(seed, 11), 0);
    case TYPE_LIST: {
        size_t count = made_below(seed, 4);
        tact_value *items = arena_array(a, count + 1, sizeof *items);
        must(items != NULL);
        for (size_t i = 0; i < count; i++) items[i] = some_value(seed, type->params[0], now_ms, a);
        return tact_list(items, count);
    }
    default: abort();
    }
}

static tact_value some_of(uint64_t *seed, const tact_type *type, const tact_value *allowed, uint32_t count,
                          int64_t now_ms, arena *a) {
    return count ? allowed[made_below(seed, count)] : some_value(seed, type, now_ms, a);
}

// Long ago, at a moment ago, or not yet.
static int64_t some_time(uint64_t *seed, int64_t now_ms) {
    static const int64_t ages[] = {0, 1, 999, 1000, 3600000, 3600001, DAY, 7 * DAY, 7 * DAY + 1, 30 * DAY, 31 * DAY};
    if (made_chance(seed, 5)) return now_ms + (int64_t)made_below(seed, 3 * (uint64_t)DAY);
    if (made_chance(seed, 40)) return now_ms - ages[made_below(seed, sizeof ages / sizeof *ages)];
    return now_ms - (int64_t)made_below(seed, made_chance(seed, 50) ? 2 * (uint64_t)DAY : 60 * (uint64_t)DAY);
}

// At the edge of a cap's span, or at some time.
static int64_t some_time_of_cap(uint64_t *seed, const bundle *b, const bundle_cap *cap, int64_t now_ms) {
    if (cap->period == BUNDLE_FOR_EVER || made_chance(seed, 50)) return some_time(seed, now_ms);
    return plain_since(b, cap, now_ms) - 2 + (int64_t)made_below(seed, 4);
}

static command_value *some_properties(uint64_t *seed, const schema_event *e, int64_t now_ms, arena *a,
                                      uint32_t *count) {
    command_value *values = arena_array(a, e->properties_count + 1, sizeof *values);
    must(values != NULL);
    *count = 0;
    for (uint32_t i = 0; i < e->properties_count; i++) {
        if (made_chance(seed, 20)) continue;
        values[(*count)++] = (command_value){(uint16_t)i, some_value(seed, e->properties[i].type, now_ms, a)};
    }
    return values;
}

static void apply(arena *a, strand *s, const schema *sc, command c) {
    tact_error error = {.text = ""};
    if (strand_apply(a, s, &c, sc, &error) == TACT_OK) return;
    fprintf(stderr, "a made command is refused: %s\n", error.text);
    abort();
}

static void apply_set(uint64_t *seed, arena *a, strand *s, const schema *sc, int64_t now_ms) {
    uint32_t number = (uint32_t)made_below(seed, sc->attributes_count);
    const schema_attribute *attribute = &sc->attributes[number];
    command_value *value = arena_array(a, 1, sizeof *value);
    must(value != NULL);
    *value = (command_value){(uint16_t)number,
                             some_of(seed, attribute->type, attribute->allowed, attribute->allowed_count, now_ms, a)};
    uint8_t source = made_chance(seed, 30) ? SCHEMA_SOURCE_NONE : (uint8_t)made_below(seed, sc->sources_count);
    apply(a, s, sc,
          (command){.kind = COMMAND_SET,
                    .time_ms = some_time(seed, now_ms),
                    .source = source,
                    .values = value,
                    .values_count = 1});
}

static void apply_consent(uint64_t *seed, arena *a, strand *s, const schema *sc, int64_t now_ms) {
    command_consent *said = arena_array(a, 1, sizeof *said);
    must(said != NULL);
    *said = (command_consent){.purpose = (uint16_t)made_below(seed, sc->purposes_count),
                              .state = made_chance(seed, 65) ? CONSENT_GRANTED : CONSENT_DENIED,
                              .explicit_ = made_chance(seed, 50),
                              .expires_ms = made_chance(seed, 20) ? now_ms - 1 + (int64_t)made_below(seed, 3) : 0};
    apply(a, s, sc,
          (command){.kind = COMMAND_CONSENT,
                    .time_ms = some_time(seed, now_ms),
                    .source = SCHEMA_SOURCE_NONE,
                    .consents = said,
                    .consents_count = 1});
}

static void apply_event(uint64_t *seed, arena *a, strand *s, const schema *sc, int64_t now_ms) {
    uint32_t event = (uint32_t)made_below(seed, sc->events_count), count;
    command_value *values = some_properties(seed, &sc->events[event], now_ms, a, &count);
    apply(a, s, sc,
          (command){.kind = COMMAND_EVENT,
                    .time_ms = some_time(seed, now_ms),
                    .source = SCHEMA_SOURCE_NONE,
                    .values = values,
                    .values_count = count,
                    .event = (uint16_t)event});
}

static void apply_count(uint64_t *seed, arena *a, strand *s, const bundle *b, int64_t now_ms) {
    if (!b->caps_count) return;
    const bundle_cap *cap = &b->caps[made_below(seed, b->caps_count)];
    apply(a, s, b->schema,
          (command){.kind = COMMAND_COUNT,
                    .time_ms = some_time_of_cap(seed, b, cap, now_ms),
                    .source = SCHEMA_SOURCE_NONE,
                    .tally = cap->tally,
                    .keep = made_chance(seed, 80) ? cap->keep : 4});
}

// Where a person begins or ceases to be in an arm, in an experiment's share, or held out: the salt, and the bucket.
static uint32_t some_edge(uint64_t *seed, const bundle *b, tact_str *salt) {
    *salt = b->holdout_salt;
    if (!b->experiments_count || made_chance(seed, 20)) return b->holdout_permyriad;
    const bundle_experiment *e = &b->experiments[made_below(seed, b->experiments_count)];
    uint32_t edge = 0;
    *salt = e->exclusive;
    if (e->exclusive.len && made_chance(seed, 40)) return made_chance(seed, 50) ? e->from : e->to;
    *salt = e->salt;
    for (uint64_t i = 1 + made_below(seed, e->arms_count); i > 0; i--) edge += e->arms[i - 1].permyriad;
    return edge;
}

// The value of an identity: any, or one that falls on an edge or just before it.
static tact_str some_identity(uint64_t *seed, const bundle *b, tact_str space, arena *a) {
    uint64_t first = made_below(seed, 100000), tries = made_chance(seed, 5) ? TRIES : 1;
    char unit[64];
    tact_str salt;
    uint32_t edge = some_edge(seed, b, &salt) - (uint32_t)made_below(seed, 2);
    int len = 0, from = (int)space.len + 1;
    for (uint64_t i = 0; i < tries; i++) {
        len = snprintf(unit, sizeof unit, "%.*s:%" PRIu64, NAME(space), first + i);
        if (plain_bucket(salt, (tact_str){unit, (size_t)len}) == edge) break;
    }
    const char *value = arena_copy(a, unit + from, (size_t)(len - from));
    must(value != NULL);
    return tact_str_from(value);
}

static strand *draw_strand(uint64_t *seed, const bundle *b, uint64_t id, int64_t now_ms, arena *a) {
    const schema *sc = b->schema;
    strand *s = ARENA_NEW(a, strand);
    must(s != NULL);
    *s = (strand){.id = id, .space = (uint16_t)made_below(seed, sc->identities_count), .created_ms = now_ms - DAY};
    s->identity = some_identity(seed, b, sc->identities[s->space].name, a);
    for (uint64_t i = made_below(seed, 30); i > 0; i--) apply_set(seed, a, s, sc, now_ms);
    for (uint64_t i = made_below(seed, 4); i > 0; i--) apply_consent(seed, a, s, sc, now_ms);
    for (uint64_t i = made_below(seed, 8); i > 0; i--) apply_event(seed, a, s, sc, now_ms);
    for (uint64_t i = made_below(seed, 1 + b->caps_count); i > 0; i--) apply_count(seed, a, s, b, now_ms);
    return s;
}

static void draw_known(uint64_t *seed, const bundle *b, int64_t now_ms, arena *a, made_person *p) {
    const strand *strands[PERSON_STRANDS];
    size_t count = 1 + made_below(seed, PERSON_STRANDS);
    merged *m = ARENA_NEW(a, merged);
    buf bytes = buf_in(a);
    for (size_t i = 0; i < count; i++) strands[i] = draw_strand(seed, b, 10 + 7 * i, now_ms, a);
    must(m != NULL && merge_strands(a, strands, count, b->schema, m) == TACT_OK);
    must(record_build(&bytes, m, b->schema, NULL) == TACT_OK);
    must(record_open((tact_str){bytes.ptr, bytes.len}, &p->record, NULL) == TACT_OK);
    p->known = m;
    p->person.record = &p->record;
    tact_str space = b->schema->identities[strands[0]->space].name;
    const char *unit = arena_printf(a, "%.*s:%.*s", NAME(space), NAME(strands[0]->identity));
    must(unit != NULL);
    p->unit = tact_str_from(unit);
}

static int64_t of_person(void *context, uint64_t tally, int64_t since_ms) {
    const made_person *p = context;
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->counts_count; i++) {
        const made_count *c = &p->counts[i];
        count += !c->everyone && c->tally == tally && c->time_ms >= since_ms;
    }
    return count;
}

static uint64_t of_everyone(void *context, uint64_t tally, int64_t since_ms) {
    const made_person *p = context;
    uint64_t count = 0;
    for (uint32_t i = 0; i < p->counts_count; i++) {
        const made_count *c = &p->counts[i];
        count += c->everyone && c->tally == tally && c->time_ms >= since_ms;
    }
    return count;
}

static void draw_counts(uint64_t *seed, const bundle *b, int64_t now_ms, arena *a, made_person *p) {
    if (!b->caps_count || made_chance(seed, 30)) return;
    p->counts = arena_array(a, b->caps_count, sizeof *p->counts);
    must(p->counts != NULL);
    for (uint64_t i = made_below(seed, b->caps_count); i > 0; i--) {
        const bundle_cap *cap = &b->caps[made_below(seed, b->caps_count)];
        p->counts[p->counts_count++] = (made_count){cap->tally, some_time_of_cap(seed, b, cap, now_ms), cap->everyone};
    }
}

made_person *made_person_draw(uint64_t *seed, const bundle *b, int64_t now_ms, arena *a) {
    made_person *p = ARENA_NEW(a, made_person);
    must(p != NULL);
    if (made_chance(seed, 85)) draw_known(seed, b, now_ms, a, p);
    if (!p->known && made_chance(seed, 70)) {
        const char *unit = arena_printf(a, "cookie:%" PRIu64, made_below(seed, 100000));
        must(unit != NULL);
        p->unit = tact_str_from(unit);
    }
    draw_counts(seed, b, now_ms, a, p);
    p->person.unit = p->unit;
    if (p->counts_count) p->person.counts = (decide_counts){of_person, of_everyone, p};
    return p;
}

// ---- Requests -------------------------------------------------------------------------------------------------------

decide_request made_request_draw(uint64_t *seed, const bundle *b, int64_t now_ms, arena *a) {
    decide_request request = {.now_ms = now_ms, .seed = made_below(seed, UINT64_MAX), .past = made_chance(seed, 25)};
    uint32_t *placements = arena_array(a, b->placements_count, sizeof *placements);
    tact_value *context = arena_zalloc(a, b->context_count * sizeof *context);
    decide_event *events = arena_array(a, EVENTS, sizeof *events);
    must(placements && context && events);
    for (uint32_t i = 0; i < b->placements_count; i++) { // some of them, in any order
        uint32_t at = (uint32_t)made_below(seed, i + 1);
        placements[i] = placements[at];
        placements[at] = i;
    }
    request.placements = placements;
    request.placements_count = 1 + (uint32_t)made_below(seed, b->placements_count);
    for (uint32_t i = 0; i < b->context_count; i++) {
        const bundle_context *c = &b->context[i];
        if (made_chance(seed, 60)) context[i] = some_of(seed, c->type, c->allowed, c->allowed_count, now_ms, a);
    }
    if (made_chance(seed, 80)) request.context = context;
    if (!made_chance(seed, 40)) return request;
    request.events = events;
    request.events_count = 1 + (uint32_t)made_below(seed, EVENTS);
    for (uint32_t i = 0; i < request.events_count; i++) {
        decide_event *e = &events[i];
        *e = (decide_event){.event = (uint32_t)made_below(seed, b->schema->events_count), .offer = -1, .placement = -1};
        e->values = some_properties(seed, &b->schema->events[e->event], now_ms, a, &e->values_count);
        if (made_chance(seed, 60)) e->offer = (int32_t)made_below(seed, b->offers_count);
        if (made_chance(seed, 60)) e->placement = (int32_t)made_below(seed, b->placements_count);
    }
    return request;
}

// ---- As people read them --------------------------------------------------------------------------------------------

static void print_value(buf *out, tact_value v) {
    arena a;
    arena_init(&a, 0);
    tact_str text = v.kind == TACT_ERROR ? (tact_str){NULL, 0} : tact_value_print(v, &a);
    if (v.kind == TACT_ERROR) buf_printf(out, "%s", tact_fault_name((tact_fault)v.len));
    buf_add_str(out, text);
    arena_fini(&a);
}

static void print_caps(buf *out, const bundle *b, uint64_t tally) {
    for (uint32_t i = 0; i < b->caps_count; i++) {
        if (b->caps[i].tally == tally) buf_printf(out, " %.*s", NAME(b->caps[i].path));
    }
}

void made_person_print(buf *out, const bundle *b, const made_person *p) {
    buf_printf(out, "unit: %.*s%s\n", NAME(p->unit), p->known ? "" : " (nobody is known)");
    for (uint32_t i = 0; p->known && i < p->known->facts_count; i++) {
        const strand_fact *f = &p->known->facts[i];
        buf_printf(out, "  %.*s at %" PRId64 ": ", NAME(b->schema->attributes[f->attribute].name), f->time_ms);
        print_value(out, f->value);
        buf_add_char(out, '\n');
    }
    for (uint32_t i = 0; p->known && i < p->known->consents_count; i++) {
        const strand_consent *c = &p->known->consents[i];
        buf_printf(out, "  consent %.*s: %s until %" PRId64 "\n", NAME(b->schema->purposes[c->purpose].name),
                   command_consent_name(c->state), c->expires_ms);
    }
    for (uint32_t i = 0; p->known && i < p->known->tallies_count; i++) {
        const strand_state *t = &p->known->tallies[i];
        buf_printf(out, "  counted %u:", tally_since(t->state, INT64_MIN));
        print_caps(out, b, t->key);
        for (size_t at = 8; at + 8 <= t->state.len; at += 8) {
            int64_t time_ms;
            memcpy(&time_ms, t->state.ptr + at, sizeof time_ms);
            buf_printf(out, " %" PRId64, time_ms);
        }
        buf_add_char(out, '\n');
    }
    for (uint32_t i = 0; i < p->counts_count; i++) {
        buf_printf(out, "  counted since%s at %" PRId64 ":", p->counts[i].everyone ? " by everyone" : "",
                   p->counts[i].time_ms);
        print_caps(out, b, p->counts[i].tally);
        buf_add_char(out, '\n');
    }
}

void made_request_print(buf *out, const bundle *b, const decide_request *request) {
    buf_printf(out, "now: %" PRId64 "\nseed: %" PRIu64 "\nplacements:", request->now_ms, request->seed);
    for (uint32_t i = 0; i < request->placements_count; i++) {
        buf_printf(out, " %.*s", NAME(b->placements[request->placements[i]].name));
    }
    buf_add_char(out, '\n');
    for (uint32_t i = 0; request->context && i < b->context_count; i++) {
        if (request->context[i].kind == TACT_UNRESOLVED) continue;
        buf_printf(out, "  context %.*s: ", NAME(b->context[i].name));
        print_value(out, request->context[i]);
        buf_add_char(out, '\n');
    }
    for (uint32_t i = 0; i < request->events_count; i++) {
        const decide_event *e = &request->events[i];
        buf_printf(out, "  event %.*s", NAME(b->schema->events[e->event].name));
        if (e->offer >= 0) buf_printf(out, " of %.*s", NAME(b->offers[e->offer].name));
        if (e->placement >= 0) buf_printf(out, " at %.*s", NAME(b->placements[e->placement].name));
        for (uint32_t k = 0; k < e->values_count; k++) {
            buf_printf(out, " %.*s: ", NAME(b->schema->events[e->event].properties[e->values[k].number].name));
            print_value(out, e->values[k].value);
        }
        buf_add_char(out, '\n');
    }
}
