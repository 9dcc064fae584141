// SPDX-License-Identifier: Apache-2.0
//
// Subtle: how long a large value is stands in the leaf that it belongs to, and LMDB copies a leaf just behind all of
// its large values. So each of these ends where the next begins, or the leaf, and what lies beyond its length is
// cleared when it is gone already.
#include "store/wash.h"

#include "base/err.h"
#include "store/load.h"

enum { HEADER = 16, FLAGS_AT = 10, LOWER_AT = 12, UPPER_AT = 14, PAGES_AT = 12 };
enum { NODE = 8, NODE_FLAGS_AT = 4, NODE_KEY_AT = 6 };
enum { BRANCH = 1, LEAF = 2, LARGE = 4, META = 8 };     // flags of a page
enum { NODE_LARGE = 1, NODE_TABLE = 2, NODE_MANY = 4 }; // flags of a node: the last, values in a table of their own
enum { ZEROS = 4096, KEY_MAX = 511 };

struct wash_part {
    uint64_t page;
    uint16_t len;
    char key[KEY_MAX];
};

typedef struct leaf { // pages that are being cleaned, and the large value seen last
    wash *w;
    char *bytes;
    uint64_t at;  // in the copy, of `bytes`
    uint64_t end; // of that value; 0: none was seen
} leaf;

static tact_err damaged(wash *w) {
    w->damaged = true;
    return TACT_INVALID;
}

// Clears from one place of the copy up to another: what came before through `take`, the rest where it lies.
static tact_err clear(leaf *l, uint64_t from, uint64_t to, tact_error *error) {
    static const char zeros[ZEROS];
    tact_err err = TACT_OK;
    while (!err && from < to && from < l->at) {
        uint64_t until = to < l->at ? to : l->at;
        size_t len = until - from < ZEROS ? (size_t)(until - from) : ZEROS;
        err = l->w->take(l->w->context, from, zeros, len, error);
        from += len;
    }
    if (!err && from < to) memset(l->bytes + (from - l->at), 0, (size_t)(to - from));
    return err;
}

// A large value ends at the latest where this begins.
static tact_err end_large(leaf *l, uint64_t begin, tact_error *error) {
    if (!l->end) return TACT_OK;
    return l->end <= begin ? clear(l, l->end, begin, error) : damaged(l->w);
}

// A node of a leaf, whose page begins at `page_at` in the copy.
static tact_err wash_value(leaf *l, const char *node, uint64_t page_at, tact_error *error) {
    uint64_t number = load_u64(node + NODE + load_u16(node + NODE_KEY_AT));
    if (number == 0 || number >= page_at / l->w->page) return damaged(l->w);
    tact_err err = end_large(l, number * l->w->page, error);
    l->end = number * l->w->page + HEADER + load_u32(node);
    return err;
}

// ---- Keys of branches -----------------------------------------------------------------------------------------------

static tact_err add_part(wash *w, uint64_t page, const char *key, size_t len, tact_error *error) {
    if (len > KEY_MAX) return damaged(w);
    if (w->parts_count == w->parts_room) {
        const size_t room = w->parts_room ? 2 * w->parts_room : 64;
        struct wash_part *more = arena_extend(&w->memory, w->parts, w->parts_room, room, sizeof *more);
        if (!more) return err_set(error, TACT_NO_MEMORY, "no memory for a copy");
        w->parts = more;
        w->parts_room = room;
    }
    struct wash_part *part = &w->parts[w->parts_count++];
    part->page = page;
    part->len = (uint16_t)len;
    memcpy(part->key, key, len);
    return TACT_OK;
}

// The page that a node of a branch leads to; NULL: none such has come.
static const struct wash_part *part_of(const wash *w, const char *node) {
    const uint64_t page = load_u32(node) | (uint64_t)load_u16(node + NODE_FLAGS_AT) << 32;
    for (size_t i = w->parts_count; i-- > 0;) {
        if (w->parts[i].page == page) return &w->parts[i];
    }
    return NULL;
}

// A node that becomes shorter leaves some bytes of its page to nobody.
static void wash_key(char *node, const struct wash_part *part) {
    const uint16_t len = load_u16(node + NODE_KEY_AT), kept = part->len < len ? part->len : len;
    memcpy(node + NODE, part->key, kept);
    memset(node + NODE + kept, 0, (size_t)(len - kept));
    save_u16(node + NODE_KEY_AT, kept);
}

// Of a branch, whose first key is then that of the first page below it.
static tact_err wash_branch(wash *w, char *page, size_t nodes, tact_error *error) {
    struct wash_part first = {.len = 0};
    size_t left = w->parts_count;
    for (size_t i = 0; i < nodes; i++) {
        char *node = page + load_u16(page + HEADER + 2 * i);
        const struct wash_part *part = part_of(w, node);
        if (!part) return damaged(w);
        if (i == 0) first = *part;
        if ((size_t)(part - w->parts) < left) left = (size_t)(part - w->parts);
        wash_key(node, part);
    }
    w->parts_count = left;
    return nodes ? add_part(w, load_u64(page), first.key, first.len, error) : damaged(w);
}

static tact_err note_leaf(wash *w, char *page, size_t nodes, tact_error *error) {
    const char *node = page + load_u16(page + HEADER);
    return nodes ? add_part(w, load_u64(page), node + NODE, load_u16(node + NODE_KEY_AT), error) : TACT_OK;
}

// ---- Pages ----------------------------------------------------------------------------------------------------------

// What is neither header nor node: between them, and the byte that makes the size of a node even.
static tact_err wash_nodes(leaf *l, char *page, uint64_t page_at, tact_error *error) {
    const size_t size = l->w->page;
    const bool is_leaf = load_u16(page + FLAGS_AT) & LEAF;
    const size_t lower = load_u16(page + LOWER_AT), upper = load_u16(page + UPPER_AT);
    if (lower < HEADER || lower > upper || upper > size) return damaged(l->w);
    memset(page + lower, 0, upper - lower);
    bool large = false, table = false;
    for (size_t i = HEADER; i + 2 <= lower; i += 2) {
        size_t at = load_u16(page + i);
        if (at < upper || at + NODE > size) return damaged(l->w);
        const char *node = page + at;
        uint16_t flags = is_leaf ? load_u16(node + NODE_FLAGS_AT) : 0; // a branch has a part of a number there
        size_t len = NODE + load_u16(node + NODE_KEY_AT);
        if (is_leaf) len += flags & NODE_LARGE ? sizeof(uint64_t) : load_u32(node);
        if (len > size - at || flags & NODE_MANY) return damaged(l->w);
        if (len % 2) page[at + len] = 0;
        large |= flags & NODE_LARGE;
        table |= flags & NODE_TABLE;
        if (large && table) return damaged(l->w); // a table's pages would lie between large values
        tact_err err = flags & NODE_LARGE ? wash_value(l, node, page_at, error) : TACT_OK;
        if (err) return err;
    }
    tact_err err = end_large(l, page_at, error);
    if (err) return err;
    return (is_leaf ? note_leaf : wash_branch)(l->w, page, (lower - HEADER) / 2, error);
}

static tact_err wash_page(leaf *l, size_t offset, tact_error *error) {
    char *page = l->bytes + offset;
    if (l->w->rest) {
        l->w->rest--;
        return TACT_OK;
    }
    l->end = 0;
    switch (load_u16(page + FLAGS_AT) & (BRANCH | LEAF | LARGE | META)) {
    case META: return TACT_OK;
    case LARGE:
        l->w->rest = load_u32(page + PAGES_AT) - UINT64_C(1);
        return load_u32(page + PAGES_AT) ? TACT_OK : damaged(l->w);
    case BRANCH:
    case LEAF: return wash_nodes(l, page, l->at + offset, error);
    default: return damaged(l->w);
    }
}

tact_err wash_pages(wash *w, char *bytes, size_t len, tact_error *error) {
    leaf l = {.w = w, .bytes = bytes, .at = w->done};
    tact_err err = len % w->page ? damaged(w) : TACT_OK;
    for (size_t offset = 0; !err && offset < len; offset += w->page) err = wash_page(&l, offset, error);
    if (!err) err = w->take(w->context, w->done, bytes, len, error);
    w->done += len;
    return err;
}

void wash_end(wash *w) {
    arena_fini(&w->memory);
}
