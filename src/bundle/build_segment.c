// SPDX-License-Identifier: Apache-2.0
//
// Segments, in an order in which each comes after those that it reads, so that one pass decides all of them. Which ones
// it reads is taken from the words of its text and not from its program, so that a cycle is found even where another
// fault leaves no program. The walk keeps its way in an array: a chain of segments may be as long as there are any.
#include "bundle/build.h"

typedef enum mark { NEW, ON_THE_WAY, DONE } mark;
enum { TOLD_MAX = 8 }; // segments of a circle that are named one by one: nobody reads more, and circles may be many

typedef struct sorter {
    builder *B;
    uint32_t **reads; // of each segment, those that it reads, each once
    uint32_t *reads_count;
    uint8_t *marks;        // mark
    uint32_t *way, *tried; // the segments on the way, and how many of each one's reads were followed
    uint32_t *place;       // of each segment that is on the way, where on it
    uint32_t *order, order_count;
    uint32_t at;                  // whose reads are being collected
    uint32_t *found, found_count; // which are these so far
    uint32_t *reader;             // of each segment, who was last found to read it, + 1
} sorter;

static tact_str name_of(const sorter *s, uint32_t segment) {
    return s->B->members[DRAFT_SEGMENTS].of[segment]->name;
}

static void add_read(void *context, tact_str name) {
    sorter *s = context;
    int32_t number = build_find(s->B, DRAFT_SEGMENTS, name);
    if (number < 0 || s->reader[number] == s->at + 1) return; // a fault of the expression's, or known
    s->reader[number] = s->at + 1;
    s->found[s->found_count++] = (uint32_t)number;
}

// What the segment `at` reads, each once.
static bool collect(sorter *s) {
    const yaml_node *text = draft_key(s->B->members[DRAFT_SEGMENTS].of[s->at], DRAFT_SEGMENTS_VALUE);
    s->found_count = 0;
    if (text) (void)build_words(s->B, text->text, TACT_STR("segment"), true, add_read, s);
    uint32_t *reads = build_array(s->B, s->B->scratch, s->found_count, sizeof *reads);
    if (!reads) return false;
    if (s->found_count) memcpy(reads, s->found, s->found_count * sizeof *reads);
    s->reads[s->at] = reads;
    s->reads_count[s->at] = s->found_count;
    return true;
}

// `from` on the way to `to`, which reads it: that is a cycle.
static void refuse_cycle(sorter *s, uint32_t from, uint32_t to) {
    builder *B = s->B;
    const draft_member *m = B->members[DRAFT_SEGMENTS].of[s->way[from]];
    buf text = buf_in(B->scratch);
    tact_str name = name_of(s, s->way[from]);
    uint32_t last = to - from < TOLD_MAX ? to : from + TOLD_MAX - 1;
    buf_printf(&text, "`%.*s`", (int)name.len, name.ptr);
    for (uint32_t i = from; i <= last; i++) {
        tact_str next = name_of(s, s->way[i < to ? i + 1 : from]);
        buf_printf(&text, "%s reads `%.*s`", i == from ? "" : ", which", (int)next.len, next.ptr);
    }
    if (last < to) buf_printf(&text, ", and so on to `%.*s` again", (int)name.len, name.ptr);
    build_enter(B, m, DRAFT_SEGMENTS_VALUE);
    report_add(build_at(B), REPORT_CYCLE, m->node->key_at, "one of them must do without",
               from == to ? "the segment reads itself: %s" : "segments read each other in a circle: %s",
               buf_done(&text).ptr ? text.ptr : "");
}

static void visit(sorter *s, uint32_t first) {
    uint32_t depth = 0;
    s->way[0] = first;
    s->tried[0] = 0;
    s->place[first] = 0;
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
            refuse_cycle(s, s->place[next], depth);
        } else if (s->marks[next] == NEW) {
            s->marks[next] = ON_THE_WAY;
            s->way[++depth] = next;
            s->place[next] = depth;
            s->tried[depth] = 0;
        }
    }
}

static bool sort(sorter *s, uint32_t count) {
    builder *B = s->B;
    uint32_t **const numbers[] = {&s->reads_count, &s->way, &s->tried, &s->place, &s->order, &s->found, &s->reader};
    s->reads = build_array(B, B->scratch, count, sizeof *s->reads);
    s->marks = build_array(B, B->scratch, count, sizeof *s->marks);
    bool well = s->reads && s->marks;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i] = build_array(B, B->scratch, count, sizeof **numbers[i]);
        well &= *numbers[i] != NULL;
    }
    for (s->at = 0; well && s->at < count; s->at++) well = collect(s);
    if (!well) return false;
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
