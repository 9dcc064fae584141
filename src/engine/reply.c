// SPDX-License-Identifier: Apache-2.0
//
// Answers as values.
#include "engine/reply.h"

#include <math.h>

#include "base/clock.h"

// Names have no more bytes than a token takes, see bundle/draft.h.
static tact_value token_of(form *f, const decision *d, const bundle_offer *offer, const bundle_placement *placement) {
    const token t = {.decision = d->id,
                     .offer = offer->name,
                     .placement = placement->name,
                     .time_ms = d->in.now_ms,
                     .strand = d->person.strand};
    char *text = f->failed ? NULL : arena_alloc(f->arena, TOKEN_TEXT_MAX);
    f->failed |= !text;
    return text ? tact_string(text, token_write(d->session->engine->store, &t, text)) : tact_null();
}

static tact_value content_of(form *f, const bundle_placement *placement, const decide_choice *choice) {
    value_entry entries[BUNDLE_FIELDS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < placement->fields_count; i++) {
        if (choice->fields[i].kind == TACT_NULL) continue;
        entries[count++] = (value_entry){form_text(f, placement->fields[i].name), form_copy(f, choice->fields[i])};
    }
    return form_map_of(f, entries, count);
}

static tact_value choice_of(form *f, const decision *d, const bundle_placement *placement, const decide_choice *choice,
                            bool tokens) {
    const bundle_offer *offer = &d->bundle->offers[choice->offer];
    form_fields one = {.count = 0};
    form_put(f, &one, "offer", form_text(f, offer->name));
    form_put(f, &one, "content", content_of(f, placement, choice));
    if (choice->fallback) {
        form_put(f, &one, "fallback", tact_bool(true));
    } else {
        form_put(f, &one, "score", tact_double(choice->score));
        if (!isnan(choice->propensity)) form_put(f, &one, "propensity", tact_double(choice->propensity));
    }
    if (tokens) form_put(f, &one, "token", token_of(f, d, offer, placement));
    return form_map(f, &one);
}

static tact_value places_of(form *f, const decision *d, bool tokens) {
    value_entry entries[DECIDE_PLACEMENTS_MAX];
    for (uint32_t i = 0; i < d->answer.places_count; i++) {
        const decide_place *shown = &d->answer.places[i];
        const bundle_placement *placement = &d->bundle->placements[shown->placement];
        form_items choices = {.count = 0};
        for (uint32_t k = 0; k < shown->choices_count; k++) {
            form_add(f, &choices, choice_of(f, d, placement, &shown->choices[k], tokens));
        }
        entries[i] = (value_entry){form_text(f, placement->name), form_list(&choices)};
    }
    return form_map_of(f, entries, d->answer.places_count);
}

static tact_value arms_of(form *f, const decision *d) {
    value_entry entries[BUNDLE_EXPERIMENTS_MAX];
    for (uint32_t i = 0; i < d->answer.arms_count; i++) {
        const bundle_experiment *x = &d->bundle->experiments[d->answer.arms[i].experiment];
        entries[i] = (value_entry){form_text(f, x->name), form_text(f, x->arms[d->answer.arms[i].arm].name)};
    }
    return form_map_of(f, entries, d->answer.arms_count);
}

void reply_put_answer(form *f, form_fields *out, const decision *d, bool tokens) {
    form_put(f, out, "placements", places_of(f, d, tokens));
    form_put(f, out, "arms", arms_of(f, d));
    if (d->answer.held_out) form_put(f, out, "held_out", tact_bool(true));
}

void reply_put(form *f, form_fields *out, const decision *d) {
    const engine_bundle *eb = d->session->bundle;
    form_put(f, out, "ok", tact_bool(true));
    form_put(f, out, "decision", form_text(f, d->id));
    form_put(f, out, "bundle", form_text(f, (tact_str){eb->name, eb->name_len}));
    form_put(f, out, "person", d->person.known ? tact_int((int64_t)record_person(&d->person.record)) : tact_null());
    reply_put_answer(f, out, d, !d->in.dry);
    if (d->in.late) form_put(f, out, "late", tact_bool(true));
    form_put(f, out, "took_us", tact_int(clock_mono_us() - d->begun_us));
}

// ---- Operations -----------------------------------------------------------------------------------------------------

tact_value reply_version(form *f, const bundles_version *v) {
    return form_printf(f, "%.*s@%llu", (int)v->name.len, v->name.ptr, (unsigned long long)v->number);
}

tact_err reply_done(const form *f, tact_value v, tact_value *reply, tact_problem *p) {
    if (f->failed) return problem_no_memory(p);
    *reply = v;
    return TACT_OK;
}

tact_err reply_failed(tact_err err, tact_problem *p, const tact_error *error) {
    return problem_of(p, err, err == TACT_BUSY ? TACT_PROBLEM_OVERLOADED : TACT_PROBLEM_NONE, error);
}
