// SPDX-License-Identifier: Apache-2.0
//
// The log of decisions, and deciding again what it holds: the same bytes although all else has changed since, or what
// is gone; rotating, damage, a file that was cut off, erasing.
#include "engine/log.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../store/draw.h"
#include "../store/quick.h"
#include "engine/engine.h"
#include "engine/replay.h"
#include "talk.h"
#include "wire/msgpack.h"

#include <cmocka.h>

static talk t;
static folder place_of_log;

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static void do_record(const char *change) {
    (void)talk_ask(&t, tact_record, print("{'commands': [%s]}", change));
}

static void open_with(tact_log_options log) {
    log.folder = place_of_log.path;
    const tact_options options = {.log = log};
    talk_close(&t);
    talk_open(&t, &options);
}

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    place_of_log = folder_new();
    open_with((tact_log_options){.sample = 1});
    talk_publish(&t, talk_shop);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    folder_remove(&place_of_log);
    return 0;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct sum {
    replay *replay;
    uint32_t frames, of[REPLAY_OUTCOMES];
    char said[2000]; // of the last that is not the same
    tact_err failed;
} sum;

static bool hear(void *context, const log_read *frame) {
    sum *s = context;
    replay_result result;
    tact_error error;
    s->frames++;
    s->failed = replay_frame(s->replay, frame, &result, &error);
    if (s->failed) {
        snprintf(s->said, sizeof s->said, "%s", error.text);
        return false;
    }
    s->of[result.outcome]++;
    if (result.outcome == REPLAY_GONE) snprintf(s->said, sizeof s->said, "%s", result.why);
    if (result.outcome == REPLAY_DIFFERS) snprintf(s->said, sizeof s->said, "%s\n%s", result.then.ptr, result.now.ptr);
    return true;
}

static uint32_t log_files(const char **last) {
    uint32_t count = 0;
    const char *latest = "";
    DIR *dir = opendir(place_of_log.path);
    for (struct dirent *e; (e = readdir(dir));) {
        if (strncmp(e->d_name, "decisions-", 10) != 0) continue;
        count++;
        if (strcmp(e->d_name, latest) > 0) latest = print("%s", e->d_name);
    }
    closedir(dir);
    if (last) *last = print("%s/%s", place_of_log.path, latest);
    return count;
}

// All files, oldest first.
static sum replay_all(tact_err expected) {
    sum s = {.frames = 0};
    store_reader view;
    tact_error error;
    log_flush(t.engine->log);
    assert_int_equal(store_reader_open(t.engine->store, &view, &error), TACT_OK);
    assert_int_equal(replay_new(&t.memory, &view, &s.replay, &error), TACT_OK);
    for (int n = 1; n < 1000; n++) {
        tact_err err = log_read_file(print("%s/decisions-%08d.log", place_of_log.path, n), &t.memory, hear, &s, &error);
        if (err == TACT_NOT_FOUND) continue;
        if (err != expected) fail_msg("%s", error.text);
    }
    replay_free(s.replay);
    store_reader_close(&view);
    return s;
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

// Decides a lot, of all kinds.
static void decide_much(int count) {
    uint64_t seed = draw_begin();
    static const char *const tiers[] = {"'gold'", "'silver'", "null"};
    for (int i = 0; i < count; i++) {
        int who = (int)draw_below(&seed, 10);
        if (draw_below(&seed, 2)) {
            do_record(print("{'set': {'recency': %d, 'tier': %s, 'first_name': 'Ann %d'}, 'person': {'crm': %d}}",
                            (int)draw_below(&seed, 20), tiers[draw_below(&seed, 3)], i, who));
            do_record(print("{'consent': {'marketing': 'granted'}, 'person': {'crm': %d}}", who));
        }
        tact_value v = talk_ask(&t, tact_decide,
                                print("{'person': {'%s': '%d'}, 'placements': ['hero', 'chat'],"
                                      " 'context': {'device': '%s'}, 'events': [%s]}",
                                      draw_below(&seed, 3) ? "crm" : "cookie", who,
                                      draw_below(&seed, 2) ? "mobile" : "desktop",
                                      draw_below(&seed, 3) ? "" : "{'type': 'purchase', 'amount': 2}"));
        const char *token = talk_find_text(&t.memory, v, "placements.hero.0.token");
        if (*token && draw_below(&seed, 2) && talk_find(v, "person").kind == TACT_INT) {
            do_record(print("{'event': 'impression', 'token': '%s'}", token));
        }
    }
}

static const char with_caps[] =
    "bundle: shop\nidentities: {crm: {unique: true}, cookie: {}, email: {unique: true, normalize: lowercase}}\n"
    "purposes: {marketing: {default: denied}, personalization: {default: granted}}\n"
    "attributes: {recency: {type: int, min: 0}, tier: {type: string, values: [silver, gold]}, first_name: {type: "
    "string}}\n"
    "events: {purchase: {properties: {amount: double}}}\ncontext: {device: {type: string}}\n"
    "placements: {hero: {channel: web, ties: random}, chat: {channel: chat, slots: 3, ties: random}}\n"
    "content: {hero: {}, chat: {text: string}}\n"
    "experiments: {half: {placement: hero, arms: {a: 50, b: 50}}}\n"
    "offers:\n"
    "  a: {caps: [{on: decision, max: 3}], content: {hero: {}, chat: {text: 'Hi {{ profile.first_name ?? \"you\" "
    "}}'}}}\n"
    "  b: {caps: [{on: decision, max: 20, scope: everyone}], content: {hero: {}, chat: {text: b}}}\n"
    "  c: {caps: [{on: impression, max: 2, every: 7d}, {on: purchase, max: 1}], content: {hero: {}, chat: {text: c}}}\n"
    "  d: {content: {hero: {}, chat: {text: d}}}\n";

static void all_replay_to_the_same_bytes_although_all_has_changed(void **state) {
    (void)state;
    decide_much(60);
    talk_publish(&t, with_caps);
    decide_much(140);
    talk_publish(&t, talk_shop);
    do_record("{'link': {'crm': '1', 'cookie': '1'}}");
    decide_much(20);
    do_record("{'consent': {'marketing': 'denied'}, 'person': {'cookie': 'no'}}"); // whom nobody has linked
    do_record("{'consent': {'marketing': 'granted'}, 'person': {'crm': 'yes'}}");
    (void)talk_ask(&t, tact_decide, "{'person': {'crm': 'yes', 'cookie': 'no'}, 'placements': ['hero']}");
    sum s = replay_all(TACT_OK);
    if (s.failed || s.of[REPLAY_DIFFERS] || s.of[REPLAY_GONE]) fail_msg("%s", s.said);
    assert_int_equal(s.of[REPLAY_SAME], 221);
    assert_int_equal(log_dropped(t.engine->log), 0);
}

static void dry_ones_are_not_logged(void **state) {
    (void)state;
    (void)talk_ask(&t, tact_decide, "{'placements': ['hero'], 'dry': true}");
    (void)talk_ask(&t, tact_explain, "{'placements': ['hero']}");
    assert_int_equal(replay_all(TACT_OK).frames, 0);
}

static void a_sample_is_a_share(void **state) {
    (void)state;
    open_with((tact_log_options){.sample = 0.25});
    for (int i = 0; i < 2000; i++) (void)talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    uint32_t frames = replay_all(TACT_OK).frames;
    assert_in_range(frames, 400, 600); // five standard deviations
}

static void files_rotate_and_the_oldest_go(void **state) {
    (void)state;
    open_with((tact_log_options){.sample = 1, .file_bytes = 2000, .files_max = 3});
    for (int i = 0; i < 50; i++) (void)talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    log_flush(t.engine->log);
    assert_int_equal(log_files(NULL), 3);
    sum s = replay_all(TACT_OK);
    assert_true(s.frames > 3 && s.frames < 50);
    assert_int_equal(s.of[REPLAY_SAME], s.frames);
    // A new process goes on with a file of its own.
    const char *before, *after;
    log_files(&before);
    open_with((tact_log_options){.sample = 1, .file_bytes = 2000, .files_max = 3});
    (void)talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    log_flush(t.engine->log);
    log_files(&after);
    assert_true(strcmp(after, before) > 0);
}

static bool holds(const char *bytes, size_t len, const char *text) {
    for (size_t i = 0; i + strlen(text) <= len; i++) {
        if (memcmp(bytes + i, text, strlen(text)) == 0) return true;
    }
    return false;
}

static void erasing_reaches_the_log(void **state) {
    (void)state;
    (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'unique-cookie'}, 'placements': ['hero']}"); // not known yet
    do_record("{'set': {'first_name': 'Ann-Unmistakable', 'tier': 'gold'}, 'person': {'cookie': 'unique-cookie'}}");
    (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'unique-cookie'}, 'placements': ['hero']}");
    do_record("{'link': {'crm': 5, 'cookie': 'unique-cookie'}}");
    (void)talk_ask(&t, tact_decide, "{'person': {'crm': 5}, 'placements': ['hero']}");
    (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'other'}, 'placements': ['hero']}");
    assert_int_equal(replay_all(TACT_OK).of[REPLAY_SAME], 4);
    (void)talk_ask(&t, tact_erase, "{'person': {'crm': 5}}");
    sum s = replay_all(TACT_OK);
    assert_int_equal(s.of[REPLAY_GONE], 3);
    assert_int_equal(s.of[REPLAY_SAME], 1);
    assert_string_equal(s.said, "the person was erased");
    const char *path;
    char bytes[65536];
    log_files(&path);
    FILE *file = fopen(path, "rb");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(len < sizeof bytes);
    assert_false(holds(bytes, len, "Unmistakable"));
    assert_false(holds(bytes, len, "unique-cookie"));
}

// The bytes of all files, and what replaying them comes to.
static bool log_holds(const char *text) {
    const char *last;
    bool found = false;
    log_flush(t.engine->log);
    (void)log_files(&last);
    for (int n = 1; n < 100; n++) {
        char bytes[65536];
        FILE *file = fopen(print("%s/decisions-%08d.log", place_of_log.path, n), "rb");
        if (!file) continue;
        size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        assert_true(len < sizeof bytes);
        found |= holds(bytes, len, text);
    }
    return found;
}

static void know_them(void) {
    do_record("{'set': {'first_name': 'Ann-Unmistakable'}, 'person': {'crm': 5, 'cookie': 'unique-cookie'}}");
    (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'unique-cookie'}, 'placements': ['hero']}");
    (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'unique-stranger'}, 'placements': ['hero']}");
    (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'other'}, 'placements': ['hero']}");
    assert_true(log_holds("Unmistakable") && log_holds("unique-stranger") && log_holds("other"));
}

static void must_have_forgotten(void) {
    assert_false(log_holds("Unmistakable"));
    assert_false(log_holds("unique-stranger"));
    assert_true(log_holds("other"));
    assert_int_equal(replay_all(TACT_OK).of[REPLAY_GONE], 2);
}

// Also one that is said to have happened long ago, and one of whom nobody knows.
static void erasing_by_record_reaches_the_log(void **state) {
    (void)state;
    know_them();
    do_record("{'erase': {'crm': 5}, 'time': '2020-01-01T00:00:00Z'}, {'erase': {'cookie': 'unique-stranger'}}");
    must_have_forgotten();
    // Who comes back is somebody new.
    do_record("{'set': {'first_name': 'Eva'}, 'person': {'crm': 5}}");
    (void)talk_ask(&t, tact_decide, "{'person': {'crm': 5}, 'placements': ['hero']}");
    do_record("{'erase': {'crm': 77}}");
    assert_true(log_holds("Eva"));
}

// Although the disk is not waited for with every change.
static void what_is_erased_is_forgotten_before_the_interval_ends(void **state) {
    (void)state;
    know_them();
    talk_close(&t);
    talk_open(&t, &(tact_options){.durability_ms = 600000, .log = {.folder = place_of_log.path, .sample = 1}});
    (void)talk_ask(&t, tact_erase, "{'person': {'crm': 5}}");
    do_record("{'erase': {'cookie': 'unique-stranger'}}");
    must_have_forgotten();
}

static void what_was_erased_meanwhile_is_forgotten_when_it_is_opened(void **state) {
    (void)state;
    know_them();
    talk_close(&t);
    talk_open(&t, NULL); // without the log
    do_record("{'erase': {'crm': 5}}, {'erase': {'cookie': 'unique-stranger'}}");
    const char *path;
    log_files(&path); // a crash left a part of a frame
    FILE *file = fopen(path, "ab");
    fwrite("Unmistakable", 1, 12, file);
    fclose(file);
    open_with((tact_log_options){.sample = 1});
    must_have_forgotten();
}

static void a_log_that_cannot_be_cleaned_is_told(void **state) {
    (void)state;
    know_them();
    const char *path;
    char head[LOG_HEAD];
    log_files(&path);
    FILE *file = fopen(path, "r+b");
    fseek(file, sizeof LOG_MAGIC - 1, SEEK_SET);
    assert_int_equal(fread(head, 1, sizeof head, file), sizeof head);
    memset(head + LOG_CHECKSUM, 0xff, 4); // a length that no frame has
    fseek(file, sizeof LOG_MAGIC - 1, SEEK_SET);
    fwrite(head, 1, sizeof head, file);
    fclose(file);
    const char *said = talk_fails(&t, tact_erase, "{'person': {'crm': 5}}");
    assert_non_null(strstr(said, "it is damaged, and can only be deleted"));
    open_with((tact_log_options){.sample = 1});
    assert_non_null(strstr(t.notice, "may still hold something of persons who were erased"));
}

// ---- Who was one person, and is not any more ------------------------------------------------------------------------

typedef struct parting { // two persons, crm:1 and cookie:c, who become one, and part; then somebody is erased
    const char *then;    // what is recorded after they were one
    const char *erased;  // in turn
    const char *left;    // the decisions that are left in the log
} parting;

#define UNLINK "{'unlink': {'cookie': 'c'}}"
#define LINK "{'link': {'crm': 1, 'cookie': 'c'}}"

// A decision's name says by whom it was asked for, and when: before they were one, while, and after.
static const parting partings[] = {
    {"", "", "crm0 cookie0 crm1 cookie1 crm2 cookie2 "},
    {"", "{'erase': {'crm': 1}}", ""},
    {"", "{'erase': {'cookie': 'c'}}", ""},
    {UNLINK, "", "crm0 cookie0 crm1 cookie1 crm2 cookie2 "},
    {UNLINK, "{'erase': {'crm': 1}}", "cookie0 cookie2 "},
    {UNLINK, "{'erase': {'cookie': 'c'}}", "crm0 crm2 "},
    {UNLINK, "{'erase': {'crm': 1}}, {'erase': {'cookie': 'c'}}", ""},
    {UNLINK ", " LINK, "{'erase': {'crm': 1}}", ""},
    {UNLINK ", {'link': {'cookie': 'c', 'email': 'e@x.de'}}", "{'erase': {'email': 'e@x.de'}}", "crm0 crm2 "},
    // By the time they part one of them is erased already: the other is as new, and so is what is decided then.
    {"{'erase': {'crm': 1}}, {'set': {'recency': 1}, 'person': {'cookie': 'c'}}", "", "crm2 cookie2 "},
    {"{'erase': {'crm': 1}}, {'set': {'recency': 1}, 'person': {'cookie': 'c'}}", "{'erase': {'cookie': 'c'}}",
     "crm2 "},
};

static void ask_for(const char *space, const char *value, int when) {
    (void)talk_ask(
        &t, tact_decide,
        print("{'person': {'%s': '%s'}, 'placements': ['hero'], 'decision': '%s%d'}", space, value, space, when));
}

static void ask_for_both(int when) {
    ask_for("crm", "1", when);
    ask_for("cookie", "c", when);
}

static bool name_what_is_left(void *context, const log_read *frame) {
    buf *names = context;
    tact_value v;
    if (frame->erased) return true;
    assert_int_equal(msgpack_read(&t.memory, frame->payload, &v, NULL), TACT_OK);
    buf_printf(names, "%s ", talk_find_text(&t.memory, v, "decision"));
    return true;
}

static void play(const parting *p, bool crm_first) {
    buf names = buf_in(&t.memory);
    const char *path;
    const char *crm = "{'set': {'first_name': 'Crm-Unmistakable'}, 'person': {'crm': 1}}";
    const char *cookie = "{'set': {'recency': 4}, 'person': {'cookie': 'c'}}";
    do_record(print("%s, %s", crm_first ? crm : cookie, crm_first ? cookie : crm)); // the older gives the unit
    ask_for_both(0);
    do_record(LINK);
    ask_for_both(1);
    do_record(p->then);
    ask_for_both(2);
    do_record(p->erased);
    log_flush(t.engine->log);
    log_files(&path);
    assert_int_equal(log_read_file(path, &t.memory, name_what_is_left, &names, NULL), TACT_OK);
    const char *left = names.len ? buf_done(&names).ptr : "";
    if (strcmp(left, p->left) != 0) fail_msg("%s, then %s: left: %s; and not: %s", p->then, p->erased, left, p->left);
    bool of_crm = strstr(left, "crm0") || strstr(left, "crm1");
    assert_int_equal(log_holds("Crm-Unmistakable"), of_crm);
}

static void who_is_erased_leaves_nothing_in_what_was_of_two(void **state) {
    for (size_t i = 0; i < sizeof partings / sizeof *partings; i++) {
        for (int crm_first = 0; crm_first < 2; crm_first++) {
            play(&partings[i], crm_first);
            tear_down(state);
            set_up(state);
        }
    }
}

// As long ago as cookie:x found them. Somebody else has it now.
static void what_was_pushed_out_is_found_in_the_log(void **state) {
    (void)state;
    talk_publish(&t, "bundle: shop\nidentities: {crm: {unique: true}, cookie: {max: 1}}\n"
                     "attributes: {first_name: {type: string}}\n"
                     "placements: {hero: {channel: web}}\ncontent: {hero: {}}\noffers: {a: {content: {hero: {}}}}\n");
    do_record("{'set': {'first_name': 'Ann-Unmistakable'}, 'person': {'crm': 5, 'cookie': 'x'}}");
    do_record("{'link': {'crm': 5, 'cookie': 'y'}}");
    ask_for("crm", "5", 0);
    do_record("{'unlink': {'cookie': 'x'}}, {'erase': {'cookie': 'x'}}"); // what came in by it was in the frame
    assert_false(log_holds("Ann-Unmistakable"));
}

static void another_versions_log_is_not_taken_for_clean(void **state) {
    (void)state;
    know_them();
    const char *path;
    log_files(&path);
    FILE *file = fopen(path, "r+b");
    fwrite("tactlog2", 1, 8, file);
    fclose(file);
    const char *said = talk_fails(&t, tact_erase, "{'person': {'crm': 5}}");
    assert_non_null(strstr(said, "another version of the program wrote it, and it can only be deleted"));
}

static void what_is_gone_is_said(void **state) {
    (void)state;
    (void)talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    log_flush(t.engine->log);
    // Another store, without the bundle.
    talk other;
    talk_begin(&other);
    sum s = {.frames = 0};
    store_reader view;
    tact_error error;
    const char *path;
    log_files(&path);
    assert_int_equal(store_reader_open(other.engine->store, &view, &error), TACT_OK);
    assert_int_equal(replay_new(&t.memory, &view, &s.replay, &error), TACT_OK);
    assert_int_equal(log_read_file(path, &t.memory, hear, &s, &error), TACT_OK);
    assert_int_equal(s.of[REPLAY_GONE], 1);
    assert_string_equal(s.said, "the bundle is not in the store any more");
    replay_free(s.replay);
    store_reader_close(&view);
    talk_end(&other);
}

static bool count(void *context, const log_read *frame) {
    (void)frame;
    ++*(int *)context;
    return true;
}

static void damage_is_noticed_and_an_end_that_was_cut_off_too(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) (void)talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    log_flush(t.engine->log);
    const char *path, *copy = print("%s/copy", place_of_log.path);
    char bytes[65536];
    log_files(&path);
    FILE *file = fopen(path, "rb");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    size_t frame = (len - 8) / 3;
    for (size_t cut = 0; cut <= len; cut += 13) {
        int frames = 0;
        file = fopen(copy, "wb");
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        fclose(file);
        tact_error error;
        tact_err err = log_read_file(copy, &t.memory, count, &frames, &error);
        assert_int_equal(err, cut < 8 || (cut - 8) % frame ? TACT_INVALID : TACT_OK);
        if (cut < 8) continue;
        assert_int_equal(frames, (cut - 8) / frame);
        const char *unread = print("the last %zu bytes were not read", (cut - 8) % frame);
        if (err) assert_non_null(strstr(error.text, unread));
    }
    for (size_t at = 8; at < len; at += 7) {
        bool flags = (at - 8) % frame - 20 < 4; // which say whether it is erased, and then nothing is left to check
        if (flags) continue;
        int frames = 0;
        bytes[at] ^= 1;
        file = fopen(copy, "wb");
        fwrite(bytes, 1, len, file);
        fclose(file);
        bytes[at] ^= 1;
        tact_error error;
        assert_int_equal(log_read_file(copy, &t.memory, count, &frames, &error), TACT_INVALID);
        assert_int_equal(frames, (at - 8) / frame);
    }
}

static void a_disk_that_takes_nothing_stops_no_decision(void **state) {
    (void)state;
    talk_close(&t);
    open_with((tact_log_options){.sample = 1});
    folder_remove(&place_of_log); // the folder goes while it is open
    for (int i = 0; i < 20; i++) (void)talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    log_flush(t.engine->log);
    assert_int_equal(log_dropped(t.engine->log), 20);
    assert_non_null(strstr(t.notice, "decisions are not logged: "));
    assert_int_equal(talk_find_int(talk_ask(&t, tact_status, "{}"), "log.dropped"), 20);
    mkdir(place_of_log.path, 0700);
}

static void the_folder_is_made_and_is_one_logs_alone(void **state) {
    (void)state;
    arena memory;
    decision_log *first, *second;
    tact_error error;
    const db_notice nobody = {.say = NULL};
    const tact_log_options there = {.folder = print("%s/made", place_of_log.path)};
    const tact_log_options nowhere = {.folder = print("%s/not/there", place_of_log.path)};
    const tact_log_options no_folder = {.folder = print("%s/made/writer.lock", place_of_log.path)};
    arena_init(&memory, 0);
    assert_int_equal(log_open(&memory, &there, nobody, &first, &error), TACT_OK);
    assert_int_equal(log_open(&memory, &there, nobody, &second, &error), TACT_BUSY);
    assert_non_null(strstr(error.text, "made: another process writes its log of decisions there; "));
    assert_int_equal(log_open(&memory, &no_folder, nobody, &second, &error), TACT_IO);
    log_close(first);
    assert_int_equal(log_open(&memory, &there, nobody, &first, &error), TACT_OK); // once that is over
    log_close(first);
    assert_int_equal(log_open(&memory, &nowhere, nobody, &second, &error), TACT_NOT_FOUND);
    assert_non_null(strstr(error.text, "not/there: the folder of the log of decisions cannot be used: "));
    arena_fini(&memory);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_replay_to_the_same_bytes_although_all_has_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dry_ones_are_not_logged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sample_is_a_share, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_rotate_and_the_oldest_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(erasing_reaches_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(erasing_by_record_reaches_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_erased_is_forgotten_before_the_interval_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_erased_meanwhile_is_forgotten_when_it_is_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_be_cleaned_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_erased_leaves_nothing_in_what_was_of_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_pushed_out_is_found_in_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_versions_log_is_not_taken_for_clean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_gone_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_noticed_and_an_end_that_was_cut_off_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_takes_nothing_stops_no_decision, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_folder_is_made_and_is_one_logs_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
