// SPDX-License-Identifier: Apache-2.0
//
// Tact within a program: a folder of data is opened, rules are published to it, and what to show to whom is decided in
// microseconds, with no server. Links with -ltact. docs/embedding.md has a whole program.
//
// Every operation takes a request and gives a reply, both maps as they travel between programs (the key `op` may be
// left out):
//
//      tact_decide    {person: {email: "a@b.c", cookie: "7f3"}, placements: ["home_hero"], context: {device: "mobile"},
//                      events: [{type: "page_view", category: "shoes"}], dry: false, explain: false}
//                  -> {ok: true, decision: "06F…", bundle: "shop@12", person: 4711,
//                      placements: {home_hero: [{offer: "womens_winter", content: {…}, score: 1.93, propensity: 0.15,
//                                                token: "…"}]},
//                      arms: {hero_ranking: "control"}, took_us: 38}
//      tact_explain   the same -> the same, and `explain`: why; changes nothing
//      tact_context   {person: {cookie: "7f3"}, channel: "chat", budget: 200}
//                  -> {ok: true, person: …, attributes: {…}, segments: […], recent: […], offers: […], handoff: "…"}
//      tact_record    {commands: [{event: "click", token: "…"}, {set: {language: "de"}, person: {crm: "4711"}}]}
//                  -> {ok: true, position: 90211}
//      tact_person    {person: {email: "a@b.c"}} -> {ok: true, person: {…}}: all that is held
//      tact_erase     {person: {email: "a@b.c"}} -> {ok: true, person: 4711, identities: 2, events: 17}
//      tact_publish   {folder: "rules/shop"}, or {files: {"bundle.yaml": "…"}} -> {ok: true, bundle: "shop@12", …}
//      tact_rollback  {version: "shop@11"}, or {} -> {ok: true, bundle: "shop@11", …}
//      tact_bundles   {} -> {ok: true, bundles: [{bundle: "shop@12", active: true, time: …, author: "…", message: "…",
//                                                signed_by: null, tests_skipped: false, activated: …}]}
//      tact_simulate  {files: {…}, placement: "home_hero", sample: 10000}, or {version: "shop@11"}, or {}
//                  -> {ok: true, bundle: "shop", against: "shop@12", persons: 10000, took_ms: 812,
//                      placements: {home_hero: {offers: [{offer: "…", count: 310, before: 290}], candidates: …,
//                                               funnel: [{stage: "consent", removed: …, left: …}], fallback_only: 120,
//                                               nothing: 0, differs: 55}}}
//      tact_status    {} -> {ok: true, bundle: "shop@12", position: 90211, persons: 4711, decided: 17, given: 30,
//                            fallbacks: 4, removed: {consent: 3, caps: 9, …}, commits: {count: 9, p50_us: …, …}, …}
//
// What each key means stands in src/wire/request_tbl.h, from which unknown keys are told.
//
// Memory: a request and its parts are the caller's and need to live only until the call returns. A reply and all its
// parts lie in the caller's arena, until that is reset or freed; they borrow nothing from the engine. An arena belongs
// to one thread at a time; a call that fails may have used some of it.
//
// Threads: any number of threads may call at once with one engine, each with an arena of its own. tact_open and
// tact_close are called once, by one of them; tact_close after all calls have returned. An engine has threads of its
// own: one that writes, one that hands to it what decisions count, one that writes the log if there is one. It does not
// survive fork().
//
// Processes: one process at a time may have a folder open for writing; any number may have it open read_only and decide
// beside it. They see what the first commits at once, and bundles that it publishes within a second. Their decisions
// count nothing, as if they were dry.
//
// Nothing is printed, no signal is touched, and nothing ends the process.
#ifndef TACT_TACT_H
#define TACT_TACT_H

#include "tact/core.h"
#include "tact/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Opening --------------------------------------------------------------------------------------------------------

typedef struct tact_log_options { // of decisions
    const char *folder;           // made if it is not there; one engine writes to it at a time. NULL: no log
    double sample;                // the share of decisions that go into it; 0: all
    uint64_t file_bytes;          // a file that has as many is closed, and another begun; 0: 64 MiB
    uint32_t files_max;           // of which so many are kept; 0: 16
} tact_log_options;

typedef struct tact_options {
    bool read_only;
    // How durable an answer to tact_record is. 0: what was recorded is on disk. Else the disk is waited for only so
    // often: a crash may lose what was recorded in the last so many milliseconds, always the newest, never half of it,
    // and decisions see it so much later. Erasures and consents are on disk, and seen, when they are answered.
    uint32_t durability_ms;
    // What is forgotten by age, in days; 0: nothing. Ids of changes (a change that is sent again after so long is
    // applied again), and times of counters, are kept for 400 days at least.
    uint32_t history_days;
    tact_log_options log;
    // Hears what an operator should know (a line of text, valid during the call), from any thread; must not call the
    // engine. NULL: nobody does.
    void (*notice)(void *context, const char *text);
    void *notice_context;
} tact_options;

typedef struct tact_engine tact_engine;

// Opens a folder, and makes it unless `read_only`. `options` may be NULL. Close with tact_close. TACT_BUSY: another
// process writes to it. TACT_NOT_FOUND, TACT_INVALID, TACT_IO, TACT_NO_MEMORY. What was published before is active
// again; if it does not compile any more, the folder opens all the same, `notice` hears of it, and deciding ends in
// no_bundle.
TACT_API TACT_MUST_USE tact_err tact_open(const char *folder, const tact_options *options, tact_engine **out,
                                          tact_problem *problem);
// Writes what is waiting to be written, and gives everything back. NULL is allowed.
TACT_API void tact_close(tact_engine *engine);

// ---- Operations -----------------------------------------------------------------------------------------------------
// Each sets `*reply` only if it returns TACT_OK. TACT_INVALID: the request is wrong, see problem_tbl.h; nothing was
// done. TACT_NOT_FOUND: nobody, or nothing, is known by that. TACT_USAGE: open for reading only. TACT_BUSY: too much is
// waiting, or is asked at once; try again. TACT_IO: the disk. TACT_NO_MEMORY: the arena's bound, or memory, is used up.

typedef tact_err tact_operation(tact_engine *engine, tact_value request, tact_arena *arena, tact_value *reply,
                                tact_problem *problem);

// What to show: for each placement, in the request's order, its offers, best first. Nobody needs to be known: asking
// creates nothing. Of several identities the first that somebody is known by, in the order in which the schema numbers
// namespaces, says who it is; the others are not linked. Decisions that count, and events of the request, are written
// soon after; a cap holds at once, whatever is asked at the same time. With `dry` nothing is written, and with `now`
// (which needs `dry`) it is another time: what counted after it does not count. `decision`, an id of the caller's own
// of 1 to 40 bytes, makes asking again count once for each person: it is answered as if what it counted itself were not
// there. A number that nobody has (any more) is unknown_person. With `late` there is no time: nothing is evaluated,
// each placement has its fallback, and the answer says `late`, too.
//   A request has at most 16 placements and 64 events; a text in it, 2,048 bytes; a number is neither NaN nor infinite.
// What tact_record would refuse of an event is refused here. An offer that is shown because nothing else is left has
// `fallback: true` instead of a score; a dry answer has no tokens; `held_out: true` says that the person is in the
// holdout, and does not see what that keeps back.
TACT_API TACT_MUST_USE tact_operation tact_decide;
// The same, dry, and why: for every placement how many offers each stage left, and of every offer what removed it, the
// rule, the part of it that decided, the values that it read, with source and age, caps, the terms of its score. With
// the `decision` of an answer that was given, ties fall as they fell then, and what it counted does not count.
TACT_API TACT_MUST_USE tact_operation tact_explain;
// What a chat assistant may be told of a person, within `budget` tokens (about 4 bytes of the reply's JSON each; 500 by
// default, at least 64), in order of use. Attributes whose purpose is not granted are left out, and counted.
TACT_API TACT_MUST_USE tact_operation tact_context;
// Applies changes, all that can be, in their order, and waits until they are durable. A change is as in
// src/wire/change.h; an event may have a `token` instead of or besides `person`, of which it then is: it counts towards
// the caps of the token's offer and placement. If one of them cannot be read, none is applied. Those that are refused
// (two persons that cannot be one) are told in `refused`: [{at: "commands[2]", code, text}]; impressions and clicks
// that no cap counts and no schema declares in `not_kept`: [{at, text}]. Any event names its offer by the token that
// came with it: {event: "purchase", token: "…", properties: {amount: 12.5}} counts for caps on purchases of that offer.
// It counts by its time, late or not; one that is said to lie ahead counts as of now. With `id`, or where each change
// has one of its own, the same may be sent again: each is applied once, and answered as it was then.
TACT_API TACT_MUST_USE tact_operation tact_record;
// All that is held of a person, as JSON may hold it.
TACT_API TACT_MUST_USE tact_operation tact_person;
// Deletes a person for good, and what the log of decisions holds of it (as an erasure by tact_record does, and opening
// the log of what was erased meanwhile); what comes in later by its identities, but
// happened before, is refused. With `id` the same may be sent again: nobody is deleted twice, and it is answered as
// then.
TACT_API TACT_MUST_USE tact_operation tact_erase;
// Makes a folder of rules the active bundle, with its schema, all at once or not at all; its tests must pass. Who is
// being answered meanwhile is answered by the bundle that was active when it asked. TACT_INVALID (bad_bundle): the text
// is the report of what is wrong; `tact check` shows all of it. Instead of a folder there may be `files`, with their
// names, in the order in which they are read. What is active already is not published again (`already`). With `from`
// only what is active by that name is replaced, else not_active: so the same may be sent again.
TACT_API TACT_MUST_USE tact_operation tact_publish;
// Makes a version active that was published before; without `version` the one that was active before.
TACT_API TACT_MUST_USE tact_operation tact_rollback;
// What was published, the newest first, at most `limit`. `signed_by` is who signed it, or NULL.
TACT_API TACT_MUST_USE tact_operation tact_bundles;
// What the active bundle, or `files`, or another `version`, would do with the persons there are: each is decided for,
// at each placement by itself, and by the active bundle as well; of each offer to how many it was shown, what each
// stage took away, and for how many it would be different. Changes nothing, but keeps half of the processors busy; one
// at a time (overloaded). `sample` bounds how many persons are looked at.
TACT_API TACT_MUST_USE tact_operation tact_simulate;
TACT_API TACT_MUST_USE tact_operation tact_status;

// The operation that the request's `op` names: "decide", "explain", …
TACT_API TACT_MUST_USE tact_operation tact_call;

#ifdef __cplusplus
}
#endif
#endif
