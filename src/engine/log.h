// SPDX-License-Identifier: Apache-2.0
//
// The log of decisions: what is needed to decide again, and what came of it. Files named decisions-NUMBER.log, each a
// run of frames:
//
//      file     "tactlog1" | frames
//      frame    length u32 | flags u32 | whom u64 | checksum 16 bytes | payload, one MessagePack map of `length` bytes
//
// The checksum is of the payload. `whom` is the person's number, or of somebody who was not known a hash of the
// identity with its highest bit set: by it the frames of a person who is erased are found, whose payload is then
// overwritten with zeros, where it lies, and flagged.
//
// The payload:
//      {v: 1, decision, bundle: "shop@12", hash: bytes of the bundle's files, now: ms, seed, late if it is, person or
//      null, unit,
//       record: the person's record as it was (store/record.h), or null, placements: [names], context: {name: value},
//       events: [{event, values: {name: value}, offer, placement}], counts: [[for everyone?, counter, since, count]],
//       answer: {placements, arms, held_out}}
// With it a decision is the same to the byte wherever that bundle is, also when all else has changed: the record lies
// in the frame, and `counts` are the answers that deciding got when it asked how often something counted beyond it.
//
// Frames are written by a thread of its own off a ring. What finds it full is dropped and counted; nobody who
// decides ever waits for it.
#ifndef ENGINE_LOG_H
#define ENGINE_LOG_H

#include "base/buf.h"
#include "store/db.h"
#include "tact/tact.h"

enum {
    LOG_BYTES = 8 << 20,       // of frames that wait
    LOG_FILE_BYTES = 64 << 20, // of a file, by default
    LOG_FILES_MAX = 16,        // kept, by default
    LOG_FRAME_MAX = 2 << 20,   // a record may be large; a larger frame is dropped
    LOG_CHECKSUM = 16,
    LOG_HEAD = 4 + 4 + 8 + LOG_CHECKSUM,
    LOG_ERASED = 1, // a flag
};
#define LOG_MAGIC "tactlog1"

typedef struct decision_log decision_log;

TACT_MUST_USE tact_err log_open(arena *a, const tact_log_options *options, db_notice notice, decision_log **out,
                                tact_error *error);
void log_close(decision_log *l); // writes what is queued; NULL is allowed

// ---- Writing --------------------------------------------------------------------------------------------------------

typedef struct log_count { // that deciding asked for
    bool everyone;
    uint64_t tally;
    int64_t since_ms;
    uint64_t count;
} log_count;

typedef struct log_frame { // of a decision that is being made
    arena *arena;
    log_count *counts;
    uint32_t counts_count, room;
    bool failed;
} log_frame;

bool log_wants(const decision_log *l, uint64_t random); // whether a decision is in the sample
void log_begin(log_frame *f);                           // anew
void log_note(log_frame *f, bool everyone, uint64_t tally, int64_t since_ms, uint64_t count);

struct decision;
// Queues a frame of a decision that was made, while its view lasts. Memory is the session's.
void log_put(decision_log *l, const struct decision *d, const log_frame *f);
uint64_t log_dropped(decision_log *l); // frames, so far
void log_flush(decision_log *l);       // waits until what was put is written

// Whom a frame is of that is about somebody unknown.
uint64_t log_whom(tact_str unit);
// Overwrites the frames of these, on disk when it returns. Once more does no harm. `l` may be NULL. TACT_IO.
TACT_MUST_USE tact_err log_erase(decision_log *l, const uint64_t *whom, uint32_t count, tact_error *error);

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct log_read {
    uint64_t at; // of the frame in its file
    uint64_t whom;
    bool erased;
    tact_str payload; // until the next call
} log_read;

// Hears of each frame; false ends it.
typedef bool log_hear(void *context, const log_read *frame);
// A file. TACT_NOT_FOUND, TACT_IO; TACT_INVALID: it is no log, or damaged, as `error` says; what came before was heard.
// A frame that is cut off at the end, as a crash leaves it, is none.
TACT_MUST_USE tact_err log_read_file(const char *path, arena *a, log_hear *hear, void *context, tact_error *error);

#endif
