// SPDX-License-Identifier: Apache-2.0
//
// The log of decisions: what is needed to decide again, and what came of it. Files named decisions-NUMBER.log, each a
// run of frames:
//
//      file     "tactlog3" | frames
//      frame    checksum 16 bytes | length u32 | flags u32 | position u64 | identities u32
//               | a hash of each identity, 16 bytes | payload, one MessagePack map; both have `length` bytes
//
// The checksum is of all that follows it. `position` is how many commands the view showed that was decided from. The
// hashes are those of all identities of the person, those pushed out included: whatever came in by any of them may be
// in the frame. If nobody was known it is the request's first identity, which is in the frame; if there was none, none.
//
// They are the keyed hashes under which the store knows that an identity was erased, and by which command: so whoever
// was erased, in whatever way and whether the log was open or not, is found in the log by log_forget. A frame in which
// anything may be of somebody who was erased goes as a whole, hashes and payload: they are overwritten with zeros,
// where they lie, and the frame is flagged. So a frame from when two were one person goes with the first of the two who
// is erased, whatever became of them since, and nothing that is of them both is left when one of them wants it gone.
//
// The payload:
//      {v: 1, decision, bundle: "shop@12", hash: bytes of the bundle's files, now: ms, seed, late if it is, denied:
//      purposes that
//       others denied whom it was asked for, a bit each, if any, person or null, unit,
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
#include "store/store.h"
#include "tact/tact.h"

enum {
    LOG_BYTES = 8 << 20,       // of frames that wait
    LOG_FILE_BYTES = 64 << 20, // of a file, by default
    LOG_FILES_MAX = 16,        // kept, by default
    LOG_FRAME_MAX = 2 << 20,   // a record may be large; a larger frame is dropped
    LOG_CHECKSUM = 16,
    LOG_HEAD = LOG_CHECKSUM + 4 + 4 + 8 + 4,
    LOG_IDENTITIES_MAX = LINKS_STRANDS_MAX, // of a frame
    LOG_ERASED = 1,                         // a flag
    LOG_PATH_MAX = 4096,
};
#define LOG_MAGIC "tactlog3"

typedef struct decision_log decision_log;

// Makes the folder if it is not there. TACT_BUSY: another writes there; TACT_NOT_FOUND, TACT_IO: it cannot be made or
// used; TACT_NO_MEMORY.
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

// Overwrites the frames of all who are erased by now and were not in the view that they were decided from; on disk when
// it returns. Once more does no harm. What a crash left at the end of a file, a part of a frame, goes as well. No view
// may be held. `l` may be NULL. TACT_IO; TACT_INVALID: a file is damaged, and what follows in it was not looked at.
TACT_MUST_USE tact_err log_forget(decision_log *l, store *s, tact_error *error);
// The same of a folder that nobody writes to.
TACT_MUST_USE tact_err log_forget_in(const char *folder, store *s, tact_error *error);

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct log_read {
    uint64_t at; // of the frame in its file
    bool erased;
    tact_str payload; // until the next call
} log_read;

// Hears of each frame; false ends it.
typedef bool log_hear(void *context, const log_read *frame);
// The path of the first file in a folder whose number is at least `*number`, which it is set to. False: there is none.
bool log_find_file(const char *folder, uint64_t *number, char path[LOG_PATH_MAX]);
// A file. TACT_NOT_FOUND, TACT_IO; TACT_INVALID: it is no log, or damaged, or cut off within a frame as a crash leaves
// it; `error` says where, and how much was not read. What came before was heard.
TACT_MUST_USE tact_err log_read_file(const char *path, arena *a, log_hear *hear, void *context, tact_error *error);

#endif
