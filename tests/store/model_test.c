// SPDX-License-Identifier: Apache-2.0
//
// The store beside a plain model of it (plain.h): random commands of every kind, refused ones too, under a simulated
// clock, with changes of the schema, housekeeping and reopening in between; the answers to all of them are compared,
// and again and again all that can be read (ask.h). Only the store's public face is used.
//
// A run goes through worlds (world.h), each a store of its own with its own mood, until STEPS commands were sent. What
// differs is told with the number of its world: SEED=n begins with that one. STEPS=n, in the environment, for long
// runs.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include "ask.h"
#include "spoil.h"

#include <cmocka.h>

enum { STEPS = 8000, BATCH_MAX = 40 }; // so many are each mood once

static void compare_answer(world *w, const command *c, const char *spoiled, const writer_result *is) {
    apply_answer should = {0};
    uint32_t refusals = spoiled ? PLAIN_REFUSAL(TACT_INVALID) : plain_apply(&w->p, c, &should);
    bool fits = refusals ? (refusals & PLAIN_REFUSAL(is->code)) != 0 : is->code == TACT_OK;
    if (!fits) {
        world_differs(w, "%s (%s): %s, where the set %x were right: %s", command_kind_name(c->kind),
                      spoiled ? spoiled : "nothing wrong with it", tact_err_name(is->code), refusals,
                      is->code ? is->error.text : "");
    }
    w->sum->refused[is->code]++;
    if (refusals) {
        if (!is->error.text[0]) world_differs(w, "%s: refused without a reason", command_kind_name(c->kind));
        return;
    }
    const apply_answer *got = &is->answer;
    w->sum->repeated += got->repeated, w->sum->erased += got->strands;
    if (got->position == should.position && got->person == should.person && got->repeated == should.repeated &&
        got->strands == should.strands && got->events == should.events) {
        return;
    }
    world_differs(w,
                  "%s: position %" PRIu64 ", person %" PRIu64 ", repeated %d, %u strands, %" PRIu64
                  " events; not %" PRIu64 ", %" PRIu64 ", %d, %u, %" PRIu64,
                  command_kind_name(c->kind), got->position, got->person, got->repeated, got->strands, got->events,
                  should.position, should.person, should.repeated, should.strands, should.events);
}

// Asks about those that commands were about, or about all.
static void ask_about(world *w, const command *commands, uint32_t count, bool all) {
    store_reader r;
    uint64_t touched[BATCH_MAX];
    tact_error error = {.text = ""};
    if (store_reader_open(w->s, &r, &error)) world_differs(w, "it cannot be read: %s", error.text);
    for (uint32_t i = 0; i < count; i++) {
        touched[i] = 0;
        if (commands[i].identities_count == 0) continue;
        touched[i] = plain_find(&w->p, commands[i].identities[0]);
        for (uint32_t k = 0; k < i; k++) touched[i] = touched[k] == touched[i] ? 0 : touched[i];
        ask_identity(w, &r, commands[i].identities[0]);
    }
    for (uint32_t i = 0; i < count && !all; i++) {
        if (touched[i] && world_chance(w, 70)) ask_person(w, &r, touched[i]);
    }
    if (all) ask_all(w, &r);
    store_reader_close(&r);
    tact_arena_reset(&w->scratch);
}

// Sends a batch of commands.
static void run_batch(world *w) {
    command good[BATCH_MAX], sent[BATCH_MAX];
    const char *spoiled[BATCH_MAX];
    writer_result results[BATCH_MAX];
    uint32_t count = world_chance(w, 40) ? 1 : 1 + (uint32_t)world_below(w, BATCH_MAX);
    for (uint32_t i = 0; i < count; i++) {
        sent[i] = good[i] = i > 0 && world_chance(w, 5) ? good[i - 1] : world_command(w);
        spoiled[i] = world_chance(w, 7) ? spoil_command(&w->scratch, &w->seed, w->sc, &sent[i]) : NULL;
    }
    tact_error error = {.text = ""};
    if (store_record(w->s, sent, count, results, &error)) world_differs(w, "nothing was recorded: %s", error.text);
    for (uint32_t i = 0; i < count; i++, w->step++) compare_answer(w, &sent[i], spoiled[i], &results[i]);
    if (w->sweeps && world_chance(w, 12)) world_sweep(w);
    bool evolve = world_chance(w, 6), reopen = world_chance(w, 4);
    if (reopen) {
        world_reopen(w, evolve);
    } else if (w->options.writer.interval_ms || evolve) {
        world_settle(w, evolve);
    }
    ask_about(w, good, count, world_chance(w, evolve ? 50 : 5));
    w->now_ms += world_below(w, w->mood->pace_ms);
    if (world_chance(w, 2)) w->now_ms += world_below(w, 100 * SHOP_DAY);
}

static void ask_all_now(world *w) {
    store_reader r;
    assert_int_equal(store_reader_open(w->s, &r, NULL), 0);
    ask_all(w, &r);
    store_reader_close(&r);
}

static void run_world(uint64_t number, int64_t steps, world_sum *sum) {
    world w;
    world_init(&w, number, NULL, sum);
    while (w.step < w.mood->steps && w.step < steps) run_batch(&w);
    world_reopen(&w, true);
    ask_all_now(&w);
    sum->sent += (uint64_t)w.step;
    world_fini(&w);
}

static uint64_t first_number(void) {
    const char *seed = getenv("SEED");
    uint64_t number = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 1000;
    printf("SEED=%" PRIu64 "\n", number);
    return number;
}

static uint64_t steps_wanted(void) {
    const char *steps = getenv("STEPS");
    return steps ? strtoull(steps, NULL, 0) : STEPS;
}

static void random_commands_agree_with_the_model(void **state) {
    (void)state;
    uint64_t number = first_number(), wanted = steps_wanted();
    world_sum sum = {.sent = 0};
    for (; sum.sent < wanted; number++) run_world(number, (int64_t)(wanted - sum.sent), &sum);
    printf("%" PRIu64 " commands: %" PRIu64 " repeated, %" PRIu64 " identities dropped, %" PRIu64 " erased, %" PRIu64
           " events swept;",
           sum.sent, sum.repeated, sum.dropped, sum.erased, sum.swept);
    for (int i = 0; i <= TACT_BUSY; i++) {
        if (sum.refused[i]) printf(" %" PRIu64 " %s", sum.refused[i], tact_err_name((tact_err)i));
    }
    printf("\n%" PRIu64 " questions, %" PRIu64 " without a promise\n", sum.asked, sum.not_promised);
    assert_true(sum.not_promised * 4 < sum.asked); // else the test has lost its sense
}

// ---- Chains of merges and splits ------------------------------------------------------------------------------------

// The same commands about single identities go to three worlds in the same order. In the first they are linked and
// unlinked in between, in the second as well but in another order and at other moments, in the third never.

enum { PEOPLE = 10, DATA = 40, LINKS = 14 };
static const world_mood chains = {
    .name = "chains",
    .names = {[WORLD_DEVICE] = PEOPLE}, // of which a person may have any number
    .weights = {[COMMAND_SET] = 5, [COMMAND_EVENT] = 6, [COMMAND_CONSENT] = 5, [COMMAND_COUNT] = 4},
    .future = 10,
    .ties = 40,
    .explicit_one_in = 4,
    .pace_ms = SHOP_DAY,
};

static command about(world *w, command_kind kind, uint32_t first, uint32_t second) {
    command_identity *identities = world_room(w, 2, sizeof *identities);
    const uint32_t names[] = {first, second};
    for (int i = 0; i < 2; i++) {
        char *text = arena_printf(&w->scratch, "n%u", names[i]);
        assert_non_null(text);
        identities[i] = (command_identity){WORLD_DEVICE, tact_str_from(text)};
    }
    const uint32_t count = kind == COMMAND_LINK ? 2 : 1;
    return (command){.kind = kind, .time_ms = w->now_ms, .identities = identities, .identities_count = count};
}

static void shuffle(world *w, command *commands, uint32_t count) {
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)world_below(w, i);
        command c = commands[i - 1];
        commands[i - 1] = commands[other];
        commands[other] = c;
    }
}

// Sends the commands of both arrays, each in its order, but mixed as it is drawn from `by`.
static void send_mixed(world *by, world *to, const command *data, uint32_t data_count, const command *more,
                       uint32_t more_count) {
    for (uint32_t i = 0, k = 0; i < data_count || k < more_count; to->step++) {
        bool first = k == more_count || (i < data_count && world_below(by, data_count + more_count) < data_count);
        const command *c = first ? &data[i++] : &more[k++];
        writer_result result;
        tact_error error = {.text = ""};
        if (store_record(to->s, c, 1, &result, &error)) world_differs(to, "nothing was recorded: %s", error.text);
        compare_answer(to, c, NULL, &result);
    }
    world_settle(to, false);
}

static tact_value export_of(world *w, store_reader *r, uint64_t id, int64_t now_ms) {
    tact_value v;
    tact_error error = {.text = ""};
    if (store_export(r, &w->scratch, id, now_ms, &v, &error)) world_differs(w, "export: %s", error.text);
    return v;
}

// Record by record, byte for byte, and in all that is told.
static void must_be_alike(world *x, world *y) {
    store_reader in_x, in_y;
    assert_int_equal(store_reader_open(x->s, &in_x, NULL), 0);
    assert_int_equal(store_reader_open(y->s, &in_y, NULL), 0);
    for (uint64_t id = 1; id <= PEOPLE; id++) {
        record of_x, of_y;
        assert_int_equal(store_person_by_id(&in_x, id, &of_x, NULL), 0);
        assert_int_equal(store_person_by_id(&in_y, id, &of_y, NULL), 0);
        bool same = of_x.size == of_y.size && memcmp(of_x.bytes, of_y.bytes, of_x.size) == 0;
        if (!same) world_differs(x, "the record of %" PRIu64 " depends on the order", id);
        tact_value told_x = export_of(x, &in_x, id, x->now_ms), told_y = export_of(x, &in_y, id, x->now_ms);
        tact_str text_x = tact_value_print(told_x, &x->scratch), text_y = tact_value_print(told_y, &x->scratch);
        if (!tact_str_equal(text_x, text_y)) world_differs(x, "what is told of %" PRIu64 " does", id);
    }
    store_reader_close(&in_x);
    store_reader_close(&in_y);
}

typedef struct chain {
    world drawn; // where commands are drawn, and lie
    world one, other, alone;
} chain;

// Data to all three; `more` to two of them, each in its own order.
static void go_on(chain *x, const command *data, uint32_t data_count, command *more, uint32_t more_count) {
    x->one.now_ms = x->other.now_ms = x->alone.now_ms = x->drawn.now_ms;
    send_mixed(&x->drawn, &x->one, data, data_count, more, more_count);
    shuffle(&x->drawn, more, more_count);
    send_mixed(&x->drawn, &x->other, data, data_count, more, more_count);
    send_mixed(&x->drawn, &x->alone, data, data_count, NULL, 0);
    ask_all_now(&x->one);
    ask_all_now(&x->other);
    ask_all_now(&x->alone);
    must_be_alike(&x->one, &x->other);
}

static void draw_data(world *w, command data[DATA]) {
    for (uint32_t i = 0; i < DATA; i++) {
        data[i] = world_command(w);
        w->now_ms += world_below(w, w->mood->pace_ms);
    }
}

static void run_chain(chain *x) {
    command data[DATA], more[LINKS];
    world *w = &x->drawn;
    for (uint32_t i = 0; i < PEOPLE; i++) { // who is known first gets the lowest id, in all three
        data[i] = about(w, COMMAND_COUNT, i, 0);
        data[i].keep = 1;
    }
    go_on(x, data, PEOPLE, NULL, 0);
    uint32_t joins = (uint32_t)world_below(w, LINKS + 1), some = 0;
    for (uint32_t i = 0; i < joins; i++) {
        uint32_t first = (uint32_t)world_below(w, PEOPLE), apart = 1 + (uint32_t)world_below(w, PEOPLE - 1);
        more[i] = about(w, COMMAND_LINK, first, (first + apart) % PEOPLE);
    }
    draw_data(w, data);
    go_on(x, data, DATA, more, joins);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        if (world_chance(w, 30)) more[some++] = about(w, COMMAND_UNLINK, i, 0);
    }
    draw_data(w, data);
    go_on(x, data, DATA, more, some);
    for (uint32_t i = 0; i < PEOPLE; i++) more[i] = about(w, COMMAND_UNLINK, i, 0);
    draw_data(w, data);
    go_on(x, data, DATA, more, PEOPLE);
    must_be_alike(&x->one, &x->alone); // as if they had never been linked
}

static void chains_come_out_alike_in_any_order(void **state) {
    (void)state;
    uint64_t number = first_number(), rounds = 1 + steps_wanted() / 700;
    world_sum sum = {.sent = 0};
    for (uint64_t i = 0; i < rounds; i++, number++) {
        chain x;
        world_init(&x.drawn, number, &chains, &sum);
        world_init(&x.one, number, &chains, &sum);
        world_init(&x.other, number, &chains, &sum);
        world_init(&x.alone, number, &chains, &sum);
        run_chain(&x);
        world_fini(&x.drawn);
        world_fini(&x.one);
        world_fini(&x.other);
        world_fini(&x.alone);
    }
}

int main(void) {
    if (access("/dev/shm", W_OK) == 0) (void)setenv("TMPDIR", "/dev/shm", 0); // the disk is no part of this test
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_commands_agree_with_the_model),
        cmocka_unit_test(chains_come_out_alike_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
