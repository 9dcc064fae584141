// SPDX-License-Identifier: Apache-2.0
//
// Events and publishes beside a load, each by schedule. A bundle that is the same as what is active is not published,
// so that each time a comment is added to it that no other has.
#include "cli/bench_beside.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "value/value.h"
#include "wire/form.h"
#include "wire/problem.h"

enum { EVENT_MS = 10000, PUBLISH_MS = 60000, EVENTS_IN_FLIGHT = 1024, NUMBER = 24 };
#define ROOT "bundle.yaml"

typedef struct event { // one that is in flight
    beside *of;
    struct event *next;
    uint64_t from_us;
} event;

struct beside {
    arena memory;
    const beside_options *options;
    tact_client *client;
    beside_result result;
    event *events, *free;
    pthread_mutex_t lock; // of `free`, and of the first problem
    pthread_t recorder, publisher;
    uint64_t begun_us;
    bool has_recorder, has_publisher;
    _Atomic bool over;
};

static void count_failed(beside *b, _Atomic uint64_t *failed, const tact_problem *problem) {
    pthread_mutex_lock(&b->lock);
    if (!b->result.first.err) b->result.first = *problem;
    pthread_mutex_unlock(&b->lock);
    (*failed)++;
}

// Sleeps until then, in steps, so that the end is not slept over.
static bool wait_for(const beside *b, uint64_t due_us) {
    for (;;) {
        const uint64_t now = (uint64_t)clock_mono_us();
        if (b->over || now >= due_us) return !b->over;
        const uint64_t left = due_us - now < 100000 ? due_us - now : 100000;
        (void)nanosleep(&(struct timespec){.tv_nsec = (long)left * 1000}, NULL);
    }
}

// ---- Events ---------------------------------------------------------------------------------------------------------

static void give_back(event *e) {
    pthread_mutex_lock(&e->of->lock);
    e->next = e->of->free;
    e->of->free = e;
    pthread_mutex_unlock(&e->of->lock);
}

static void hear(void *context, tact_err err, tact_value reply, const tact_problem *problem) {
    event *e = context;
    beside *b = e->of;
    const tact_value *refused = err ? NULL : value_map_get_str(reply.as.map, TACT_STR("refused"));
    if (err) {
        count_failed(b, &b->result.events_failed, problem);
    } else {
        histogram_add_shared(&b->result.events, ((uint64_t)clock_mono_us() - e->from_us) * 1000);
        if (refused) b->result.events_failed++;
    }
    give_back(e);
}

static tact_value make_record(form *f, const beside_options *o, uint64_t person) {
    form_fields whom = {.count = 0}, event_fields = {.count = 0}, request = {.count = 0};
    form_items commands = {.count = 0};
    form_put(f, &whom, o->space, form_printf(f, "%llu", (unsigned long long)person));
    for (uint32_t i = 0; i < o->event.as.map->count && i < FORM_FIELDS_MAX - 1; i++) {
        event_fields.of[event_fields.count++] = o->event.as.map->entries[i];
    }
    form_put(f, &event_fields, "person", form_map(f, &whom));
    form_add(f, &commands, form_map(f, &event_fields));
    form_put(f, &request, "op", tact_string("record", 6));
    form_put(f, &request, "commands", form_list(&commands));
    return form_map(f, &request);
}

static void *record(void *of) {
    beside *b = of;
    const beside_options *o = b->options;
    uint64_t random = o->whom.seed;
    arena a;
    arena_init(&a, 0);
    for (uint64_t i = 0;; i++) {
        const uint64_t due = b->begun_us + (uint64_t)((double)i * 1e6 / o->events);
        if (!wait_for(b, due)) break;
        pthread_mutex_lock(&b->lock);
        event *e = b->free;
        if (e) b->free = e->next;
        pthread_mutex_unlock(&b->lock);
        if (!e) { // which is as bad as a refusal
            b->result.events_failed++;
            continue;
        }
        form f = {.arena = &a};
        tact_problem problem;
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        e->from_us = due;
        tact_value request = make_record(&f, o, o->whom.first + (random >> 20) % o->whom.persons);
        if (f.failed) {
            (void)problem_no_memory(&problem);
        } else if (!tact_client_send(b->client, request, EVENT_MS, hear, e, &problem)) {
            e = NULL;
        }
        tact_arena_reset(&a);
        if (!e) continue;
        count_failed(b, &b->result.events_failed, &problem);
        give_back(e);
    }
    arena_fini(&a);
    return NULL;
}

// ---- Publishing -----------------------------------------------------------------------------------------------------

static tact_value make_publish(form *f, const beside_options *o, uint64_t number) {
    const tact_map *files = o->files.as.map;
    value_entry *all = arena_array(f->arena, files->count, sizeof *all);
    form_fields request = {.count = 0};
    f->failed |= !all;
    for (uint32_t i = 0; all && i < files->count; i++) {
        const tact_str text = value_str(files->entries[i].value);
        all[i] = files->entries[i];
        if (!tact_str_equal(value_str(all[i].key), TACT_STR(ROOT))) continue;
        all[i].value = form_printf(f, "%.*s\n# tact bench %llu, %llu\n", (int)text.len, text.ptr,
                                   (unsigned long long)o->whom.seed, (unsigned long long)number);
    }
    form_put(f, &request, "op", tact_string("publish", 7));
    form_put(f, &request, "message", tact_string("tact bench", 10));
    form_put(f, &request, "files", all ? form_map_of(f, all, files->count) : tact_null());
    return form_map(f, &request);
}

static void *publish(void *of) {
    beside *b = of;
    arena a;
    arena_init(&a, 0);
    for (uint64_t i = 0; wait_for(b, b->begun_us + (uint64_t)((double)i * b->options->every * 1e6)); i++) {
        form f = {.arena = &a};
        tact_problem problem;
        tact_value reply, request = make_publish(&f, b->options, i);
        const uint64_t from = (uint64_t)clock_mono_us();
        tact_err err = f.failed ? problem_no_memory(&problem)
                                : tact_client_call(b->client, request, PUBLISH_MS, &a, &reply, &problem);
        if (err) {
            count_failed(b, &b->result.publishes_failed, &problem);
        } else {
            histogram_add_shared(&b->result.publishes, ((uint64_t)clock_mono_us() - from) * 1000);
        }
        tact_arena_reset(&a);
    }
    arena_fini(&a);
    return NULL;
}

// ---- Both -----------------------------------------------------------------------------------------------------------

tact_err beside_start(const beside_options *o, beside **out, tact_problem *problem) {
    arena memory;
    arena_init(&memory, 0);
    beside *b = ARENA_NEW(&memory, beside);
    event *events = arena_zalloc(&memory, EVENTS_IN_FLIGHT * sizeof *events);
    if (!b || !events) {
        arena_fini(&memory);
        return problem_no_memory(problem);
    }
    tact_client_options client = *o->client;
    client.in_flight = EVENTS_IN_FLIGHT + 1;
    tact_err err = tact_client_open(&o->url, 1, &client, &b->client, problem);
    if (err) {
        arena_fini(&memory);
        return err;
    }
    b->memory = memory;
    b->options = o;
    b->begun_us = (uint64_t)clock_mono_us();
    b->events = events;
    pthread_mutex_init(&b->lock, NULL);
    for (int i = 0; i < EVENTS_IN_FLIGHT; i++) {
        events[i].of = b;
        give_back(&events[i]);
    }
    if (o->events > 0) b->has_recorder = !pthread_create(&b->recorder, NULL, record, b);
    if (o->files.kind == TACT_MAP) b->has_publisher = !pthread_create(&b->publisher, NULL, publish, b);
    *out = b;
    return TACT_OK;
}

const beside_result *beside_stop(beside *b) {
    b->over = true;
    b->result.seconds = (double)((uint64_t)clock_mono_us() - b->begun_us) / 1e6;
    if (b->has_recorder) pthread_join(b->recorder, NULL);
    if (b->has_publisher) pthread_join(b->publisher, NULL);
    for (int left = EVENT_MS; left > 0; left--) { // what is in flight is answered, or given up
        uint32_t idle = 0;
        pthread_mutex_lock(&b->lock);
        for (const event *e = b->free; e; e = e->next) idle++;
        pthread_mutex_unlock(&b->lock);
        if (idle == EVENTS_IN_FLIGHT) break;
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    tact_client_close(b->client);
    b->client = NULL;
    return &b->result;
}

void beside_free(beside *b) {
    if (!b) return;
    tact_client_close(b->client);
    pthread_mutex_destroy(&b->lock);
    arena memory = b->memory;
    arena_fini(&memory);
}
