// SPDX-License-Identifier: Apache-2.0
//
// The strings extension, but for format (func_format.c). Positions count code points; work is done in bytes, which is
// sound because UTF-8 text occurs in UTF-8 text between code points only. What can share the memory of an argument
// does.
#define _GNU_SOURCE // memmem
#include <string.h>

#include "base/utf8.h"
#include "cel/func.h"

static tact_value out_of_range(tact_cel_call *call, int64_t index) {
    return call_fault(call, TACT_FAULT_INDEX_RANGE, "index out of range: %lld", (long long)index);
}

// ---- Positions ------------------------------------------------------------------------------------------------------

// The byte at which code point `index` begins, or the text's end for the position just behind the last.
static bool find_offset(tact_value text, int64_t index, size_t *offset) {
    if (index < 0 || index > text.len) return false;
    *offset = utf8_offset(text.as.s, text.len, (size_t)index);
    return *offset < text.len || utf8_count(text.as.s, text.len) == (size_t)index;
}

// The part of a text from one byte up to another.
static tact_value part(tact_value text, size_t from, size_t to) {
    return tact_string(from ? text.as.s + from : text.as.s, to - from);
}

tact_value fn_char_at(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    size_t from;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    if (!find_offset(args[0], args[1].as.i, &from)) return out_of_range(call, args[1].as.i);
    return part(args[0], from,
                from == args[0].len ? from : from + utf8_offset(args[0].as.s + from, args[0].len - from, 1));
}

tact_value fn_substring(tact_cel_call *call, const tact_value *args, uint32_t count) {
    size_t from, to = args[0].len;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    if (count == 3 && args[1].as.i > args[2].as.i) {
        return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "invalid substring range. start: %lld, end: %lld",
                          (long long)args[1].as.i, (long long)args[2].as.i);
    }
    if (!find_offset(args[0], args[1].as.i, &from)) return out_of_range(call, args[1].as.i);
    if (count == 3 && !find_offset(args[0], args[2].as.i, &to)) return out_of_range(call, args[2].as.i);
    return part(args[0], from, to);
}

// ---- Searching ------------------------------------------------------------------------------------------------------

// Where `what`, which is not empty, first occurs in `text` from byte `from` on; the text's length if it does not.
static size_t find(tact_value text, tact_value what, size_t from) {
    if (what.len > text.len - from) return text.len;
    const char *at = memmem(text.as.s + from, text.len - from, what.as.s, what.len);
    return at ? (size_t)(at - text.as.s) : text.len;
}

tact_value fn_index_of(tact_cel_call *call, const tact_value *args, uint32_t count) {
    tact_value text = args[0], what = args[1];
    int64_t index = count == 3 ? args[2].as.i : 0;
    size_t from;
    if (!call_charge(call, text.len)) return call_no_steps(call);
    if (!find_offset(text, index, &from)) return out_of_range(call, index);
    if (what.len == 0) return tact_int(index);
    size_t at = find(text, what, from);
    return tact_int(at == text.len ? -1 : index + (int64_t)utf8_count(text.as.s + from, at - from));
}

tact_value fn_last_index_of(tact_cel_call *call, const tact_value *args, uint32_t count) {
    tact_value text = args[0], what = args[1];
    size_t from = text.len;
    if (!call_charge(call, text.len)) return call_no_steps(call);
    if (count == 3 && !find_offset(text, args[2].as.i, &from)) return out_of_range(call, args[2].as.i);
    if (what.len > text.len) return tact_int(-1);
    if (what.len == 0) return tact_int((int64_t)utf8_count(text.as.s, from));
    if (from > text.len - what.len) from = text.len - what.len;
    for (size_t at = from + 1; at-- > 0;) {
        if (text.as.s[at] != what.as.s[0]) continue;
        if (!call_charge(call, 1 + what.len / CALL_BYTES_A_STEP)) return call_no_steps(call);
        if (memcmp(text.as.s + at, what.as.s, what.len) == 0) return tact_int((int64_t)utf8_count(text.as.s, at));
    }
    return tact_int(-1);
}

// ---- Changing -------------------------------------------------------------------------------------------------------

// The text with `by` added to every byte from `first` to `last`.
static tact_value shift_letters(tact_cel_call *call, tact_value text, char first, char last, int by) {
    if (!call_charge_bytes(call, text.len)) return call_no_steps(call);
    char *shifted = call_alloc(call, text.len);
    if (!shifted) return call_no_memory(call);
    for (uint32_t i = 0; i < text.len; i++) {
        char c = text.as.s[i];
        shifted[i] = (char)(c >= first && c <= last ? c + by : c);
    }
    return tact_string(shifted, text.len);
}

tact_value fn_lower_ascii(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return shift_letters(call, args[0], 'A', 'Z', 'a' - 'A');
}

tact_value fn_upper_ascii(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return shift_letters(call, args[0], 'a', 'z', 'A' - 'a');
}

tact_value fn_string_reverse(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    size_t len = args[0].len;
    if (!call_charge(call, len)) return call_no_steps(call);
    char *reversed = call_alloc(call, len);
    if (!reversed) return call_no_memory(call);
    for (size_t at = 0, to = len; at < len;) {
        size_t character = utf8_offset(args[0].as.s + at, len - at, 1);
        to -= character;
        memcpy(reversed + to, args[0].as.s + at, character);
        at += character;
    }
    return tact_string(reversed, len);
}

// Unicode's White_Space.
static bool is_space(uint32_t c) {
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

tact_value fn_trim(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (args[0].len == 0) return args[0];
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    const char *from = args[0].as.s, *end = from + args[0].len, *to = from;
    for (const char *at = from; at < end;) {
        bool leading = to == from;
        bool space = is_space(utf8_next(&at, end));
        if (space && leading) from = to = at;
        if (!space) to = at;
    }
    return tact_string(from, (size_t)(to - from));
}

// What is left to be replaced or split: a count that never runs out if it was given as negative.
static uint64_t limit(tact_value n) {
    return n.as.i < 0 ? UINT64_MAX : (uint64_t)n.as.i;
}

static bool put(tact_cel_call *call, buf *out, tact_value v) {
    buf_add(out, v.as.s, v.len);
    return call_charge(call, 1 + v.len / CALL_BYTES_A_STEP);
}

// Both write the text with `by` in the first `left` places; false when the steps are used up.

static bool replace_found(tact_cel_call *call, buf *out, tact_value text, tact_value what, tact_value by,
                          uint64_t left) {
    size_t at = 0;
    for (; left > 0 && !out->failed; left--) {
        size_t next = find(text, what, at);
        if (next == text.len) break;
        buf_add(out, text.as.s + at, next - at);
        if (!put(call, out, by)) return false;
        at = next + what.len;
    }
    buf_add(out, text.as.s + at, text.len - at);
    return true;
}

// An empty text occurs before each character and at the end, as in Go.
static bool replace_nothing(tact_cel_call *call, buf *out, tact_value text, tact_value by, uint64_t left) {
    for (size_t at = 0; !out->failed; left--) {
        if (left > 0 && !put(call, out, by)) return false;
        if (at == text.len) return true;
        size_t len = left > 0 ? utf8_offset(text.as.s + at, text.len - at, 1) : text.len - at;
        buf_add(out, text.as.s + at, len);
        at += len;
        if (left == 0) return true;
    }
    return true;
}

tact_value fn_replace(tact_cel_call *call, const tact_value *args, uint32_t count) {
    tact_value text = args[0], what = args[1], by = args[2];
    uint64_t left = count == 4 ? limit(args[3]) : UINT64_MAX;
    if (what.len > text.len || left == 0) return text;
    if (!call_charge(call, text.len)) return call_no_steps(call);
    buf out = buf_in(call->arena);
    bool paid = what.len ? replace_found(call, &out, text, what, by, left)
                         : replace_nothing(call, &out, text, by, left);
    return paid ? call_text(call, &out) : call_no_steps(call);
}

// ---- Lists of texts -------------------------------------------------------------------------------------------------

// Splits at `by` into at most `left` parts, into `items` unless it is NULL; returns how many there are.
static uint32_t cut(tact_value text, tact_value by, uint64_t left, tact_value *items) {
    uint32_t count = 0;
    size_t at = 0;
    for (; left > 1; left--) {
        size_t to = by.len ? find(text, by, at) : at + utf8_offset(text.as.s + at, text.len - at, 1);
        if (to == text.len) break;
        if (items) items[count] = part(text, at, to);
        count++;
        at = to + by.len;
    }
    if (items) items[count] = part(text, at, text.len);
    return count + 1;
}

tact_value fn_split(tact_cel_call *call, const tact_value *args, uint32_t count) {
    tact_value text = args[0], by = args[1];
    uint64_t left = count == 3 ? limit(args[2]) : UINT64_MAX;
    if (left == 0 || (text.len == 0 && by.len == 0)) return tact_list(NULL, 0);
    if (text.len == 0) {
        left = 1; // the one part is empty
    } else if (!call_charge(call, 2 * (uint64_t)text.len)) {
        return call_no_steps(call);
    }
    uint32_t parts = left == 1 ? 1 : cut(text, by, left, NULL);
    tact_value *items = arena_array(call->arena, parts, sizeof *items);
    if (!items) return call_no_memory(call);
    if (left == 1) {
        items[0] = text;
    } else {
        (void)cut(text, by, left, items);
    }
    return tact_list(items, parts);
}

tact_value fn_join(tact_cel_call *call, const tact_value *args, uint32_t count) {
    tact_value list = args[0], between = count == 2 ? args[1] : tact_string(NULL, 0);
    if (!call_charge(call, list.len)) return call_no_steps(call);
    size_t len = 0;
    for (uint32_t i = 0; i < list.len; i++) {
        tact_value item = list.as.items[i];
        if (item.kind != TACT_STRING) {
            return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "a string was expected in the list, not %s",
                              value_kind_name((tact_kind)item.kind));
        }
        len += item.len + (i ? between.len : 0);
        if (len > UINT32_MAX) return call_fault(call, TACT_FAULT_OVERFLOW, "a text of more than 4 GiB");
    }
    if (!call_charge_bytes(call, len)) return call_no_steps(call);
    char *text = call_alloc(call, len), *at = text;
    if (!text) return call_no_memory(call);
    for (uint32_t i = 0; i < list.len; i++) {
        tact_value item = list.as.items[i];
        if (i && between.len) at = (char *)memcpy(at, between.as.s, between.len) + between.len;
        if (item.len) at = (char *)memcpy(at, item.as.s, item.len) + item.len;
    }
    return tact_string(text, len);
}

tact_value fn_quote(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    buf out = buf_in(call->arena);
    value_print_quoted(&out, value_str(args[0]));
    return call_text(call, &out);
}
