// SPDX-License-Identifier: Apache-2.0
//
// `tact show`: everything about one offer, and what its group, channels, placements and segments add to it.
#include "base/near.h"
#include "base/utf8.h"
#include "bundle/bundle.h"
#include "cel/zone.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/rules.h"
#include "cli/table.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,   "db",   "DIR", "of the bundle that is active in this store, or of one of its versions") \
    X(HELP, "help", NULL,  "show this")
// clang-format on

enum {
#define X(name, text, argument, summary) OPT_##name,
    OPTIONS(X)
#undef X
        OPTS_COUNT
};

static const cli_opt options[] = {
#define X(name, text, argument, summary) {text, argument, summary},
    OPTIONS(X)
#undef X
};

static const cli_usage usage = {
    .line = "tact show OFFER (DIR | [VERSION] --db DIR)",
    .about =
        "Shows an offer: its rules and those of its group as they are written, every limit on it, its content for\n"
        "each placement and how it is ranked there, and all that may have to be known of a person for it.\n"
        "\n"
        "  tact show womens_winter rules/shop\n"
        "  tact show womens_winter --db data\n"
        "  tact show womens_winter shop@3 --db data\n"
        "\n"
        "Ends with 0; with 1 if there is no such offer, or the bundle has faults; with 2 if the command line is\n"
        "wrong; with 3 if a folder cannot be read.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 2,
};

typedef struct showing {
    arena *a;
    buf out;
    const bundle *b;
    const bundle_offer *o;
    const bundle_group *group; // NULL: none
    bool *needs;               // by slot
} showing;

// ---- Words ----------------------------------------------------------------------------------------------------------

static tact_str words(showing *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static tact_str words(showing *s, const char *format, ...) {
    buf b = buf_in(s->a);
    va_list args;
    va_start(args, format);
    buf_vprintf(&b, format, args);
    va_end(args);
    tact_str text = buf_done(&b);
    s->out.failed |= !text.ptr;
    return text.ptr ? text : TACT_STR("");
}

#define TEXT(str) (int)(str).len, (str).ptr

// The largest unit that it is a whole number of.
static tact_str span_words(showing *s, int64_t ms) {
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    enum { UNITS = sizeof units / sizeof *units };
    int i = 0;
    while (i < UNITS - 1 && ms % units[i].ms != 0) i++;
    return words(s, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
}

// "3 impressions every 7d", "1 purchase per day, for everyone".
static tact_str cap_words(showing *s, const bundle_cap *c) {
    static const char *const counted[] = {"decision", "impression", "click"};
    static const char *const periods[] = {"ever", "every ", "per hour", "per day", "per week", "per month", "per year"};
    tact_str on = c->on == BUNDLE_ON_EVENT ? s->b->schema->events[c->event].name : tact_str_from(counted[c->on]);
    tact_str every = c->period == BUNDLE_SLIDING ? span_words(s, c->every_ms) : TACT_STR("");
    return words(s, "%u %.*s%s %s%.*s%s", c->max, TEXT(on), c->max == 1 ? "" : "s", periods[c->period], TEXT(every),
                 c->everyone ? ", for everyone" : "");
}

static tact_str number_words(showing *s, double d) {
    buf b = buf_in(s->a);
    value_print(&b, tact_double(d));
    return words(s, "%s", buf_done(&b).ptr);
}

// On the clocks of the bundle's time zone, as it was written.
static tact_str time_words(showing *s, int64_t ms) {
    zone z = {NULL, 0};
    if (!zone_find(s->b->time_zone, &z)) z = (zone){NULL, 0};
    civil c = zone_civil(&z, ms / 1000);
    return words(s, "%04lld-%02d-%02d %02d:%02d %.*s", (long long)c.year, c.month, c.day, c.hour, c.minute,
                 TEXT(s->b->time_zone));
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

static void row(table *t, tact_str left, tact_str right) {
    table_add(t, left);
    table_add(t, right);
}

static void title(showing *s, const char *text) {
    buf_printf(&s->out, "\n%s\n", text);
}

// What a program reads, segments followed. Segments read only those before them, so this ends.
static void need(showing *s, const tact_cel_program *p) {
    uint32_t count;
    const uint32_t *slots = p ? tact_cel_program_slots(p, &count) : NULL;
    for (uint32_t i = 0; slots && i < count; i++) {
        if (s->needs[slots[i]]) continue;
        s->needs[slots[i]] = true;
        const bundle_slot *slot = &s->b->slots[slots[i]];
        if (slot->kind == BUNDLE_SLOT_SEGMENT) need(s, s->b->segments[slot->number].rule.program);
    }
}

static void add_rules(showing *s, table *t, const bundle_rule *rules, tact_str of) {
    static const char *const tiers[] = {"eligible", "applicable", "suitable"};
    for (int i = 0; i < BUNDLE_TIERS; i++) {
        if (!rules[i].program) continue;
        row(t, words(s, "%s%s%.*s", tiers[i], of.len ? ", group " : "", TEXT(of)), rules[i].text);
        need(s, rules[i].program);
    }
}

static void add_caps(showing *s, table *t, bundle_caps caps, const char *kind, tact_str name) {
    for (uint32_t i = 0; i < caps.count; i++) {
        row(t, words(s, "%s%s%.*s", kind, name.len ? " " : "", TEXT(name)), cap_words(s, &s->b->caps[caps.first + i]));
    }
}

static void print(showing *s, const char *heading, const table *t) {
    if (!t->rows) return;
    title(s, heading);
    table_print(&s->out, t, "  ");
}

// ---- Sections -------------------------------------------------------------------------------------------------------

static void show_head(showing *s, const char *place) {
    const bundle_offer *o = s->o;
    table t = table_in(s->a, 2);
    answer_add_shown(&s->out, o->name);
    if (!tact_str_equal(o->name, o->title)) {
        buf_add_text(&s->out, ": ");
        answer_add_shown(&s->out, o->title);
    }
    buf_add_char(&s->out, '\n');
    row(&t, TACT_STR("written in"), tact_str_from(place));
    if (o->fallback) row(&t, TACT_STR("is a fallback"), TACT_STR("shown where nothing else is left"));
    row(&t, TACT_STR("value"), number_words(s, o->value));
    if (o->weight != 0) row(&t, TACT_STR("weight"), number_words(s, o->weight));
    if (s->group) row(&t, TACT_STR("group"), s->group->name);
    if (o->purpose >= 0) row(&t, TACT_STR("purpose"), s->b->schema->purposes[o->purpose].name);
    if (o->starts_ms > 0) row(&t, TACT_STR("starts"), time_words(s, o->starts_ms));
    if (o->ends_ms < INT64_MAX) row(&t, TACT_STR("ends"), time_words(s, o->ends_ms));
    for (uint32_t i = BUNDLE_OFFER_BUILT_IN; i < s->b->offer_attributes_count; i++) {
        tact_value v = o->attributes[i];
        if (v.kind == TACT_ERROR) continue;
        row(&t, words(s, "offer.%.*s", TEXT(s->b->offer_attributes[i])), tact_value_print(v, s->a));
    }
    table_print(&s->out, &t, "  ");
}

static void show_rules(showing *s) {
    table t = table_in(s->a, 2);
    add_rules(s, &t, s->o->rules, TACT_STR(""));
    if (s->group) add_rules(s, &t, s->group->rules, s->group->name);
    print(s, "rules, all of which must hold", &t);
    t = table_in(s->a, 2);
    if (s->o->propensity.program) {
        row(&t, TACT_STR("propensity"), s->o->propensity.text);
        need(s, s->o->propensity.program);
    } else {
        row(&t, TACT_STR("propensity"), number_words(s, s->o->propensity_constant));
    }
    if (!s->o->fallback) print(s, "how likely it is taken", &t);
}

static void show_caps(showing *s) {
    const bundle *b = s->b;
    table t = table_in(s->a, 2);
    add_caps(s, &t, s->o->caps, "this offer", TACT_STR(""));
    if (s->group) add_caps(s, &t, s->group->caps, "group", s->group->name);
    bool *channels = arena_zalloc(s->a, b->channels_count + 1);
    s->out.failed |= !channels;
    for (uint32_t i = 0; channels && i < b->contents_count; i++) {
        const bundle_content *c = &b->contents[i];
        const bundle_placement *p = &b->placements[c->placement];
        if (&b->offers[c->offer] != s->o) continue;
        if (!channels[p->channel])
            add_caps(s, &t, b->channels[p->channel].caps, "channel", b->channels[p->channel].name);
        channels[p->channel] = true;
        add_caps(s, &t, p->caps, "placement", p->name);
    }
    if (!s->o->fallback) print(s, "limits, all of which must leave room", &t);
}

// The text as it was written, for the most part: `??` and blanks stand as they are understood.
static tact_str content_words(showing *s, const bundle_text *text) {
    if (text->value.kind != TACT_NULL) return tact_value_print(text->value, s->a);
    buf b = buf_in(s->a);
    for (uint32_t i = 0; i < text->count; i++) {
        const bundle_piece *piece = &text->pieces[i];
        if (!piece->program) {
            buf_add_str(&b, piece->text);
            continue;
        }
        buf_add_text(&b, "{{ ");
        for (; piece; piece = piece->otherwise) {
            buf_add_str(&b, piece->text);
            need(s, piece->program);
            if (piece->otherwise) buf_add_text(&b, " ?? ");
        }
        buf_add_text(&b, " }}");
    }
    tact_str done = buf_done(&b);
    return done.ptr ? done : TACT_STR("");
}

static void show_placement(showing *s, const bundle_content *c) {
    const bundle_placement *p = &s->b->placements[c->placement];
    const bundle_ranking *r = &s->b->rankings[p->ranking];
    tact_str channel = s->b->channels[p->channel].name;
    bool fallback = p->fallback >= 0 && &s->b->offers[p->fallback] == s->o;
    title(s, words(s, "placement %.*s, in %.*s, %u slot%s", TEXT(p->name), TEXT(channel), p->slots,
                   p->slots == 1 ? "" : "s")
                 .ptr);
    table t = table_in(s->a, 2);
    if (fallback) row(&t, TACT_STR("fallback"), TACT_STR("when nothing else is left"));
    if (!s->o->fallback) {
        row(&t, r->name.len ? words(s, "ranked by %.*s", TEXT(r->name)) : TACT_STR("ranked by"), r->rule.text);
        need(s, r->rule.program);
    }
    for (uint32_t i = 0; i < c->count; i++) {
        row(&t, p->fields[c->texts[i].field].name, content_words(s, &c->texts[i]));
    }
    table_print(&s->out, &t, "  ");
}

static void show_placements(showing *s) {
    bool any = false;
    for (uint32_t i = 0; i < s->b->contents_count; i++) {
        if (&s->b->offers[s->b->contents[i].offer] != s->o) continue;
        show_placement(s, &s->b->contents[i]);
        any = true;
    }
    if (!any) buf_add_text(&s->out, "\nit has no content for any placement, and is never shown\n");
}

static void show_segments(showing *s) {
    table t = table_in(s->a, 2);
    for (uint32_t i = 0; i < s->b->segments_count; i++) {
        const bundle_segment *segment = &s->b->segments[i];
        if (s->needs[segment->slot]) row(&t, segment->name, segment->rule.text);
    }
    print(s, "segments that these read", &t);
}

static tact_str purpose_of(const showing *s, const bundle_slot *slot) {
    const schema *sc = s->b->schema;
    int32_t purpose = slot->kind == BUNDLE_SLOT_ATTRIBUTE ? sc->attributes[slot->number].purpose : -1;
    return purpose >= 0 ? sc->purposes[purpose].name : TACT_STR("");
}

static void show_needs(showing *s) {
    table t = table_in(s->a, 2);
    if (s->o->purpose >= 0) {
        tact_str name = s->b->schema->purposes[s->o->purpose].name;
        row(&t, words(s, "consent to %.*s", TEXT(name)), TACT_STR("or it is not shown"));
    }
    for (uint32_t i = 0; i < s->b->slots_count; i++) {
        const bundle_slot *slot = &s->b->slots[i];
        bool known = slot->kind == BUNDLE_SLOT_ATTRIBUTE || slot->kind == BUNDLE_SLOT_AGGREGATE ||
                     slot->kind == BUNDLE_SLOT_CONSENT || slot->kind == BUNDLE_SLOT_CONTEXT;
        tact_str purpose = purpose_of(s, slot);
        if (!known || !s->needs[i]) continue;
        row(&t, slot->name, purpose.len ? words(s, "absent without consent to %.*s", TEXT(purpose)) : TACT_STR(""));
    }
    print(s, "what may have to be known for it", &t);
}

// ---- The command ----------------------------------------------------------------------------------------------------

static int complain_unknown(const bundle *b, const char *name) {
    utf8_shown shown;
    near n = near_to(tact_str_from(name));
    for (uint32_t i = 0; i < b->offers_count; i++) near_offer(&n, b->offers[i].name);
    const char *text = utf8_show(&shown, tact_str_from(name));
    if (n.best.len) {
        cli_complain("there is no offer `%s`; did you mean `%.*s`?", text, TEXT(n.best));
    } else {
        cli_complain("there is no offer `%s`", text);
    }
    return CLI_FAILED;
}

static int show(arena *a, const bundle *b, const char *name, report *r) {
    int32_t number = bundle_find_offer(b, tact_str_from(name));
    if (number < 0) return complain_unknown(b, name);
    showing s = {.a = a, .out = buf_in(a), .b = b, .o = &b->offers[number]};
    if (s.o->group >= 0) s.group = &b->groups[s.o->group];
    s.needs = arena_zalloc(a, b->slots_count + 1);
    const char *place = report_place(r, s.o->at);
    if (s.needs) {
        show_head(&s, place ? place : "");
        show_rules(&s);
        show_caps(&s);
        show_placements(&s);
        show_segments(&s);
        show_needs(&s);
    }
    tact_str text = buf_done(&s.out);
    if (!text.ptr || !s.needs) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

static int build_and_show(const char *name, const char *where, cli_folder *place) {
    arena a;
    publish_files f;
    bundle *b = NULL;
    arena_init(&a, 0);
    int code = rules_build(&f, &a, where, place, &b);
    if (!code) code = show(&a, b, name, &f.report);
    bundle_free(b);
    arena_fini(&a);
    return code;
}

int cmd_show(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[2] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!operands[0]) return cli_complain("an offer is needed; usage: %s", usage.line);
    if (!given[OPT_DB] && !operands[1]) {
        return cli_complain("a folder of rules or `--db DIR` is needed; usage: %s", usage.line);
    }
    if (!given[OPT_DB]) return build_and_show(operands[0], operands[1], NULL);
    cli_folder place;
    int code = folder_open(&place, given[OPT_DB], NULL, true);
    if (!code) code = build_and_show(operands[0], operands[1] ? operands[1] : "active", &place);
    folder_close(&place);
    return code;
}
