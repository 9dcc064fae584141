// SPDX-License-Identifier: Apache-2.0
//
// Entries lie in lists, by strand and by counter; some lists share a lock. Subtle, in the order of what could go
// wrong:
//   - An entry's number is drawn with the locks held, after the shards were told that they are not empty. So a reader
//     that draws its own number later, and then looks, finds either an entry that it must count or a lock to wait for.
//   - An entry must not go while somebody's view is older than its command: readers say with which epoch they began
//     before their view is opened; the epoch grows when answers have become visible; an entry goes when all who look
//     have begun after that.
//   - While a batch is being committed nobody knows its positions. Whether a view has it is asked of the view itself,
//   by
//     the ids of the commands; of a counter for everyone by those of a few, since a batch is visible as a whole. Should
//     all of these have been refused, then too many are counted for a moment, never too few.
#include "engine/reserve.h"

#include <pthread.h>
#include <time.h>

enum {
    SHARDS = 512, // lists of each kind
    LOCKS = 16,   // of each kind: so few that whoever needs all of them may hold them
    SAMPLES = 4,  // ids of a batch that are asked for
};

#define QUEUED UINT64_MAX             // as a position: its command was not handed over yet
#define SUBMITTED (UINT64_C(1) << 63) // and the batch's number: it was, and has not been answered
#define NO_EPOCH UINT64_MAX

struct reserve_entry {
    reserve_entry *next_of_strand, *next_of_tally;
    uint64_t seq, tally, strand; // strand 0: of nobody
    int64_t time_ms;
    _Atomic uint64_t position;
    uint64_t retire; // epoch in which it became visible; of the settling thread
    bool visible;    // likewise
    bool everyone;
    uint8_t id[RESERVE_ID];
    reserve_entry *after; // free, or answered and not gone
};

typedef struct lock {
    _Alignas(64) pthread_mutex_t mutex;
} lock;

typedef struct shard {
    pthread_mutex_t *mutex; // one of the locks
    _Atomic uint32_t count;
    reserve_entry *first;
} shard;

struct reserve {
    lock locks[2 * LOCKS];
    shard of_strands[SHARDS], of_tallies[SHARDS];
    _Atomic uint64_t seq, epoch;
    _Atomic uint32_t count;
    pthread_mutex_t mutex; // over the two below
    reserve_entry *unused;
    reserve_reader *readers;
    reserve_entry *answered; // of the settling thread
    reserve_entry *entries;
};

typedef struct reserve_seen {
    uint64_t tally;
    int64_t time_ms;
} reserve_seen;

// ---- Making ---------------------------------------------------------------------------------------------------------

tact_err reserve_new(arena *a, reserve **out) {
    char *room = arena_zalloc(a, sizeof(reserve) + 64); // an arena aligns to less than a line of the cache
    if (!room) return TACT_NO_MEMORY;
    reserve *r = (reserve *)(((uintptr_t)room + 63) & ~(uintptr_t)63);
    r->entries = arena_zalloc(a, RESERVE_MAX * sizeof *r->entries);
    if (!r->entries) return TACT_NO_MEMORY;
    for (uint32_t i = RESERVE_MAX; i-- > 0;) {
        r->entries[i].after = r->unused;
        r->unused = &r->entries[i];
    }
    for (int i = 0; i < 2 * LOCKS; i++) pthread_mutex_init(&r->locks[i].mutex, NULL);
    for (int i = 0; i < SHARDS; i++) {
        r->of_strands[i].mutex = &r->locks[i % LOCKS].mutex;
        r->of_tallies[i].mutex = &r->locks[LOCKS + i % LOCKS].mutex;
    }
    pthread_mutex_init(&r->mutex, NULL);
    *out = r;
    return TACT_OK;
}

void reserve_free(reserve *r) {
    pthread_mutex_destroy(&r->mutex);
    for (int i = 0; i < 2 * LOCKS; i++) pthread_mutex_destroy(&r->locks[i].mutex);
}

void reserve_join(reserve *r, reserve_reader *reader) {
    *reader = (reserve_reader){.of = r};
    atomic_init(&reader->epoch, NO_EPOCH);
    pthread_mutex_lock(&r->mutex);
    reader->next = r->readers;
    r->readers = reader;
    pthread_mutex_unlock(&r->mutex);
}

static shard *shard_of(shard *of, uint64_t key) {
    return &of[key * UINT64_C(0x9E3779B97F4A7C15) >> 55]; // the upper 9 bits: SHARDS
}

// ---- Looking --------------------------------------------------------------------------------------------------------

void reserve_begin(reserve_reader *reader) {
    atomic_store(&reader->epoch, atomic_load(&reader->of->epoch));
    reader->strands = NULL;
    reader->strands_count = reader->seen_count = 0;
    reader->position = 0;
    reader->code = TACT_OK;
}

void reserve_end(reserve_reader *reader) {
    atomic_store(&reader->epoch, NO_EPOCH);
}

static bool has_seen(reserve_reader *reader, const uint8_t *id) {
    bool seen = false;
    tact_err err = store_seen(reader->view, (tact_str){(const char *)id, RESERVE_ID}, &seen, NULL);
    if (err) reader->code = err;
    return seen;
}

// The view's position is needed only where something is reserved.
static uint64_t position_of(reserve_reader *reader) {
    if (!reader->position) {
        tact_err err = store_position(reader->view, &reader->position, NULL);
        if (err) reader->code = err;
    }
    return reader->position;
}

typedef struct found { // an entry, as it was under the lock
    reserve_seen what;
    uint64_t position;
    uint8_t id[RESERVE_ID];
} found;

// Copies of what is reserved for a strand, so that the view is asked without the lock. False: no memory.
static bool find_of_strand(reserve_reader *reader, arena *a, uint64_t of, found **all, uint32_t *count,
                           uint32_t *room) {
    shard *s = shard_of(reader->of->of_strands, of);
    if (!atomic_load(&s->count)) return true;
    bool ok = true;
    pthread_mutex_lock(s->mutex);
    for (const reserve_entry *e = s->first; e && ok; e = e->next_of_strand) {
        if (e->strand != of || e->seq > reader->seq) continue;
        if (*count == *room) {
            uint32_t more = *room ? 2 * *room : 16;
            found *larger = arena_extend(a, *all, *room, more, sizeof **all);
            ok = larger != NULL;
            if (!ok) break;
            *all = larger;
            *room = more;
        }
        found *f = &(*all)[(*count)++];
        *f = (found){.what = {e->tally, e->time_ms}, .position = atomic_load(&e->position)};
        memcpy(f->id, e->id, sizeof f->id);
    }
    pthread_mutex_unlock(s->mutex);
    return ok;
}

static bool in_view(reserve_reader *reader, const found *f) {
    if (f->position == QUEUED) return false; // handed over after the view began
    return f->position & SUBMITTED ? has_seen(reader, f->id) : f->position <= position_of(reader);
}

tact_err reserve_look(reserve_reader *reader, store_reader *view, arena *a, const uint64_t *strands,
                      uint32_t strands_count) {
    found *all = NULL;
    uint32_t count = 0, room = 0, left = 0;
    reader->view = view;
    reader->strands = strands;
    reader->strands_count = strands_count;
    reader->seq = atomic_load(&reader->of->seq);
    for (uint32_t i = 0; i < strands_count; i++) {
        if (!find_of_strand(reader, a, strands[i], &all, &count, &room)) return TACT_NO_MEMORY;
    }
    if (!count) return TACT_OK;
    reserve_seen *seen = arena_array(a, count, sizeof *seen);
    if (!seen) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (!in_view(reader, &all[i])) seen[left++] = all[i].what;
    }
    reader->seen = seen;
    reader->seen_count = left;
    return reader->code;
}

bool reserve_any_of_person(const reserve_reader *reader) {
    return reader->seen_count > 0;
}

uint32_t reserve_of_person(const reserve_reader *reader, uint64_t tally, int64_t since_ms) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < reader->seen_count; i++) {
        count += reader->seen[i].tally == tally && reader->seen[i].time_ms >= since_ms;
    }
    return count;
}

typedef struct batch { // of which it is not known whether the view has it
    uint64_t position;
    uint64_t count;
    uint32_t samples;
    uint8_t ids[SAMPLES][RESERVE_ID];
} batch;

static void add_to_batch(batch *b, const reserve_entry *e) {
    b->count++;
    if (b->samples < SAMPLES) memcpy(b->ids[b->samples++], e->id, RESERVE_ID);
}

// With the lock: those that are surely not in the view, and those that may be.
static uint64_t count_of_tally(reserve_reader *reader, const shard *s, uint64_t tally, int64_t since_ms, batch *b) {
    uint64_t count = 0;
    for (const reserve_entry *e = s->first; e; e = e->next_of_tally) {
        if (e->tally != tally || e->seq > reader->seq || e->time_ms < since_ms) continue;
        uint64_t position = atomic_load(&e->position);
        if (position != QUEUED && position & SUBMITTED && (!b->count || position == b->position)) {
            b->position = position;
            add_to_batch(b, e);
        } else {
            // A batch that came after the one above was handed over after the view began.
            count += position & SUBMITTED || position > reader->position;
        }
    }
    return count;
}

uint64_t reserve_of_everyone(reserve_reader *reader, uint64_t tally, int64_t since_ms) {
    shard *s = shard_of(reader->of->of_tallies, tally);
    if (!atomic_load(&s->count)) return 0;
    batch b = {.count = 0};
    (void)position_of(reader);
    pthread_mutex_lock(s->mutex);
    uint64_t count = count_of_tally(reader, s, tally, since_ms, &b);
    pthread_mutex_unlock(s->mutex);
    for (uint32_t i = 0; i < b.samples; i++) {
        if (has_seen(reader, b.ids[i])) return count;
    }
    return count + b.count;
}

// ---- Taking ---------------------------------------------------------------------------------------------------------

typedef struct held { // locks, by number
    bool of[2 * LOCKS];
} held;

static held find_locks(const reserve_reader *reader, const reserve_item *items, uint32_t count) {
    held h = {.of = {false}};
    const reserve *r = reader->of;
    for (uint32_t i = 0; i < reader->strands_count; i++) {
        h.of[(shard_of(reader->of->of_strands, reader->strands[i]) - r->of_strands) % LOCKS] = true;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].everyone)
            h.of[LOCKS + (shard_of(reader->of->of_tallies, items[i].tally) - r->of_tallies) % LOCKS] = true;
    }
    return h;
}

// With the locks. How many came since the reader began to look.
static uint64_t news_of_person(const reserve_reader *reader, uint64_t tally) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < reader->strands_count; i++) {
        const shard *s = shard_of(reader->of->of_strands, reader->strands[i]);
        for (const reserve_entry *e = s->first; e; e = e->next_of_strand) {
            count += e->strand == reader->strands[i] && e->tally == tally && e->seq > reader->seq;
        }
    }
    return count;
}

static uint64_t news_of_everyone(const reserve_reader *reader, uint64_t tally) {
    uint64_t count = 0;
    const shard *s = shard_of(reader->of->of_tallies, tally);
    for (const reserve_entry *e = s->first; e; e = e->next_of_tally) count += e->tally == tally && e->seq > reader->seq;
    return count;
}

static bool has_room(const reserve_reader *reader, const reserve_item *i) {
    if (!i->checked) return true;
    if (i->spare != UINT64_MAX && news_of_person(reader, i->tally) > i->spare) return false;
    return i->spare_of_everyone == UINT64_MAX || news_of_everyone(reader, i->tally) <= i->spare_of_everyone;
}

// So many unused entries, linked; NULL: there are not.
static reserve_entry *take_unused(reserve *r, uint32_t count) {
    reserve_entry *first = NULL;
    uint32_t taken = 0;
    pthread_mutex_lock(&r->mutex);
    for (; taken < count && r->unused; taken++) {
        reserve_entry *e = r->unused;
        r->unused = e->after;
        e->after = first;
        first = e;
    }
    if (taken < count) {
        while (first) {
            reserve_entry *next = first->after;
            first->after = r->unused;
            r->unused = first;
            first = next;
        }
    }
    pthread_mutex_unlock(&r->mutex);
    return first;
}

static void give_back(reserve *r, reserve_entry *e) {
    pthread_mutex_lock(&r->mutex);
    e->after = r->unused;
    r->unused = e;
    pthread_mutex_unlock(&r->mutex);
}

// With the locks.
static void put_in_lists(reserve *r, reserve_entry *e) {
    shard *s = e->strand ? shard_of(r->of_strands, e->strand) : NULL;
    shard *t = e->everyone ? shard_of(r->of_tallies, e->tally) : NULL;
    if (s) atomic_fetch_add(&s->count, 1);
    if (t) atomic_fetch_add(&t->count, 1);
    e->seq = atomic_fetch_add(&r->seq, 1) + 1;
    if (s) e->next_of_strand = s->first, s->first = e;
    if (t) e->next_of_tally = t->first, t->first = e;
}

static bool put_all(reserve_reader *reader, const reserve_item *items, uint32_t count, reserve_entry *entries) {
    for (uint32_t i = 0; i < count; i++) {
        if (!has_room(reader, &items[i])) return false;
    }
    for (reserve_entry *e = entries; e; e = e->after) put_in_lists(reader->of, e);
    return true;
}

tact_err reserve_take(reserve_reader *reader, const reserve_item *items, uint32_t count, uint64_t whose,
                      int64_t time_ms, reserve_entry **out) {
    reserve *r = reader->of;
    reserve_entry *entries = take_unused(r, count);
    if (!entries) return count ? TACT_BUSY : TACT_OK;
    uint32_t n = 0;
    for (reserve_entry *e = entries; e; e = e->after) {
        const reserve_item *i = &items[n];
        out[n++] = e;
        e->tally = i->tally;
        e->strand = whose;
        e->time_ms = time_ms;
        e->everyone = i->everyone;
        e->visible = false;
        atomic_store(&e->position, QUEUED);
        memcpy(e->id, i->id, sizeof e->id);
    }
    const held h = find_locks(reader, items, count);
    for (int i = 0; i < 2 * LOCKS; i++) { // always in this order
        if (h.of[i]) pthread_mutex_lock(&r->locks[i].mutex);
    }
    bool taken = put_all(reader, items, count, entries);
    for (int i = 0; i < 2 * LOCKS; i++) {
        if (h.of[i]) pthread_mutex_unlock(&r->locks[i].mutex);
    }
    if (taken) {
        atomic_fetch_add(&r->count, count);
        return TACT_OK;
    }
    for (uint32_t i = 0; i < count; i++) give_back(r, out[i]);
    return TACT_EXISTS;
}

// ---- Ending ---------------------------------------------------------------------------------------------------------

static void take_from_list(shard *s, reserve_entry *e, bool of_strand) {
    pthread_mutex_lock(s->mutex);
    reserve_entry **at = &s->first;
    while (*at != e) at = of_strand ? &(*at)->next_of_strand : &(*at)->next_of_tally;
    *at = of_strand ? e->next_of_strand : e->next_of_tally;
    atomic_fetch_sub(&s->count, 1);
    pthread_mutex_unlock(s->mutex);
}

void reserve_cancel(reserve *r, reserve_entry *e) {
    if (e->strand) take_from_list(shard_of(r->of_strands, e->strand), e, true);
    if (e->everyone) take_from_list(shard_of(r->of_tallies, e->tally), e, false);
    atomic_fetch_sub(&r->count, 1);
    give_back(r, e);
}

void reserve_submit(reserve *r, reserve_entry *e, uint64_t number) {
    (void)r;
    atomic_store(&e->position, SUBMITTED | (number & (SUBMITTED - 2)));
}

void reserve_answer(reserve *r, reserve_entry *e, uint64_t position) {
    atomic_store(&e->position, position);
    e->after = r->answered;
    r->answered = e;
}

// The smallest epoch with which anybody looks.
static uint64_t oldest_epoch(reserve *r) {
    uint64_t oldest = NO_EPOCH;
    pthread_mutex_lock(&r->mutex);
    for (reserve_reader *i = r->readers; i; i = i->next) {
        uint64_t epoch = atomic_load(&i->epoch);
        if (epoch < oldest) oldest = epoch;
    }
    pthread_mutex_unlock(&r->mutex);
    return oldest;
}

uint32_t reserve_settle(reserve *r, uint64_t position) {
    uint64_t now = atomic_fetch_add(&r->epoch, 1);
    uint64_t oldest = oldest_epoch(r);
    uint32_t left = 0;
    for (reserve_entry **at = &r->answered; *at;) {
        reserve_entry *e = *at;
        if (!e->visible && atomic_load(&e->position) <= position) {
            e->visible = true;
            e->retire = now;
        }
        if (e->visible && e->retire < oldest) {
            *at = e->after;
            reserve_cancel(r, e);
        } else {
            at = &e->after;
            left++;
        }
    }
    return left;
}

uint32_t reserve_count(const reserve *r) {
    return atomic_load(&r->count);
}

void reserve_wait_for_readers(reserve *r) {
    const struct timespec moment = {0, 1000000};
    uint64_t now = atomic_fetch_add(&r->epoch, 1);
    while (oldest_epoch(r) <= now) nanosleep(&moment, NULL);
}
