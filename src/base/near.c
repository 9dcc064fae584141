// SPDX-License-Identifier: Apache-2.0
//
// The optimal string alignment distance: Levenshtein's with swaps of neighbours as one step. It is computed row by row
// in three rows on the stack, and given up as soon as a row lies above what would still count as near.
#include "base/near.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint8_t least(uint8_t a, uint8_t b) {
    return a < b ? a : b;
}

static bool equal_but_case(tact_str a, tact_str b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    }
    return true;
}

// The distance, or `bound` + 1 if it is greater than `bound`.
static uint32_t distance(tact_str a, tact_str b, uint32_t bound) {
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (gap > bound) return bound + 1;
    uint8_t rows[3][NEAR_LENGTH_MAX + 1];
    uint8_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++) above[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (uint8_t)i;
        uint8_t lowest = row[0];
        char x = lower(a.ptr[i - 1]);
        for (size_t j = 1; j <= b.len; j++) {
            char y = lower(b.ptr[j - 1]);
            uint8_t d = (uint8_t)(above[j - 1] + (x != y));
            d = least(d, (uint8_t)(least(above[j], row[j - 1]) + 1));
            bool swapped = i > 1 && j > 1 && x == lower(b.ptr[j - 2]) && lower(a.ptr[i - 2]) == y;
            if (swapped) d = least(d, (uint8_t)(before[j - 2] + 1));
            row[j] = d;
            lowest = least(lowest, d);
        }
        if (lowest > bound) return bound + 1;
        uint8_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.len] > bound ? bound + 1 : above[b.len];
}

static tact_str last_part(tact_str name) {
    size_t start = name.len;
    while (start > 0 && name.ptr[start - 1] != '.') start--;
    return (tact_str){name.ptr + start, name.len - start};
}

// How many edits still count as near, for names of which the shorter has `len` bytes. One edit turns a name of one or
// two letters into nearly any other, which says nothing.
static uint32_t edits_max(size_t len) {
    return (uint32_t)len / 3;
}

#define FAR UINT32_MAX
#define RANK_BEGINNING 1000 // above the rank of every name that is near by edits

// The longer a name goes on behind the common beginning, the less near it is.
static uint32_t rank_of_beginning(tact_str a, tact_str b) {
    size_t common = a.len < b.len ? a.len : b.len;
    bool begins = common >= NEAR_BEGINNING_MIN && equal_but_case((tact_str){a.ptr, common}, (tact_str){b.ptr, common});
    size_t gap = a.len + b.len - 2 * common;
    return begins && gap < RANK_BEGINNING ? RANK_BEGINNING + 2 * (uint32_t)gap : FAR;
}

// FAR, or less than `below`: only so far is measured.
static uint32_t rank_of(tact_str a, tact_str b, bool beginnings, uint32_t below) {
    if (below == 0) return FAR;
    if (a.len == 0 || b.len == 0) return FAR; // the last part of a name that ends in a dot
    if (equal_but_case(a, b)) return 0;
    uint32_t otherwise = beginnings ? rank_of_beginning(a, b) : FAR;
    if (a.len > NEAR_LENGTH_MAX || b.len > NEAR_LENGTH_MAX) return otherwise;
    uint32_t bound = edits_max(a.len < b.len ? a.len : b.len), most = (below - 1) / 2;
    if (most == 0) return FAR; // it is no name but for case
    if (bound > most) bound = most;
    uint32_t edits = distance(a, b, bound);
    return edits <= bound ? 2 * edits : otherwise;
}

// Keeps `candidate` if `name` (all or the last part of it) is nearer to `wanted` than what was offered before.
static void keep_nearer(near *n, tact_str wanted, tact_str name, tact_str candidate, uint32_t penalty) {
    uint32_t rank = rank_of(wanted, name, n->beginnings, n->rank > penalty ? n->rank - penalty : 0);
    if (rank == FAR || rank + penalty >= n->rank) return;
    n->best = candidate;
    n->rank = rank + penalty;
}

void near_offer(near *n, tact_str candidate) {
    if (n->wanted.len == 0 || candidate.len == 0) return; // nothing is near to nothing
    keep_nearer(n, n->wanted, candidate, candidate, 0);
    tact_str wanted = last_part(n->wanted), name = last_part(candidate);
    if (wanted.len == n->wanted.len && name.len == candidate.len) return;
    keep_nearer(n, wanted, name, candidate, 1);
}
