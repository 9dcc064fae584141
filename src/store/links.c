// SPDX-License-Identifier: Apache-2.0
//
// Sorted arrays throughout, so that equal graphs are equal bytes. What is connected is found by spreading the smallest
// strand's number over the edges until nothing changes; a person has so few strands that nothing cleverer pays.
#include "store/links.h"

#include "base/err.h"
#include "value/pack.h"

#define VERSION 1

static int order(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int order_pairs(const links_edge *x, const links_edge *y) {
    int low = order(x->low, y->low);
    return low ? low : order(x->high, y->high);
}

static int order_age(const links_edge *x, const links_edge *y) {
    if (x->time_ms != y->time_ms) return x->time_ms < y->time_ms ? -1 : 1;
    return order(x->source, y->source);
}

links links_of(arena *a, uint64_t strand) {
    links l = {NULL, NULL, 1, 0};
    uint64_t *one = arena_alloc(a, sizeof *one);
    if (one) *one = strand;
    l.strands = one;
    return l;
}

static uint32_t place_of(const links *l, uint64_t strand) {
    uint32_t low = 0, high = l->strands_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (l->strands[middle] < strand) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool links_has(const links *l, uint64_t strand) {
    uint32_t at = place_of(l, strand);
    return at < l->strands_count && l->strands[at] == strand;
}

// ---- Joining --------------------------------------------------------------------------------------------------------

static uint32_t join_strands(const links *x, const links *y, uint64_t *out) {
    uint32_t n = 0;
    for (uint32_t i = 0, k = 0; i < x->strands_count || k < y->strands_count;) {
        int o = i == x->strands_count ? 1 : k == y->strands_count ? -1 : order(x->strands[i], y->strands[k]);
        out[n++] = o <= 0 ? x->strands[i] : y->strands[k];
        if (o <= 0) i++;
        if (o >= 0) k++;
    }
    return n;
}

static uint32_t join_edges(const links *x, const links_edge *more, uint32_t more_count, links_edge *out) {
    uint32_t n = 0;
    for (uint32_t i = 0, k = 0; i < x->edges_count || k < more_count;) {
        int o = i == x->edges_count ? 1 : k == more_count ? -1 : order_pairs(&x->edges[i], &more[k]);
        out[n] = o <= 0 ? x->edges[i] : more[k];
        if (o == 0 && order_age(&more[k], &out[n]) < 0) out[n] = more[k];
        if (o <= 0) i++;
        if (o >= 0) k++;
        n++;
    }
    return n;
}

tact_err links_join(arena *a, const links *x, const links *y, links_edge edge, links *out, tact_error *error) {
    if (edge.low > edge.high) {
        uint64_t high = edge.low;
        edge.low = edge.high;
        edge.high = high;
    }
    bool there = (links_has(x, edge.low) || links_has(y, edge.low)) &&
                 (links_has(x, edge.high) || links_has(y, edge.high));
    if (!there || edge.low == edge.high) {
        return err_set(error, TACT_USAGE, "a link must be between two strands of these persons");
    }
    uint64_t *strands = arena_array(a, x->strands_count + y->strands_count, sizeof *strands);
    links_edge *both = arena_array(a, x->edges_count + y->edges_count + 1, sizeof *both);
    links_edge *edges = arena_array(a, x->edges_count + y->edges_count + 1, sizeof *edges);
    if (!strands || !both || !edges) return err_set(error, TACT_NO_MEMORY, "no memory to link two persons");
    uint32_t strands_count = join_strands(x, y, strands);
    links all = {strands, both, strands_count, join_edges(x, y->edges, y->edges_count, both)};
    uint32_t edges_count = join_edges(&all, &edge, 1, edges);
    if (strands_count > LINKS_STRANDS_MAX) {
        return err_set(error, TACT_LIMIT, "the person would have %u identities, more than %d", strands_count,
                       LINKS_STRANDS_MAX);
    }
    if (edges_count > LINKS_EDGES_MAX) {
        return err_set(error, TACT_LIMIT, "the person would have %u links, more than %d", edges_count, LINKS_EDGES_MAX);
    }
    *out = (links){strands, edges, strands_count, edges_count};
    return TACT_OK;
}

// ---- Splitting ------------------------------------------------------------------------------------------------------

// Gives each strand the place of the smallest one that it is connected with, leaving out the edges at `without`.
static void spread(const links *l, uint64_t without, uint32_t *least) {
    for (uint32_t i = 0; i < l->strands_count; i++) least[i] = i;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < l->edges_count; i++) {
            const links_edge *e = &l->edges[i];
            if (e->low == without || e->high == without) continue;
            uint32_t *x = &least[place_of(l, e->low)], *y = &least[place_of(l, e->high)];
            changed |= *x != *y;
            *x = *y = *x < *y ? *x : *y;
        }
    }
}

tact_err links_split(arena *a, const links *l, uint64_t strand, links *parts, uint32_t *parts_count,
                     tact_error *error) {
    uint32_t count = 0, least[LINKS_STRANDS_MAX] = {0};
    if (!links_has(l, strand)) return err_set(error, TACT_USAGE, "the strand is not of this person");
    uint64_t *strands = arena_array(a, l->strands_count, sizeof *strands); // all parts, one after the other
    links_edge *edges = arena_array(a, l->edges_count, sizeof *edges);
    if (!strands || !edges) return err_set(error, TACT_NO_MEMORY, "no memory to unlink a person");
    spread(l, strand, least);
    for (uint32_t first = 0; first < l->strands_count; first++) {
        if (least[first] != first) continue;
        links part = {strands, edges, 0, 0};
        for (uint32_t i = first; i < l->strands_count; i++) {
            if (least[i] == first) *strands++ = l->strands[i], part.strands_count++;
        }
        for (uint32_t i = 0; i < l->edges_count; i++) {
            const links_edge *e = &l->edges[i];
            if (e->low == strand || e->high == strand || least[place_of(l, e->low)] != first) continue;
            *edges++ = *e, part.edges_count++;
        }
        parts[count++] = part;
    }
    *parts_count = count;
    return TACT_OK;
}

tact_err links_take(arena *a, const links *l, uint64_t strand, links *out, tact_error *error) {
    if (!links_has(l, strand)) return err_set(error, TACT_USAGE, "the strand is not of this person");
    uint64_t *strands = arena_array(a, l->strands_count, sizeof *strands);
    links_edge *edges = arena_array(a, l->edges_count, sizeof *edges);
    const links_edge *of[LINKS_STRANDS_MAX] = {NULL}; // the edge with it, by place
    if (!strands || !edges) return err_set(error, TACT_NO_MEMORY, "no memory to take an identity from a person");
    links left = {strands, edges, 0, 0};
    for (uint32_t i = 0; i < l->edges_count; i++) {
        const links_edge *e = &l->edges[i];
        if (e->low == strand || e->high == strand) {
            of[place_of(l, e->low == strand ? e->high : e->low)] = e;
        } else {
            edges[left.edges_count++] = *e;
        }
    }
    for (uint32_t i = 0; i < l->strands_count; i++) {
        if (l->strands[i] != strand) strands[left.strands_count++] = l->strands[i];
    }
    tact_err err = TACT_OK;
    for (uint32_t i = 0, before = l->strands_count; i < l->strands_count && !err; i++) {
        if (!of[i]) continue;
        if (before < l->strands_count) {
            const links_edge *later = order_age(of[before], of[i]) > 0 ? of[before] : of[i]; // when both were known
            links_edge both = {l->strands[before], l->strands[i], later->time_ms, later->source};
            err = links_join(a, &left, &left, both, &left, error);
        }
        before = i;
    }
    if (!err) *out = left;
    return err;
}

// ---- Bytes ----------------------------------------------------------------------------------------------------------

void links_write(buf *out, const links *l) {
    pack_u8(out, VERSION);
    pack_varint(out, l->strands_count);
    for (uint32_t i = 0; i < l->strands_count; i++) pack_varint(out, l->strands[i]);
    pack_varint(out, l->edges_count);
    for (uint32_t i = 0; i < l->edges_count; i++) {
        const links_edge *e = &l->edges[i];
        pack_varint(out, place_of(l, e->low));
        pack_varint(out, place_of(l, e->high));
        pack_zigzag(out, e->time_ms);
        pack_u8(out, e->source);
    }
}

static bool is_connected(const links *l) {
    uint32_t least[LINKS_STRANDS_MAX] = {0};
    spread(l, UINT64_MAX, least); // no strand has that number
    for (uint32_t i = 0; i < l->strands_count; i++) {
        if (least[i] != 0) return false;
    }
    return true;
}

tact_err links_read(arena *a, tact_str bytes, links *out, tact_error *error) {
    unpack in = unpack_of(a, bytes);
    if (unpack_u8(&in) != VERSION) unpack_fail(&in, TACT_INVALID, "not a version of links that this program knows");
    links l = {.strands_count = (uint32_t)unpack_count(&in, LINKS_STRANDS_MAX)};
    uint64_t *strands = arena_array(a, l.strands_count, sizeof *strands);
    if (!strands) return err_set(error, TACT_NO_MEMORY, "no memory for the links of a person");
    for (uint32_t i = 0; i < l.strands_count; i++) {
        strands[i] = unpack_varint(&in);
        bool follows = strands[i] < UINT64_MAX && (i == 0 || strands[i] > strands[i - 1]);
        if (!follows) unpack_fail(&in, TACT_INVALID, "strands are not in order");
    }
    l.strands = strands;
    l.edges_count = (uint32_t)unpack_count(&in, LINKS_EDGES_MAX);
    links_edge *edges = arena_array(a, l.edges_count, sizeof *edges);
    if (!edges) return err_set(error, TACT_NO_MEMORY, "no memory for the links of a person");
    if (!l.strands_count) unpack_fail(&in, TACT_INVALID, "a person without strands");
    for (uint32_t i = 0; i < l.edges_count && !in.code; i++) {
        uint64_t low = unpack_count(&in, l.strands_count - 1), high = unpack_count(&in, l.strands_count - 1);
        edges[i] = (links_edge){strands[low], strands[high], 0, 0};
        edges[i].time_ms = unpack_zigzag(&in);
        edges[i].source = unpack_u8(&in);
        bool follows = low < high && (i == 0 || order_pairs(&edges[i - 1], &edges[i]) < 0);
        if (!follows) unpack_fail(&in, TACT_INVALID, "links are not in order");
    }
    l.edges = edges;
    tact_err err = unpack_end(&in, error);
    if (err) return err;
    if (!is_connected(&l)) return err_set(error, TACT_INVALID, "strands that nothing links");
    *out = l;
    return TACT_OK;
}
