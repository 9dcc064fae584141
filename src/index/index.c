// SPDX-License-Identifier: Apache-2.0
//
// A column is a slot: its constants in order (points) cut its values into regions, the points themselves and what lies
// before, between and behind them, and one more for its absence. Every region has the set of rows that it leaves.
//
// Making a column is one sweep over its regions from left to right, with a set that changes where a predicate begins or
// ceases to forbid its row. Subtle: a row may have several predicates over a slot, so that what is swept is how many of
// them forbid it.
//
// A slot whose value is a list has its items looked up instead: each brings the rows that want one such, and takes away
// those that do not.
#include "index/index.h"

#include <stdlib.h>

#include "cel/env.h"
#include "value/value.h"

typedef struct column {
    uint32_t slot;
    uint8_t kind; // tact_kind of its values
    uint32_t points_count;
    const tact_value *points;    // ascending
    const uint64_t *const *sets; // by region
} column;

typedef struct list { // a slot that is one
    uint32_t slot;
    uint8_t kind; // of its items
    uint32_t points_count;
    const tact_value *points;
    uint64_t **wanting, **refusing; // by point: rows that one such item is enough for, or too much; NULL: none
    const uint64_t *content;        // rows that want none
    const uint64_t *silent;         // rows that say nothing of it, which are all that its absence leaves
} list;

struct rule_index {
    uint32_t words, columns_count, lists_count;
    const column *columns;
    const list *lists;
    const uint64_t *whole;
};

typedef struct entry { // a predicate of a row
    bool of_items;
    uint32_t slot, row;
    const normal_form *form; // one of items has as many values as there are parts
} entry;

typedef struct change { // from a region on, one more of a row's predicates forbids it, or one less
    uint32_t region, row;
    int32_t by;
} change;

typedef struct maker {
    arena *to, *scratch;
    const tact_cel_env *env;
    uint32_t slots_end, rows, points_max;
    uint64_t *whole;
    entry *entries;
    uint32_t entries_count, entries_room;
    change *changes; // of the column at hand
    uint32_t changes_count, changes_room;
    bool failed; // memory ran out
} maker;

static void *one_more(maker *m, void **items, uint32_t *count, uint32_t *room, size_t size) {
    if (*count == *room) {
        const uint32_t wanted = *room ? 2 * *room : 64;
        void *more = arena_extend(m->scratch, *items, *room, wanted, size);
        m->failed |= !more;
        if (!more) return NULL;
        *items = more;
        *room = wanted;
    }
    return (char *)*items + size * (*count)++;
}

static void remove_row(uint64_t *set, uint32_t row) {
    set[row / 64] &= ~(UINT64_C(1) << row % 64);
}

static uint64_t *all_rows(maker *m, arena *a) {
    uint64_t *set = arena_zalloc(a, index_words(m->rows) * sizeof *set);
    m->failed |= !set;
    for (uint32_t row = 0; set && row < m->rows; row++) index_add(set, row);
    return set;
}

// ---- What is looked up ----------------------------------------------------------------------------------------------

static tact_kind kind_of_slot(const maker *m, uint32_t slot) {
    return type_value_kind(m->env->slots[slot]->type);
}

static bool is_ordered(tact_kind kind) {
    switch (kind) {
    case TACT_BOOL:
    case TACT_INT:
    case TACT_UINT:
    case TACT_DOUBLE:
    case TACT_STRING:
    case TACT_TIMESTAMP:
    case TACT_DURATION: return true;
    default: return false;
    }
}

static bool is_nan(tact_value v) {
    return v.kind == TACT_DOUBLE && v.as.d != v.as.d;
}

static bool is_of_items(const normal_form *f) {
    return f->kind == NORMAL_HAS || f->kind == NORMAL_HAS_NOT;
}

static tact_kind kind_of_items(const maker *m, uint32_t slot) {
    const tact_type *type = m->env->slots[slot]->type;
    return type->kind == TYPE_LIST ? type_value_kind(type->params[0]) : TACT_UNRESOLVED;
}

// Whether it is a predicate over one slot that all rows share, with constants of the slot's own type.
static bool is_looked_up(const maker *m, const normal_form *f) {
    const bool compares = f->kind >= NORMAL_EQ && f->kind <= NORMAL_HAS_NOT;
    if (!compares && f->kind != NORMAL_PRESENT && f->kind != NORMAL_ABSENT) return false;
    if (f->slot >= m->slots_end) return false;
    const tact_kind kind = is_of_items(f) ? kind_of_items(m, f->slot) : kind_of_slot(m, f->slot);
    if (kind == TACT_UNRESOLVED || (compares && !is_ordered(kind))) return false;
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->values[i].kind != kind || is_nan(f->values[i])) return false;
    }
    return true;
}

// An OR of what one slot may be is an IN, and one of what a list may have a HAS of several. NULL: it is no such OR.
static const normal_form *read_or(maker *m, const normal_form *f) {
    const bool has = f->parts[0]->kind == NORMAL_HAS;
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        const normal_form *part = f->parts[i];
        if (has ? part->kind != NORMAL_HAS : part->kind != NORMAL_EQ && part->kind != NORMAL_IN) return NULL;
        if (part->slot != f->parts[0]->slot) return NULL;
        count += part->count;
    }
    tact_value *values = arena_array(m->scratch, count, sizeof *values);
    normal_form *in = ARENA_NEW(m->scratch, normal_form);
    m->failed |= !values || !in;
    if (m->failed) return NULL;
    *in = (normal_form){.kind = has ? NORMAL_HAS : NORMAL_IN, .slot = f->parts[0]->slot, .values = values};
    for (uint32_t i = 0; i < f->count; i++) {
        for (uint32_t k = 0; k < f->parts[i]->count; k++) values[in->count++] = f->parts[i]->values[k];
    }
    return in;
}

static void read_part(maker *m, uint32_t row, const normal_form *f) {
    if (f->kind == NORMAL_TRUE) return;
    if (f->kind == NORMAL_OR) f = read_or(m, f);
    if (!f || !is_looked_up(m, f)) {
        remove_row(m->whole, row);
        return;
    }
    entry *e = one_more(m, (void **)&m->entries, &m->entries_count, &m->entries_room, sizeof *e);
    if (e) *e = (entry){is_of_items(f), f->slot, row, f};
}

static void read_form(maker *m, uint32_t row, const normal_form *f) {
    if (!f) return;
    if (f->kind != NORMAL_AND) {
        read_part(m, row, f);
        return;
    }
    for (uint32_t i = 0; i < f->count && !m->failed; i++) read_part(m, row, f->parts[i]);
}

// ---- A column -------------------------------------------------------------------------------------------------------

static int by_slot(const void *x, const void *y) {
    const entry *a = x, *b = y;
    if (a->of_items != b->of_items) return a->of_items ? 1 : -1;
    if (a->slot != b->slot) return a->slot < b->slot ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int by_value(const void *x, const void *y) {
    return value_compare(*(const tact_value *)x, *(const tact_value *)y);
}

static int by_region(const void *x, const void *y) {
    const change *a = x, *b = y;
    return a->region < b->region ? -1 : a->region > b->region;
}

// Sorted, each once, and of too many some, evenly.
static uint32_t thin(tact_value *points, uint32_t count, uint32_t most) {
    uint32_t unlike = 0, left = 0;
    if (count) qsort(points, count, sizeof *points, by_value);
    for (uint32_t i = 0; i < count; i++) {
        if (!unlike || by_value(&points[unlike - 1], &points[i]) != 0) points[unlike++] = points[i];
    }
    if (unlike <= most) return unlike;
    for (; left < most; left++) points[left] = points[(uint64_t)left * unlike / most];
    return left;
}

// The constants of these predicates.
static const tact_value *find_points(maker *m, const entry *entries, uint32_t count, uint32_t *points_count) {
    uint32_t all = 0;
    for (uint32_t i = 0; i < count; i++) all += entries[i].form->count;
    tact_value *points = arena_array(m->scratch, all ? all : 1, sizeof *points), copy;
    m->failed |= !points;
    if (m->failed) return NULL;
    all = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < entries[i].form->count; k++) points[all++] = entries[i].form->values[k];
    }
    all = thin(points, all, m->points_max);
    m->failed |= !value_copy(m->to, tact_list(points, all), &copy);
    *points_count = m->failed ? 0 : all;
    return m->failed ? NULL : copy.as.items;
}

// Regions are numbered from left to right: point i is 2 * i + 1, what lies before it 2 * i; absence is the last.
static inline uint32_t absence(const column *c) {
    return 2 * c->points_count + 1;
}

static inline uint32_t region_of(const tact_value *points, uint32_t count, tact_value v) {
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = value_compare(points[middle], v);
        if (order == 0) return 2 * middle + 1;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 2 * low;
}

static void forbid(maker *m, uint32_t row, uint32_t from, uint32_t to) {
    const change begins = {from, row, 1}, ends = {to, row, -1};
    if (from >= to) return;
    change *x = one_more(m, (void **)&m->changes, &m->changes_count, &m->changes_room, sizeof *x);
    if (x) *x = begins;
    x = one_more(m, (void **)&m->changes, &m->changes_count, &m->changes_room, sizeof *x);
    if (x) *x = ends;
}

// All values but one are forbidden from `*from` on up to it; where it is no point, all of its region remains.
static void forbid_others(maker *m, const column *c, uint32_t row, const normal_form *f) {
    uint32_t from = 0;
    tact_value *values = arena_array(m->scratch, f->count ? f->count : 1, sizeof *values);
    m->failed |= !values;
    if (m->failed) return;
    for (uint32_t i = 0; i < f->count; i++) values[i] = f->values[i];
    if (f->count) qsort(values, f->count, sizeof *values, by_value);
    for (uint32_t i = 0; i < f->count; i++) {
        const uint32_t at = region_of(c->points, c->points_count, values[i]);
        forbid(m, row, from, at);
        from = at + 1;
    }
    forbid(m, row, from, absence(c));
}

static void forbid_these(maker *m, const column *c, uint32_t row, const normal_form *f) {
    for (uint32_t i = 0; i < f->count; i++) {
        const uint32_t at = region_of(c->points, c->points_count, f->values[i]);
        if (at % 2) forbid(m, row, at, at + 1);
    }
}

static void read_predicate(maker *m, const column *c, const entry *e) {
    const normal_form *f = e->form;
    const uint32_t end = absence(c), at = f->count ? region_of(c->points, c->points_count, f->values[0]) : 0;
    const bool exact = at % 2; // else its constant lies within the region, of which some values pass
    if (f->kind != NORMAL_ABSENT) forbid(m, e->row, end, end + 1);
    switch ((normal_kind)f->kind) {
    case NORMAL_LT: forbid(m, e->row, exact ? at : at + 1, end); break;
    case NORMAL_LE: forbid(m, e->row, at + 1, end); break;
    case NORMAL_GT: forbid(m, e->row, 0, exact ? at + 1 : at); break;
    case NORMAL_GE: forbid(m, e->row, 0, at); break;
    case NORMAL_EQ:
    case NORMAL_IN: forbid_others(m, c, e->row, f); break;
    case NORMAL_NE:
    case NORMAL_NOT_IN: forbid_these(m, c, e->row, f); break;
    case NORMAL_ABSENT: forbid(m, e->row, 0, end); break;
    default: break; // PRESENT
    }
    for (uint32_t i = 0; i < f->count; i++) {
        if (region_of(c->points, c->points_count, f->values[i]) % 2 == 0) remove_row(m->whole, e->row);
    }
}

// The same sets stand once where they are likely to be the same: as the region before, or as the one before that.
static const uint64_t *keep_set(maker *m, const uint64_t *now, const uint64_t *const *sets, uint32_t region) {
    const size_t bytes = index_words(m->rows) * sizeof *now;
    for (uint32_t back = 1; back <= 2 && back <= region; back++) {
        if (memcmp(sets[region - back], now, bytes) == 0) return sets[region - back];
    }
    uint64_t *copy = arena_alloc(m->to, bytes);
    m->failed |= !copy;
    return copy ? memcpy(copy, now, bytes) : now;
}

static void sweep(maker *m, column *c) {
    const uint32_t regions = absence(c) + 1;
    const uint64_t **sets = arena_array(m->to, regions, sizeof *sets); // NOLINT(bugprone-sizeof-expression)
    uint64_t *now = all_rows(m, m->scratch);
    uint32_t *forbidding = arena_zalloc(m->scratch, m->rows * sizeof *forbidding), at = 0;
    m->failed |= !sets || !forbidding;
    if (m->failed) return;
    if (m->changes_count) qsort(m->changes, m->changes_count, sizeof *m->changes, by_region);
    for (uint32_t region = 0; region < regions && !m->failed; region++) {
        for (; at < m->changes_count && m->changes[at].region == region; at++) {
            const change *x = &m->changes[at];
            forbidding[x->row] += (uint32_t)x->by;
            if (forbidding[x->row]) {
                remove_row(now, x->row);
            } else {
                index_add(now, x->row);
            }
        }
        sets[region] = keep_set(m, now, sets, region);
    }
    c->sets = sets;
}

static void make_column(maker *m, const entry *entries, uint32_t count, column *c) {
    *c = (column){.slot = entries->slot, .kind = (uint8_t)kind_of_slot(m, entries->slot)};
    c->points = find_points(m, entries, count, &c->points_count);
    m->changes_count = 0;
    for (uint32_t i = 0; i < count && !m->failed; i++) read_predicate(m, c, &entries[i]);
    if (!m->failed) sweep(m, c);
}

// ---- A list ---------------------------------------------------------------------------------------------------------

// The row's bit in the set of a point.
static void add_to(maker *m, uint64_t **set, uint32_t row) {
    if (!*set) *set = arena_zalloc(m->to, index_words(m->rows) * sizeof **set);
    m->failed |= !*set;
    if (*set) index_add(*set, row);
}

// Subtle: a row that wants one of some items and one of others is content with any of all these, and so not whole; nor
// is one of whose items one is no point.
static void read_items(maker *m, list *c, const entry *e, uint64_t *content) {
    const bool wants = e->form->kind == NORMAL_HAS;
    if (wants && !(content[e->row / 64] >> e->row % 64 & 1)) remove_row(m->whole, e->row);
    if (wants) remove_row(content, e->row);
    for (uint32_t i = 0; i < e->form->count && !m->failed; i++) {
        const uint32_t at = region_of(c->points, c->points_count, e->form->values[i]);
        if (at % 2) {
            add_to(m, wants ? &c->wanting[at / 2] : &c->refusing[at / 2], e->row);
        } else {
            remove_row(m->whole, e->row);
        }
    }
}

// A row that wants what is no point may be content with anything.
static void allow_strangers(const list *c, const entry *e, uint64_t *content) {
    for (uint32_t i = 0; i < e->form->count && e->form->kind == NORMAL_HAS; i++) {
        if (region_of(c->points, c->points_count, e->form->values[i]) % 2 == 0) index_add(content, e->row);
    }
}

static void make_items(maker *m, const entry *entries, uint32_t count, list *c) {
    *c = (list){.slot = entries->slot, .kind = (uint8_t)kind_of_items(m, entries->slot)};
    c->points = find_points(m, entries, count, &c->points_count);
    c->wanting = arena_zalloc(m->to, c->points_count * sizeof *c->wanting);   // NOLINT(bugprone-sizeof-expression)
    c->refusing = arena_zalloc(m->to, c->points_count * sizeof *c->refusing); // NOLINT(bugprone-sizeof-expression)
    uint64_t *content = all_rows(m, m->to), *silent = all_rows(m, m->to);
    m->failed |= !c->wanting || !c->refusing;
    for (uint32_t i = 0; i < count && !m->failed; i++) {
        read_items(m, c, &entries[i], content);
        remove_row(silent, entries[i].row);
    }
    for (uint32_t i = 0; i < count && !m->failed; i++) allow_strangers(c, &entries[i], content);
    c->content = content;
    c->silent = silent;
}

// ---- Making it ------------------------------------------------------------------------------------------------------

// The predicates that follow over the same slot.
static uint32_t run_of(const maker *m, uint32_t from) {
    uint32_t to = from;
    while (to < m->entries_count && m->entries[to].slot == m->entries[from].slot &&
           m->entries[to].of_items == m->entries[from].of_items) {
        to++;
    }
    return to - from;
}

static rule_index *make(maker *m) {
    uint32_t columns_count = 0, lists_count = 0, run;
    rule_index *x = ARENA_NEW(m->to, rule_index);
    if (m->entries_count) qsort(m->entries, m->entries_count, sizeof *m->entries, by_slot);
    for (uint32_t from = 0; from < m->entries_count; from += run_of(m, from)) {
        columns_count += !m->entries[from].of_items;
        lists_count += m->entries[from].of_items;
    }
    m->points_max = INDEX_POINTS_ALL / (columns_count + lists_count + 1);
    if (m->points_max > INDEX_POINTS_MAX) m->points_max = INDEX_POINTS_MAX;
    column *columns = arena_array(m->to, columns_count ? columns_count : 1, sizeof *columns);
    list *lists = arena_array(m->to, lists_count ? lists_count : 1, sizeof *lists);
    m->failed |= !x || !columns || !lists;
    if (m->failed) return NULL;
    *x = (rule_index){.words = (uint32_t)index_words(m->rows), .columns = columns, .lists = lists, .whole = m->whole};
    for (uint32_t from = 0; from < m->entries_count && !m->failed; from += run) {
        const entry *first = &m->entries[from];
        run = run_of(m, from);
        if (first->of_items) {
            make_items(m, first, run, &lists[x->lists_count++]);
        } else {
            make_column(m, first, run, &columns[x->columns_count++]);
        }
    }
    return x;
}

tact_err index_build(arena *a, const tact_cel_env *env, uint32_t slots_end, const normal_form *const *forms,
                     uint32_t rows, uint32_t per_row, const rule_index **out) {
    arena scratch;
    arena_init(&scratch, a->bytes_max);
    maker m = {.to = a, .scratch = &scratch, .env = env, .slots_end = slots_end, .rows = rows};
    *out = NULL;
    m.whole = all_rows(&m, a);
    for (uint32_t row = 0; row < rows && !m.failed; row++) {
        for (uint32_t i = 0; i < per_row && !m.failed; i++) read_form(&m, row, forms[(size_t)row * per_row + i]);
    }
    if (!m.failed && m.entries_count) *out = make(&m);
    arena_fini(&scratch);
    if (m.failed) *out = NULL;
    return m.failed ? TACT_NO_MEMORY : TACT_OK;
}

// ---- Looking up -----------------------------------------------------------------------------------------------------

// The set of the region that a value lies in; NULL: it is none of this column's.
static const uint64_t *look_up(const column *c, tact_value v) {
    if (v.kind == TACT_ERROR && v.len == TACT_FAULT_ABSENT) return c->sets[absence(c)];
    if (v.kind != c->kind || is_nan(v)) return NULL;
    return c->sets[region_of(c->points, c->points_count, v)];
}

// The points among a list's items. False: it is no such list.
static bool find_items(const list *c, tact_value v, uint32_t found[INDEX_ITEMS_MAX], uint32_t *count) {
    if (v.kind != TACT_LIST || v.len > INDEX_ITEMS_MAX) return false;
    *count = 0;
    for (uint32_t i = 0; i < v.len; i++) {
        if (v.as.items[i].kind != c->kind || is_nan(v.as.items[i])) return false;
        const uint32_t at = region_of(c->points, c->points_count, v.as.items[i]);
        if (at % 2) found[(*count)++] = at / 2;
    }
    return true;
}

// Takes away what the items leave nothing of, some words at a time, which the compiler makes one instruction of.
static void take_items(const list *c, const uint32_t *found, uint32_t count, uint64_t *set, uint32_t words) {
    enum { BLOCK = 8 };
    for (uint32_t from = 0; from < words; from += BLOCK) {
        const uint32_t len = words - from < BLOCK ? words - from : BLOCK;
        uint64_t left[BLOCK];
        memcpy(left, c->content + from, len * sizeof *left);
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t *of = c->wanting[found[i]];
            for (uint32_t k = 0; of && k < len; k++) left[k] |= of[from + k];
        }
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t *of = c->refusing[found[i]];
            for (uint32_t k = 0; of && k < len; k++) left[k] &= ~of[from + k];
        }
        for (uint32_t k = 0; k < len; k++) set[from + k] &= left[k];
    }
}

static void intersect(uint64_t *set, const uint64_t *of, uint32_t words) {
    for (uint32_t k = 0; k < words; k++) set[k] &= of[k];
}

// False: the value is none of its slot.
static bool look_up_items(const list *c, tact_value v, uint64_t *set, uint32_t words) {
    uint32_t found[INDEX_ITEMS_MAX], count;
    if (v.kind == TACT_ERROR && v.len == TACT_FAULT_ABSENT) {
        intersect(set, c->silent, words);
        return true;
    }
    if (!find_items(c, v, found, &count)) return false;
    take_items(c, found, count, set, words);
    return true;
}

const uint64_t *index_match(const rule_index *x, index_read *read, void *context, uint64_t *set) {
    bool all = true;
    for (uint32_t i = 0; i < x->columns_count; i++) {
        const uint64_t *of = look_up(&x->columns[i], read(context, x->columns[i].slot));
        all &= of != NULL;
        if (of) intersect(set, of, x->words);
    }
    for (uint32_t i = 0; i < x->lists_count; i++) {
        all &= look_up_items(&x->lists[i], read(context, x->lists[i].slot), set, x->words);
    }
    return all ? x->whole : NULL;
}
