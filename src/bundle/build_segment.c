// SPDX-License-Identifier: Apache-2.0
//
// Segments, in an order in which each comes after those that it reads, so that one pass decides all of them. Which ones
// it reads is taken from the words of its text and not from its program, so that a cycle is found even where another
// fault leaves no program. The walk keeps its way in an array: a chain of segments may be as long as there are any.
#include "bundle/build.h"

typedef enum mark { NEW, ON_THE_WAY, DONE } mark;

typedef struct sorter {
    builder *B;
    uint32_t **reads; // of each segment, those that it reads, each once
    uint32_t *reads_count;
    uint8_t *marks;        // mark
    uint32_t *way, *tried; // the segments on the way, and how many of each one's reads were followed
    uint32_t *order, order_count;
    uint32_t at; // whose reads are being collected
} sorter;

static tact_str name_of(const sorter *s, uint32_t segment) {
    return s->B->members[DRAFT_SEGMENTS].of[segment]->name;
}

static void add_read(void *context, tact_str name) {
    sorter *s = context;
    int32_t number = build_find(s->B, DRAFT_SEGMENTS, name);
    uint32_t *count = &s->reads_count[s->at];
    for (uint32_t i = 0; i < *count; i++) {
        if (s->reads[s->at][i] == (uint32_t)number) return;
    }
    if (number < 0) return; // a fault of the expression's
    uint32_t *more = arena_extend(s->B->scratch, s->reads[s->at], *count, *count + 1, sizeof *more);
    if (!more) {
        report_no_memory(s->B->r);
        return;
    }
    s->reads[s->at] = more;
    more[(*count)++] = (uint32_t)number;
}

// `from` on the way to `to`, which reads it: that is a cycle.
static void refuse_cycle(sorter *s, uint32_t from, uint32_t to) {
    builder *B = s->B;
    const draft_member *m = B->members[DRAFT_SEGMENTS].of[s->way[from]];
    buf text = buf_in(B->scratch);
    for (uint32_t i = from; i <= to; i++) {
        tact_str name = name_of(s, s->way[i]), next = name_of(s, s->way[i < to ? i + 1 : from]);
        if (i == from) buf_printf(&text, "`%.*s`", (int)name.len, name.ptr);
        buf_printf(&text, "%s reads `%.*s`", i == from ? "" : ", which", (int)next.len, next.ptr);
    }
    build_enter(B, m, DRAFT_SEGMENTS_VALUE);
    report_add(build_at(B), REPORT_CYCLE, m->node->key_at, "one of them must do without",
               from == to ? "the segment reads itself: %s" : "segments read each other in a circle: %s",
               buf_done(&text).ptr ? text.ptr : "");
}

static void visit(sorter *s, uint32_t first) {
    uint32_t depth = 0;
    s->way[0] = first;
    s->tried[0] = 0;
    s->marks[first] = ON_THE_WAY;
    for (;;) {
        uint32_t here = s->way[depth];
        if (s->tried[depth] == s->reads_count[here]) {
            s->marks[here] = DONE;
            s->order[s->order_count++] = here;
            if (depth-- == 0) return;
            continue;
        }
        uint32_t next = s->reads[here][s->tried[depth]++];
        if (s->marks[next] == ON_THE_WAY) {
            uint32_t from = depth;
            while (s->way[from] != next) from--;
            refuse_cycle(s, from, depth);
        } else if (s->marks[next] == NEW) {
            s->marks[next] = ON_THE_WAY;
            s->way[++depth] = next;
            s->tried[depth] = 0;
        }
    }
}

static bool sort(sorter *s, uint32_t count) {
    builder *B = s->B;
    s->reads = build_array(B, B->scratch, count, sizeof *s->reads);
    s->reads_count = build_array(B, B->scratch, count, sizeof *s->reads_count);
    s->marks = build_array(B, B->scratch, count, sizeof *s->marks);
    s->way = build_array(B, B->scratch, count, sizeof *s->way);
    s->tried = build_array(B, B->scratch, count, sizeof *s->tried);
    s->order = build_array(B, B->scratch, count, sizeof *s->order);
    if (!s->reads || !s->reads_count || !s->marks || !s->way || !s->tried || !s->order) return false;
    for (s->at = 0; s->at < count; s->at++) {
        const yaml_node *text = draft_key(B->members[DRAFT_SEGMENTS].of[s->at], DRAFT_SEGMENTS_VALUE);
        if (text) (void)build_words(B, text->text, TACT_STR("segment"), true, add_read, s);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (s->marks[i] == NEW) visit(s, i);
    }
    return true;
}

// The slots of segments are numbered by their names; from here on they say the place in the order.
static void number_slots(builder *B, const sorter *s, bundle_segment *segments) {
    uint32_t *place_of = s->tried; // free again
    for (uint32_t i = 0; i < s->order_count; i++) place_of[s->order[i]] = i;
    for (uint32_t i = 0; i < B->b->slots_count; i++) {
        bundle_slot *slot = &B->slots[i];
        if (slot->kind != BUNDLE_SLOT_SEGMENT) continue;
        slot->number = place_of[slot->number];
        segments[slot->number].slot = i;
    }
}

void build_segments(builder *B) {
    uint32_t count = B->members[DRAFT_SEGMENTS].count;
    bundle_segment *segments = build_array(B, B->hot, count, sizeof *segments);
    sorter s = {.B = B};
    if (!segments || !sort(&s, count)) return;
    number_slots(B, &s, segments);
    B->b->segments = segments;
    B->b->segments_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const draft_member *m = B->members[DRAFT_SEGMENTS].of[s.order[i]];
        segments[i].name = segments[i].title = build_intern(B, m->name);
        build_enter(B, m, DRAFT_SEGMENTS_VALUE);
        if (!build_rule(B, draft_key(m, DRAFT_SEGMENTS_VALUE), BUILD_SEGMENTS, BUILD_BOOL, &segments[i].rule)) continue;
        B->segment_purposes[i] = segments[i].rule.purposes;
    }
}
