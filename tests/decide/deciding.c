// SPDX-License-Identifier: Apache-2.0
#include "deciding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "value/value.h"

void deciding_open(deciding *d, const char *text) {
    *d = (deciding){.known = false};
    open_built(&d->c, text);
    d->bundle = d->c.bundle;
    d->context = arena_zalloc(&d->c.memory, (d->bundle->context_count + 1) * sizeof *d->context);
    assert_non_null(d->context);
    for (uint32_t i = 0; i < d->bundle->placements_count; i++) d->placements[i] = i;
    d->strand = (strand){.id = 7, .identity = TACT_STR("4711"), .created_ms = DECIDING_NOW - 400 * DECIDING_DAY};
    d->request = (decide_request){.placements = d->placements,
                                  .placements_count = d->bundle->placements_count,
                                  .context = d->context,
                                  .events = d->events,
                                  .now_ms = DECIDING_NOW};
}

void deciding_close(deciding *d) {
    case_close(&d->c);
}

uint32_t deciding_offer(const deciding *d, const char *name) {
    int32_t offer = bundle_find_offer(d->bundle, tact_str_from(name));
    assert_true(offer >= 0);
    return (uint32_t)offer;
}

uint32_t deciding_placement(const deciding *d, const char *name) {
    int32_t placement = bundle_find_placement(d->bundle, tact_str_from(name));
    assert_true(placement >= 0);
    return (uint32_t)placement;
}

// ---- The request ----------------------------------------------------------------------------------------------------

void deciding_ask(deciding *d, ...) {
    va_list names;
    va_start(names, d);
    d->request.placements_count = 0;
    for (const char *name = va_arg(names, const char *); name; name = va_arg(names, const char *)) {
        d->placements[d->request.placements_count++] = deciding_placement(d, name);
    }
    va_end(names);
}

void deciding_context(deciding *d, const char *name, tact_value v) {
    int32_t number = bundle_find_context(d->bundle, tact_str_from(name));
    assert_true(number >= 0);
    d->context[number] = v;
}

static int32_t event_of(const deciding *d, const char *name) {
    int32_t event = schema_find_event(d->bundle->schema, tact_str_from(name));
    assert_true(event >= 0);
    return event;
}

static int32_t number_or_none(uint32_t (*find)(const deciding *, const char *), const deciding *d, const char *name) {
    return name ? (int32_t)find(d, name) : -1;
}

void deciding_carry(deciding *d, const char *event, const char *offer, const char *placement) {
    d->events[d->request.events_count++] = (decide_event){
        .event = (uint32_t)event_of(d, event),
        .offer = number_or_none(deciding_offer, d, offer),
        .placement = number_or_none(deciding_placement, d, placement)};
}

// ---- The person -----------------------------------------------------------------------------------------------------

static void apply(deciding *d, command c) {
    tact_error error = {.text = ""};
    c.source = SCHEMA_SOURCE_NONE;
    d->known = true;
    if (strand_apply(&d->c.memory, &d->strand, &c, d->bundle->schema, &error)) fail_msg("%s", error.text);
}

void deciding_set(deciding *d, const char *attribute, tact_value v, int64_t time_ms) {
    int32_t number = schema_find_attribute(d->bundle->schema, tact_str_from(attribute));
    assert_true(number >= 0);
    const command_value value = {(uint16_t)number, v};
    apply(d, (command){.kind = COMMAND_SET, .time_ms = time_ms, .values = &value, .values_count = 1});
}

void deciding_say(deciding *d, const char *purpose, consent_state state) {
    int32_t number = schema_find_purpose(d->bundle->schema, tact_str_from(purpose));
    assert_true(number >= 0);
    const command_consent said = {.purpose = (uint16_t)number, .state = (uint8_t)state, .explicit_ = true};
    apply(d, (command){.kind = COMMAND_CONSENT, .time_ms = DECIDING_NOW, .consents = &said, .consents_count = 1});
}

void deciding_happened(deciding *d, const char *event, int64_t time_ms) {
    apply(d, (command){.kind = COMMAND_EVENT, .time_ms = time_ms, .event = (uint16_t)event_of(d, event)});
}

void deciding_counted(deciding *d, bundle_count on, const char *offer, const char *placement, int64_t time_ms) {
    decide_count counts[64];
    uint32_t count = decide_tallies(d->bundle, on, -1, number_or_none(deciding_offer, d, offer),
                                    number_or_none(deciding_placement, d, placement), counts, 64);
    for (uint32_t i = 0; i < count; i++) {
        apply(d,
              (command){.kind = COMMAND_COUNT, .time_ms = time_ms, .tally = counts[i].tally, .keep = counts[i].keep});
    }
}

static void make_record(deciding *d) {
    const strand *all[] = {&d->strand};
    merged m;
    buf out = buf_in(&d->c.memory);
    tact_error error = {.text = ""};
    assert_int_equal(merge_strands(&d->c.memory, all, 1, d->bundle->schema, &m), TACT_OK);
    assert_int_equal(record_build(&out, &m, d->bundle->schema, &error), TACT_OK);
    assert_int_equal(record_open(buf_done(&out), &d->record, &error), TACT_OK);
    d->person.record = &d->record;
    if (!d->person.unit.len) d->person.unit = record_unit(&d->record);
}

// ---- Deciding -------------------------------------------------------------------------------------------------------

static const char *text_of(deciding *d, const decide_answer *a) {
    buf out = buf_in(&d->c.memory);
    for (uint32_t i = 0; i < a->places_count; i++) {
        const decide_place *p = &a->places[i];
        tact_str name = d->bundle->placements[p->placement].name;
        buf_printf(&out, "%s%.*s:", i ? "; " : "", (int)name.len, name.ptr);
        for (uint32_t k = 0; k < p->choices_count; k++) {
            name = d->bundle->offers[p->choices[k].offer].name;
            buf_printf(&out, " %.*s%s", (int)name.len, name.ptr, p->choices[k].fallback ? " (fallback)" : "");
        }
    }
    return buf_done(&out).ptr;
}

// Every candidate is shown, or some stage has removed it.
static void assert_accounted(const deciding *d, const decide_answer *x) {
    uint32_t candidates = 0, found = 0;
    for (uint32_t i = 0; i < x->places_count; i++) {
        const decide_place *p = &x->places[i];
        candidates += d->bundle->placements[p->placement].contents_count;
        for (uint32_t k = 0; k < p->choices_count; k++) found += !p->choices[k].fallback;
    }
    for (int i = 0; i < BUNDLE_STAGES; i++) found += x->removed[i];
    assert_int_equal(found, d->request.late ? 0 : candidates);
}

static bool same_double(double x, double y) {
    return memcmp(&x, &y, sizeof x) == 0;
}

static void assert_alike(const deciding *d, const decide_answer *x, const decide_answer *y) {
    assert_true(x->held_out == y->held_out && x->arms_count == y->arms_count && x->counts_count == y->counts_count);
    for (uint32_t i = 0; i < x->arms_count; i++) assert_memory_equal(&x->arms[i], &y->arms[i], sizeof *x->arms);
    for (uint32_t i = 0; i < x->counts_count; i++) {
        const decide_count *a = &x->counts[i], *b = &y->counts[i];
        assert_true(a->tally == b->tally && a->keep == b->keep && a->everyone == b->everyone);
    }
    for (uint32_t i = 0; i < x->places_count; i++) {
        const decide_place *a = &x->places[i], *b = &y->places[i];
        assert_true(a->placement == b->placement && a->ranking == b->ranking && a->choices_count == b->choices_count);
        for (uint32_t k = 0; k < a->choices_count; k++) {
            const decide_choice *c = &a->choices[k], *e = &b->choices[k];
            assert_true(c->offer == e->offer && c->content == e->content && c->fallback == e->fallback);
            assert_true(same_double(c->score, e->score) && same_double(c->propensity, e->propensity));
            for (uint32_t f = 0; f < d->bundle->placements[a->placement].fields_count; f++) {
                assert_int_equal(c->fields[f].kind, e->fields[f].kind);
                assert_true(c->fields[f].kind == TACT_NULL || tact_value_equal(c->fields[f], e->fields[f]));
            }
        }
    }
}

static void run(deciding *d, const decide_observer *o, decide_answer *out) {
    tact_error error = {.text = ""};
    if (d->known) make_record(d);
    if (decide_run(d->bundle, &d->request, &d->person, &d->c.memory, o, out, &error)) fail_msg("%s", error.text);
}

const char *deciding_run(deciding *d) {
    const decide_observer nobody = {.context = NULL};
    decide_answer observed;
    run(d, NULL, &d->answer);
    run(d, &nobody, &observed);
    assert_alike(d, &d->answer, &observed);
    assert_accounted(d, &d->answer);
    assert_accounted(d, &observed);
    return text_of(d, &d->answer);
}

typedef struct seeker {
    deciding *d;
    uint32_t offer;
    const char *found;
} seeker;

static void removes(void *context, uint32_t place, uint32_t offer, bundle_stage stage, const decide_why *why) {
    seeker *s = context;
    const deciding *d = s->d;
    (void)place;
    if (offer != s->offer || s->found) return;
    buf out = buf_in(&s->d->c.memory);
    buf_add_text(&out, bundle_stage_name(stage));
    if (why->rule) {
        buf_printf(&out, " %.*s ", (int)why->rule->path.len, why->rule->path.ptr);
        if (why->value.kind == TACT_ERROR) {
            buf_add_text(&out, tact_fault_name((tact_fault)why->value.len));
        } else {
            value_print(&out, why->value);
        }
    }
    if (why->cap) {
        buf_printf(&out, " %.*s %d", (int)why->cap->path.len, why->cap->path.ptr, (int)why->counted);
    }
    if (why->other >= 0) {
        tact_str name = d->bundle->placements[why->other].name;
        buf_printf(&out, " %.*s", (int)name.len, name.ptr);
    }
    s->found = buf_done(&out).ptr;
}

const char *deciding_why(deciding *d, const char *offer) {
    seeker s = {d, deciding_offer(d, offer), NULL};
    const decide_observer o = {.context = &s, .removes = removes};
    decide_answer answer;
    run(d, &o, &answer);
    return s.found;
}
