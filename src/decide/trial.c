// SPDX-License-Identifier: Apache-2.0
//
// The person is made the way the store makes one, of a strand to which commands are applied, so that a test and a
// decision never read differently. Whoever watches the decision keeps the fate of those offers alone that the test
// names.
#include "decide/trial.h"

#include "decide/caps.h"
#include "decide/decide.h"
#include "value/value.h"

#define NAME(s) (int)(s).len, (s).ptr

typedef struct occurrence { // of what a counter counts
    uint64_t tally;
    int64_t time_ms;
} occurrence;

typedef struct fate { // of an offer that the test names, at the placement at hand
    uint32_t offer;
    bool removed;
    bundle_stage stage;
    decide_why why;
} fate;

typedef struct trial {
    const bundle *bundle;
    const bundle_test *test;
    report *report;
    arena arena;
    strand strand;
    record record;
    occurrence *occurrences;
    uint32_t occurrences_count, occurrences_room;
    fate *fates;
    uint32_t fates_count;
    uint32_t failures;
} trial;

static void fail(trial *t, cel_span at, const char *hint, const char *text) {
    t->failures++;
    if (!text) {
        report_no_memory(t->report);
        return;
    }
    report_path(t->report, "tests[%u]", (uint32_t)(t->test - t->bundle->tests));
    report_add(t->report, REPORT_TEST, at, hint, "the test `%.*s`: %s", NAME(t->test->name), text);
}

// ---- The person -----------------------------------------------------------------------------------------------------

static tact_err apply(trial *t, command *c, tact_error *error) {
    c->source = SCHEMA_SOURCE_NONE;
    return strand_apply(&t->arena, &t->strand, c, t->bundle->schema, error);
}

static tact_err add_values(trial *t, tact_error *error) {
    const bundle_test *test = t->test;
    command_value *values = arena_array(&t->arena, test->values_count, sizeof *values);
    if (!values) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < test->values_count; i++) {
        values[i] = (command_value){(uint16_t)test->values[i].number, test->values[i].value};
    }
    command c = {.kind = COMMAND_SET, .time_ms = test->now_ms, .values = values, .values_count = test->values_count};
    return test->values_count ? apply(t, &c, error) : TACT_OK;
}

static tact_err add_consents(trial *t, tact_error *error) {
    const bundle_test *test = t->test;
    command_consent *consents = arena_array(&t->arena, test->consents_count, sizeof *consents);
    if (!consents) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < test->consents_count; i++) {
        consents[i] = (command_consent){.purpose = (uint16_t)test->consents[i].purpose,
                                        .state = test->consents[i].granted ? CONSENT_GRANTED : CONSENT_DENIED,
                                        .explicit_ = true};
    }
    command c = {
        .kind = COMMAND_CONSENT, .time_ms = test->now_ms, .consents = consents, .consents_count = test->consents_count};
    return test->consents_count ? apply(t, &c, error) : TACT_OK;
}

static tact_err add_occurrence(trial *t, const decide_count *count, int64_t time_ms, tact_error *error) {
    if (t->occurrences_count == t->occurrences_room) {
        uint32_t room = t->occurrences_room ? 2 * t->occurrences_room : CAPS_OF_CHOICE_MAX;
        occurrence *more = arena_extend(&t->arena, t->occurrences, t->occurrences_count, room, sizeof *more);
        if (!more) return TACT_NO_MEMORY;
        t->occurrences = more;
        t->occurrences_room = room;
    }
    t->occurrences[t->occurrences_count++] = (occurrence){count->tally, time_ms};
    command c = {.kind = COMMAND_COUNT, .time_ms = time_ms, .tally = count->tally, .keep = count->keep};
    return apply(t, &c, error);
}

// What it counts for caps, and, if it is one of the schema's, what it adds to aggregates.
static tact_err add_event(trial *t, const bundle_test_event *e, tact_error *error) {
    decide_count counts[CAPS_OF_CHOICE_MAX];
    uint32_t count = decide_tallies(t->bundle, (bundle_count)e->on, e->event, e->offer, e->placement, counts,
                                    CAPS_OF_CHOICE_MAX);
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < count && !err; i++) err = add_occurrence(t, &counts[i], e->time_ms, error);
    if (e->on != BUNDLE_ON_EVENT || err) return err;
    command_value *values = arena_array(&t->arena, e->properties_count, sizeof *values);
    if (!values) return TACT_NO_MEMORY;
    command c = {.kind = COMMAND_EVENT, .time_ms = e->time_ms, .event = (uint16_t)e->event, .values = values};
    for (uint32_t i = 0; i < e->properties_count; i++) {
        if (e->properties[i].kind == TACT_NULL) continue;
        values[c.values_count++] = (command_value){(uint16_t)i, e->properties[i]};
    }
    return apply(t, &c, error);
}

static tact_err make_person(trial *t, tact_error *error) {
    const strand *all[] = {&t->strand};
    merged m;
    buf out = buf_in(&t->arena);
    t->strand = (strand){.id = 1, .created_ms = t->test->now_ms};
    tact_err err = add_values(t, error);
    if (!err) err = add_consents(t, error);
    for (uint32_t i = 0; i < t->test->events_count && !err; i++) err = add_event(t, &t->test->events[i], error);
    if (!err) err = merge_strands(&t->arena, all, 1, t->bundle->schema, &m);
    if (err) return err;
    m.identities_count = 0; // the person has none
    err = record_build(&out, &m, t->bundle->schema, error);
    tact_str bytes = buf_done(&out);
    if (!err && !bytes.ptr) err = TACT_NO_MEMORY;
    return err ? err : record_open(bytes, &t->record, error);
}

static uint64_t count_everyone(void *context, uint64_t tally, int64_t since_ms) {
    const trial *t = context;
    uint64_t count = 0;
    for (uint32_t i = 0; i < t->occurrences_count; i++) {
        count += t->occurrences[i].tally == tally && t->occurrences[i].time_ms >= since_ms;
    }
    return count;
}

// ---- Fates ----------------------------------------------------------------------------------------------------------

static fate *find_fate(trial *t, uint32_t offer) {
    uint32_t i = 0;
    while (i < t->fates_count && t->fates[i].offer != offer) i++;
    return i < t->fates_count ? &t->fates[i] : NULL;
}

static void watch(trial *t, uint32_t offer) {
    if (!find_fate(t, offer)) t->fates[t->fates_count++] = (fate){.offer = offer};
}

// Those that the test names.
static bool begin_fates(trial *t, const bundle_test_decision *d) {
    t->fates_count = 0;
    t->fates = arena_array(&t->arena, (size_t)d->expected_count + t->test->reasons_count, sizeof *t->fates);
    if (!t->fates) return false;
    for (uint32_t i = 0; i < d->expected_count; i++) watch(t, d->expected[i]);
    for (uint32_t i = 0; i < t->test->reasons_count; i++) watch(t, t->test->reasons[i].offer);
    return true;
}

static void removes(void *context, uint32_t place, uint32_t offer, bundle_stage stage, const decide_why *why) {
    fate *f = find_fate(context, offer);
    (void)place;
    if (!f) return;
    f->removed = true;
    f->stage = stage;
    f->why = *why;
}

static bool has_content(const bundle *b, uint32_t placement, uint32_t offer) {
    const bundle_placement *p = &b->placements[placement];
    for (uint32_t i = 0; i < p->contents_count; i++) {
        if (b->contents[p->contents[i]].offer == offer) return true;
    }
    return p->fallback == (int32_t)offer && p->fallback_content >= 0;
}

static bool is_shown(const decide_place *p, uint32_t offer) {
    for (uint32_t i = 0; i < p->choices_count; i++) {
        if (p->choices[i].offer == offer) return true;
    }
    return false;
}

// What kept an offer away that is not shown. A fallback is no candidate: others came before it.
static fate fate_of(trial *t, const bundle_test_decision *d, uint32_t offer) {
    const fate *f = find_fate(t, offer);
    fate is = {.offer = offer, .removed = true, .stage = BUNDLE_STAGE_RANK, .why = {.other = -1}};
    if (f && f->removed) return *f;
    if (!has_content(t->bundle, d->placement, offer)) is.stage = BUNDLE_STAGE_CONTENT;
    return is;
}

// ---- In words -------------------------------------------------------------------------------------------------------

static void tell_rule(trial *t, buf *out, const bundle_rule *rule, tact_value v) {
    tact_cel_diagnostic d = {0};
    buf_printf(out, "`%.*s` of %.*s", NAME(rule->text), NAME(rule->path));
    if (v.kind != TACT_ERROR) {
        buf_add_text(out, " is ");
        value_print(out, v);
    } else if (tact_cel_explain_fault(rule->program, v, &d, &t->arena)) {
        buf_printf(out, " has no value: %s", d.text);
    }
}

static void tell_content(trial *t, buf *out, const bundle_test_decision *d, const fate *f) {
    const bundle_placement *p = &t->bundle->placements[d->placement];
    if (!has_content(t->bundle, d->placement, f->offer)) {
        buf_printf(out, "it has no content for `%.*s`", NAME(p->name));
    } else {
        buf_printf(out, "its `%.*s` has no value", NAME(p->fields[f->why.text].name));
    }
}

static void tell_stage(trial *t, buf *out, const bundle_test_decision *d, const fate *f) {
    const bundle_offer *o = &t->bundle->offers[f->offer];
    switch (f->stage) {
    case BUNDLE_STAGE_CONTENT: tell_content(t, out, d, f); break;
    case BUNDLE_STAGE_DATES:
        buf_add_text(out, t->test->now_ms < o->starts_ms ? "it has not started yet" : "it has ended");
        break;
    case BUNDLE_STAGE_CONSENT:
        buf_printf(out, "`%.*s` is not granted", NAME(t->bundle->schema->purposes[o->purpose].name));
        break;
    case BUNDLE_STAGE_CAPS:
        buf_printf(out, "%.*s leaves no room: %llu of %u", NAME(f->why.cap->path), (unsigned long long)f->why.counted,
                   f->why.cap->max);
        break;
    case BUNDLE_STAGE_RANK: buf_add_text(out, "others came before it"); break;
    case BUNDLE_STAGE_ELIGIBLE:
    case BUNDLE_STAGE_APPLICABLE:
    case BUNDLE_STAGE_SUITABLE:
    case BUNDLE_STAGE_SCORE: tell_rule(t, out, f->why.rule, f->why.value); break;
    default: buf_add_text(out, "it was removed"); break;
    }
}

// "womens_winter was removed at `consent`: `marketing` is not granted"; NULL if memory ran out. In the report's arena.
static const char *tell_fate(trial *t, const bundle_test_decision *d, uint32_t offer) {
    buf out = buf_in(t->report->arena);
    if (t->bundle->offers[offer].fallback) {
        buf_printf(&out, "%.*s is a fallback: it is shown where nothing else is left",
                   NAME(t->bundle->offers[offer].name));
        return buf_done(&out).ptr;
    }
    fate f = fate_of(t, d, offer);
    buf_printf(&out, "%.*s was removed at `%s`: ", NAME(t->bundle->offers[offer].name), bundle_stage_name(f.stage));
    tell_stage(t, &out, d, &f);
    return buf_done(&out).ptr;
}

// ---- Comparing ------------------------------------------------------------------------------------------------------

static void add_offers(const trial *t, buf *out, const uint32_t *offers, uint32_t count) {
    buf_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(out, "%s%.*s", i ? ", " : "", NAME(t->bundle->offers[offers[i]].name));
    }
    buf_add_char(out, ']');
}

static void compare_expected(trial *t, const bundle_test_decision *d, const decide_place *p) {
    uint32_t came[BUNDLE_SLOTS_OF_PLACEMENT];
    for (uint32_t i = 0; i < p->choices_count; i++) came[i] = p->choices[i].offer;
    bool alike = p->choices_count == d->expected_count;
    for (uint32_t i = 0; i < d->expected_count && alike; i++) alike = came[i] == d->expected[i];
    if (!d->expects || alike) return;
    const char *hint = NULL; // of the first that did not come
    for (uint32_t i = 0; i < d->expected_count && !hint; i++) {
        if (!is_shown(p, d->expected[i])) hint = tell_fate(t, d, d->expected[i]);
    }
    buf out = buf_in(t->report->arena);
    buf_printf(&out, "`%.*s` was to show ", NAME(t->bundle->placements[d->placement].name));
    add_offers(t, &out, d->expected, d->expected_count);
    buf_add_text(&out, " and shows ");
    add_offers(t, &out, came, p->choices_count);
    fail(t, d->at, hint, buf_done(&out).ptr);
}

// Whether anything is to be said of why an offer is not at this placement: not where it brings no content, unless that
// is what is said.
static bool is_asked(const trial *t, const bundle_test_decision *d, const bundle_test_reason *reason) {
    return reason->stage == BUNDLE_STAGE_CONTENT || has_content(t->bundle, d->placement, reason->offer);
}

static void compare_reason(trial *t, const bundle_test_decision *d, const decide_place *p,
                           const bundle_test_reason *reason) {
    tact_str offer = t->bundle->offers[reason->offer].name, place = t->bundle->placements[d->placement].name;
    const char *stage = bundle_stage_name(reason->stage), *hint = NULL, *text;
    if (is_shown(p, reason->offer)) {
        text = arena_printf(t->report->arena, "`%s` was to keep %.*s away, and `%.*s` shows it", stage, NAME(offer),
                            NAME(place));
    } else if (fate_of(t, d, reason->offer).stage != reason->stage) {
        hint = tell_fate(t, d, reason->offer);
        text = arena_printf(t->report->arena, "`%s` was to keep %.*s away from `%.*s`, and something else did", stage,
                            NAME(offer), NAME(place));
    } else {
        return;
    }
    fail(t, reason->at, hint, text);
}

// Without content anywhere nothing was looked at: then `content` alone is right.
static void compare_unasked(trial *t, const bundle_test_reason *reason) {
    for (uint32_t i = 0; i < t->test->decisions_count; i++) {
        if (is_asked(t, &t->test->decisions[i], reason)) return;
    }
    const char *text = arena_printf(t->report->arena,
                                    "`%s` was to keep %.*s away, which has no content for any "
                                    "placement that is decided",
                                    bundle_stage_name(reason->stage), NAME(t->bundle->offers[reason->offer].name));
    fail(t, reason->at, "the reason is `content`", text);
}

// ---- The whole ------------------------------------------------------------------------------------------------------

static tact_err decide_one(trial *t, const bundle_test_decision *d, tact_error *error) {
    const decide_observer o = {.context = t, .removes = removes};
    const decide_person person = {
        .record = &t->record, .unit = {"", 0}, .counts = {.of_everyone = count_everyone, .context = t}};
    tact_value *context = arena_zalloc(&t->arena, (t->bundle->context_count + 1) * sizeof *context);
    decide_answer answer;
    if (!context || !begin_fates(t, d)) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < d->context_count; i++) context[d->context[i].number] = d->context[i].value;
    const decide_request request = {
        .placements = &d->placement, .placements_count = 1, .context = context, .now_ms = t->test->now_ms};
    tact_err err = decide_run(t->bundle, &request, &person, &t->arena, &o, &answer, error);
    if (err) return err;
    compare_expected(t, d, answer.places);
    for (uint32_t i = 0; i < t->test->reasons_count; i++) {
        const bundle_test_reason *reason = &t->test->reasons[i];
        if (is_asked(t, d, reason)) compare_reason(t, d, answer.places, reason);
    }
    return TACT_OK;
}

// Whether all came true.
static bool passes(const bundle *b, const bundle_test *test, report *r) {
    trial t = {.bundle = b, .test = test, .report = r};
    tact_error error = {.text = "memory ran out"};
    arena_init(&t.arena, r->arena->bytes_max);
    tact_err err = make_person(&t, &error);
    for (uint32_t i = 0; i < test->decisions_count && !err; i++) err = decide_one(&t, &test->decisions[i], &error);
    for (uint32_t i = 0; i < test->reasons_count && !err; i++) compare_unasked(&t, &test->reasons[i]);
    if (err == TACT_NO_MEMORY) {
        report_no_memory(r);
    } else if (err) {
        fail(&t, test->at, NULL, error.text);
    }
    report_path(r, NULL);
    arena_fini(&t.arena);
    return !err && !t.failures;
}

uint32_t trial_run(const bundle *b, report *r) {
    uint32_t failed = 0;
    for (uint32_t i = 0; i < b->tests_count; i++) failed += !passes(b, &b->tests[i], r);
    return failed;
}
