// SPDX-License-Identifier: Apache-2.0
//
// Entries lie in lists, by strand and by counter, the newest first; some lists share a lock, which only those take who
// change them. Subtle, in the order of what could go wrong:
//   - A list numbers its entries. An entry is in the list before the list says that it has so many: whoever reads that
//     number first finds all up to it. Later ones are news, which are looked for with the lock held.
//   - An entry must not go while somebody's view is older than its command: readers say with which epoch they began
//     before their view is opened; the epoch grows when answers have become visible; an entry leaves its lists when all
//     who look have begun after that. Somebody may still be standing on it; so it is used again when all who look have
//     begun after it left.
//   - While a batch is being committed nobody knows its positions. Whether a view has it is asked of the view itself,
//     by the ids of the commands; of a counter for everyone by those of a few, since a batch is visible as a whole.
//     Should all of these have been refused, then too many are counted for a moment, never too few.
#include "engine/reserve.h"

#include <pthread.h>
#include <time.h>

#include "engine/line.h"

enum {
    LOCKS = 16,  // of each kind: so few that whoever needs all of them may hold them
    SAMPLES = 4, // ids of a batch that are asked for
};
_Static_assert(RESERVE_LISTS == 1 << 9, "list_of takes 9 bits");

#define QUEUED UINT64_MAX             // as a position: its command was not handed over yet
#define SUBMITTED (UINT64_C(1) << 63) // and the batch's number: it was, and has not been answered
#define NO_EPOCH UINT64_MAX

typedef enum kind { OF_STRAND, OF_TALLY, KINDS } kind;

typedef struct link { // of an entry in a list
    _Atomic(reserve_entry *) next;
    reserve_entry *before; // with the lock
    uint64_t number;
} link;

struct reserve_entry {
    link links[KINDS];
    uint64_t tally, strand; // strand 0: of nobody
    int64_t time_ms;
    _Atomic uint64_t position;
    bool everyone;
    uint8_t id[RESERVE_ID];
    _Atomic uint32_t below; // in a stack: the entry below, as there
    // The settling thread's:
    reserve_entry *after;
    uint64_t retire; // epoch in which it became visible, or left
    bool visible;
};

// Entries that nobody needs now: the number of the uppermost plus one, and in the upper half how often that changed.
typedef _Atomic uint64_t stack;

typedef struct list {
    pthread_mutex_t *mutex; // one of the locks
    _Atomic(reserve_entry *) first;
    _Atomic uint64_t count; // that it ever had
} list;

typedef struct lock {
    _Alignas(64) pthread_mutex_t mutex;
} lock;

struct reserve {
    lock locks[KINDS * LOCKS];
    list lists[KINDS * RESERVE_LISTS];
    _Atomic uint64_t epoch;
    _Atomic uint32_t count;
    stack unused, left; // left their lists, and somebody may stand on them
    _Atomic(reserve_reader *) readers;
    reserve_entry *answered, *leaving; // the settling thread's
    reserve_entry *entries;
};

typedef struct reserve_seen {
    uint64_t tally;
    int64_t time_ms;
} reserve_seen;

// ---- Entries that nobody needs --------------------------------------------------------------------------------------

static void push(reserve *r, stack *s, reserve_entry *e) {
    uint64_t top = atomic_load(s), wanted;
    do {
        atomic_store(&e->below, (uint32_t)top);
        wanted = ((top >> 32) + 1) << 32 | (uint32_t)(e - r->entries + 1);
    } while (!atomic_compare_exchange_weak(s, &top, wanted));
}

static reserve_entry *pop(reserve *r, stack *s) {
    uint64_t top = atomic_load(s), wanted;
    reserve_entry *e;
    do {
        if (!(uint32_t)top) return NULL;
        e = &r->entries[(uint32_t)top - 1];
        wanted = ((top >> 32) + 1) << 32 | atomic_load(&e->below);
    } while (!atomic_compare_exchange_weak(s, &top, wanted));
    return e;
}

// ---- Making ---------------------------------------------------------------------------------------------------------

tact_err reserve_new(arena *a, reserve **out) {
    reserve *r = line_zalloc(a, sizeof *r);
    if (r) r->entries = arena_zalloc(a, RESERVE_MAX * sizeof *r->entries);
    if (!r || !r->entries) return TACT_NO_MEMORY;
    for (uint32_t i = RESERVE_MAX; i-- > 0;) push(r, &r->unused, &r->entries[i]);
    for (int i = 0; i < KINDS * LOCKS; i++) pthread_mutex_init(&r->locks[i].mutex, NULL);
    for (int i = 0; i < KINDS * RESERVE_LISTS; i++) {
        r->lists[i].mutex = &r->locks[i / RESERVE_LISTS * LOCKS + i % LOCKS].mutex;
    }
    *out = r;
    return TACT_OK;
}

void reserve_free(reserve *r) {
    for (int i = 0; i < KINDS * LOCKS; i++) pthread_mutex_destroy(&r->locks[i].mutex);
}

void reserve_join(reserve *r, reserve_reader *reader) {
    *reader = (reserve_reader){.of = r};
    atomic_init(&reader->epoch, NO_EPOCH);
    reader->next = atomic_load(&r->readers);
    while (!atomic_compare_exchange_weak(&r->readers, &reader->next, reader)) {}
}

static list *list_of(reserve *r, kind k, uint64_t key) {
    return &r->lists[k * RESERVE_LISTS + (key * UINT64_C(0x9E3779B97F4A7C15) >> 55)];
}

// ---- Looking --------------------------------------------------------------------------------------------------------

void reserve_begin(reserve_reader *reader) {
    atomic_store(&reader->epoch, atomic_load(&reader->of->epoch));
    reader->own = NULL;
    reader->strands = NULL;
    reader->strands_count = reader->seen_count = 0;
    reader->position = 0;
    reader->code = TACT_OK;
    if (!++reader->look) memset(reader->looks, 0, sizeof reader->looks), reader->look = 1;
}

void reserve_end(reserve_reader *reader) {
    atomic_store(&reader->epoch, NO_EPOCH);
}

static bool is_own(const reserve_reader *reader, const reserve_entry *e) {
    return reader->own && memcmp(e->id, reader->own, RESERVE_OWN) == 0;
}

// Up to which number of a list entries count in this look; later ones are news.
static uint64_t known_of(reserve_reader *reader, list *l) {
    size_t i = (size_t)(l - reader->of->lists);
    if (reader->looks[i] != reader->look) {
        reader->looks[i] = reader->look;
        reader->known[i] = atomic_load(&l->count);
    }
    return reader->known[i];
}

static bool has_seen(reserve_reader *reader, const uint8_t *id) {
    bool seen = false;
    const command c = {.kind = COMMAND_COUNT, .id = {(const char *)id, RESERVE_ID}};
    tact_err err = store_seen(reader->view, &c, &seen, NULL);
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

static bool in_view(reserve_reader *reader, const reserve_entry *e) {
    uint64_t position = atomic_load(&e->position);
    if (position == QUEUED) return false; // handed over after the view began
    return position & SUBMITTED ? has_seen(reader, e->id) : position <= position_of(reader);
}

typedef struct sight { // what is reserved and not in the view
    reserve_seen *of;
    uint32_t count, room;
} sight;

// Adds what is reserved for a strand. False: no memory.
static bool see_strand(reserve_reader *reader, arena *a, uint64_t whose, sight *all) {
    list *l = list_of(reader->of, OF_STRAND, whose);
    uint64_t known = known_of(reader, l);
    for (reserve_entry *e = atomic_load(&l->first); e; e = atomic_load(&e->links[OF_STRAND].next)) {
        if (e->strand != whose || e->links[OF_STRAND].number > known || is_own(reader, e)) continue;
        if (in_view(reader, e)) continue;
        if (all->count == all->room) {
            uint32_t room = all->room ? 2 * all->room : 16;
            reserve_seen *larger = arena_extend(a, all->of, all->room, room, sizeof *larger);
            if (!larger) return false;
            all->of = larger;
            all->room = room;
        }
        all->of[all->count++] = (reserve_seen){e->tally, e->time_ms};
    }
    return true;
}

tact_err reserve_look(reserve_reader *reader, store_reader *view, arena *a, const uint64_t *strands,
                      uint32_t strands_count, const uint8_t *own) {
    sight all = {.of = NULL};
    reader->view = view;
    reader->own = own;
    reader->strands = strands;
    reader->strands_count = strands_count;
    for (uint32_t i = 0; i < strands_count; i++) {
        if (!see_strand(reader, a, strands[i], &all)) return TACT_NO_MEMORY;
    }
    reader->seen = all.of;
    reader->seen_count = all.count;
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

// Those that are surely not in the view, and those that may be.
static uint64_t count_of_tally(reserve_reader *reader, list *l, uint64_t tally, int64_t since_ms, batch *b) {
    uint64_t count = 0, known = known_of(reader, l);
    for (reserve_entry *e = atomic_load(&l->first); e; e = atomic_load(&e->links[OF_TALLY].next)) {
        if (e->tally != tally || e->links[OF_TALLY].number > known || e->time_ms < since_ms) continue;
        if (is_own(reader, e)) continue;
        uint64_t position = atomic_load(&e->position);
        if (position != QUEUED && position & SUBMITTED && (!b->count || position == b->position)) {
            b->position = position;
            add_to_batch(b, e);
        } else {
            // A batch that came after the one above was handed over after the view began.
            count += position & SUBMITTED || position > position_of(reader);
        }
    }
    return count;
}

uint64_t reserve_of_everyone(reserve_reader *reader, uint64_t tally, int64_t since_ms) {
    batch b = {.count = 0};
    uint64_t count = count_of_tally(reader, list_of(reader->of, OF_TALLY, tally), tally, since_ms, &b);
    for (uint32_t i = 0; i < b.samples; i++) {
        if (has_seen(reader, b.ids[i])) return count;
    }
    return count + b.count;
}

static bool list_has(reserve_reader *reader, kind k, uint64_t key, const uint8_t *id) {
    const list *l = list_of(reader->of, k, key);
    for (const reserve_entry *e = atomic_load(&l->first); e; e = atomic_load(&e->links[k].next)) {
        if (memcmp(e->id, id, RESERVE_ID) == 0) return true;
    }
    return false;
}

bool reserve_has(reserve_reader *reader, uint64_t tally, const uint8_t id[RESERVE_ID]) {
    bool has = list_has(reader, OF_TALLY, tally, id);
    for (uint32_t i = 0; !has && i < reader->strands_count; i++) {
        has = list_has(reader, OF_STRAND, reader->strands[i], id);
    }
    return has;
}

// ---- Taking ---------------------------------------------------------------------------------------------------------

typedef struct held { // locks, by number
    bool of[KINDS * LOCKS];
} held;

static void hold(held *h, const reserve *r, const list *l) {
    h->of[(const lock *)l->mutex - r->locks] = true; // a lock begins with its mutex
}

// Those of the person's lists, since its strands' reservations are looked at, and of the counters for everyone.
static held find_locks(const reserve_reader *reader, const reserve_item *items, uint32_t count) {
    held h = {.of = {false}};
    reserve *r = reader->of;
    for (uint32_t i = 0; i < reader->strands_count; i++) hold(&h, r, list_of(r, OF_STRAND, reader->strands[i]));
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].everyone) hold(&h, r, list_of(r, OF_TALLY, items[i].tally));
    }
    return h;
}

// With the locks. How many came since the reader looked; the newest are first.
static uint64_t news(reserve_reader *reader, kind k, uint64_t whose, uint64_t tally) {
    list *l = list_of(reader->of, k, k == OF_STRAND ? whose : tally);
    uint64_t count = 0, known = known_of(reader, l);
    for (reserve_entry *e = atomic_load(&l->first); e && e->links[k].number > known;
         e = atomic_load(&e->links[k].next)) {
        count += e->tally == tally && (k == OF_TALLY || e->strand == whose);
    }
    return count;
}

static bool has_room(reserve_reader *reader, const reserve_item *item) {
    uint64_t came = 0;
    if (!item->checked) return true;
    for (uint32_t i = 0; item->spare != UINT64_MAX && i < reader->strands_count; i++) {
        came += news(reader, OF_STRAND, reader->strands[i], item->tally);
    }
    if (item->spare != UINT64_MAX && came > item->spare) return false;
    return item->spare_of_everyone == UINT64_MAX || news(reader, OF_TALLY, 0, item->tally) <= item->spare_of_everyone;
}

// With the lock.
static void put_in(list *l, reserve_entry *e, kind k) {
    uint64_t number = atomic_load(&l->count) + 1;
    reserve_entry *first = atomic_load(&l->first);
    e->links[k].number = number;
    e->links[k].before = NULL;
    atomic_store(&e->links[k].next, first);
    if (first) first->links[k].before = e;
    atomic_store(&l->first, e);
    atomic_store(&l->count, number);
}

static void take_out(list *l, reserve_entry *e, kind k) {
    pthread_mutex_lock(l->mutex);
    reserve_entry *next = atomic_load(&e->links[k].next), *before = e->links[k].before;
    if (next) next->links[k].before = before;
    atomic_store(before ? &before->links[k].next : &l->first, next);
    pthread_mutex_unlock(l->mutex);
}

static bool put_all(reserve_reader *reader, const reserve_item *items, uint32_t count, reserve_entry *const *entries) {
    for (uint32_t i = 0; i < count; i++) {
        if (!has_room(reader, &items[i])) return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        reserve_entry *e = entries[i];
        if (e->strand) put_in(list_of(reader->of, OF_STRAND, e->strand), e, OF_STRAND);
        if (e->everyone) put_in(list_of(reader->of, OF_TALLY, e->tally), e, OF_TALLY);
    }
    return true;
}

// With the locks that it needs, always in the same order.
static bool put_all_locked(reserve_reader *reader, const reserve_item *items, uint32_t count,
                           reserve_entry *const *entries) {
    const held h = find_locks(reader, items, count);
    lock *locks = reader->of->locks;
    for (int i = 0; i < KINDS * LOCKS; i++) {
        if (h.of[i]) pthread_mutex_lock(&locks[i].mutex);
    }
    bool done = put_all(reader, items, count, entries);
    for (int i = 0; i < KINDS * LOCKS; i++) {
        if (h.of[i]) pthread_mutex_unlock(&locks[i].mutex);
    }
    return done;
}

tact_err reserve_take(reserve_reader *reader, const reserve_item *items, uint32_t count, uint64_t whose,
                      int64_t time_ms, reserve_entry **out) {
    reserve *r = reader->of;
    uint32_t n = 0;
    for (; n < count; n++) {
        const reserve_item *i = &items[n];
        reserve_entry *e = out[n] = pop(r, &r->unused);
        if (!e) break;
        e->tally = i->tally;
        e->strand = whose;
        e->time_ms = time_ms;
        e->everyone = i->everyone;
        e->visible = false;
        atomic_store(&e->position, QUEUED);
        memcpy(e->id, i->id, sizeof e->id);
    }
    if (n == count && put_all_locked(reader, items, count, out)) {
        atomic_fetch_add(&r->count, count);
        return TACT_OK;
    }
    tact_err err = n < count ? TACT_BUSY : TACT_EXISTS;
    while (n > 0) push(r, &r->unused, out[--n]);
    return err;
}

// ---- Ending ---------------------------------------------------------------------------------------------------------

void reserve_cancel(reserve *r, reserve_entry *e) {
    if (e->strand) take_out(list_of(r, OF_STRAND, e->strand), e, OF_STRAND);
    if (e->everyone) take_out(list_of(r, OF_TALLY, e->tally), e, OF_TALLY);
    atomic_fetch_sub(&r->count, 1);
    push(r, &r->left, e);
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
    for (reserve_reader *i = atomic_load(&r->readers); i; i = i->next) {
        uint64_t epoch = atomic_load(&i->epoch);
        if (epoch < oldest) oldest = epoch;
    }
    return oldest;
}

// Whoever began with this epoch or the one behind it may stand on what has left by now.
static void reuse(reserve *r, uint64_t now, uint64_t oldest) {
    for (reserve_entry *e; (e = pop(r, &r->left));) {
        e->retire = now + 1;
        e->after = r->leaving;
        r->leaving = e;
    }
    for (reserve_entry **at = &r->leaving; *at;) {
        reserve_entry *e = *at;
        if (e->retire < oldest) {
            *at = e->after;
            push(r, &r->unused, e);
        } else {
            at = &e->after;
        }
    }
}

void reserve_settle(reserve *r, uint64_t position) {
    uint64_t now = atomic_fetch_add(&r->epoch, 1), oldest = oldest_epoch(r);
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
        }
    }
    reuse(r, now, oldest);
}

bool reserve_is_settled(const reserve *r) {
    return !atomic_load(&r->count) && !(uint32_t)atomic_load(&r->left) && !r->leaving;
}

uint32_t reserve_count(const reserve *r) {
    return atomic_load(&r->count);
}

void reserve_wait_for_readers(reserve *r) {
    const struct timespec moment = {0, 1000000};
    uint64_t now = atomic_fetch_add(&r->epoch, 1);
    while (oldest_epoch(r) <= now) nanosleep(&moment, NULL);
}
