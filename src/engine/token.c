// SPDX-License-Identifier: Apache-2.0
//
// Subtle: the tag is made of the strand as it is and the mask of the tag, so that equal masks only ever stand before
// equal tokens (this is how RFC 5297 makes its initialization vector). Tags are compared in a time that does not tell
// how much of them was right.
#include "engine/token.h"

#include "base/base64.h"
#include "store/load.h"

enum { VERSION = 1, STRAND_SIZE = 8, TAIL = STRAND_SIZE + HASH_KEYED };
enum { HASH_TAG = 1, HASH_MASK = 2 }; // what store_hash is of

// Characters that differ between base64url and base64.
static void replace(char *text, size_t len, const char from[2], const char to[2]) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] == from[0]) {
            text[i] = to[0];
        } else if (text[i] == from[1]) {
            text[i] = to[1];
        }
    }
}

static size_t encode(const char *bytes, size_t len, char *out) {
    size_t text_len = base64_len(len);
    base64_encode(out, bytes, len);
    while (text_len && out[text_len - 1] == '=') text_len--;
    replace(out, text_len, "+/", "-_");
    return text_len;
}

static char *put_text(char *at, tact_str s) {
    *at++ = (char)s.len;
    return save_bytes(at, s.ptr, s.len);
}

static uint64_t mask_of(const store *s, const uint8_t tag[HASH_KEYED]) {
    uint8_t hash[HASH_KEYED];
    store_hash(s, HASH_MASK, (tact_str){(const char *)tag, HASH_KEYED}, hash);
    return load_u64((const char *)hash);
}

size_t token_write(const store *s, const token *t, char *out) {
    char bytes[TOKEN_BYTES_MAX], *at = bytes;
    uint8_t tag[HASH_KEYED];
    *at++ = VERSION;
    at = put_text(at, t->decision);
    at = put_text(at, t->offer);
    at = put_text(at, t->placement);
    at = save_u64(at, (uint64_t)t->time_ms);
    char *whose = at;
    at = save_u64(at, t->strand);
    store_hash(s, HASH_TAG, (tact_str){bytes, (size_t)(at - bytes)}, tag);
    save_u64(whose, t->strand ^ mask_of(s, tag));
    at = save_bytes(at, (const char *)tag, sizeof tag);
    return encode(bytes, (size_t)(at - bytes), out);
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// Into `room`; 0: it is not what `encode` writes.
static size_t decode(tact_str text, char *room) {
    char copy[TOKEN_TEXT_MAX], again[TOKEN_TEXT_MAX];
    if (text.len == 0 || text.len > sizeof copy) return 0;
    memcpy(copy, text.ptr, text.len);
    replace(copy, text.len, "-_", "+/");
    size_t bad, len = base64_decode(room, (tact_str){copy, text.len}, &bad);
    if (len == SIZE_MAX || len > TOKEN_BYTES_MAX) return 0;
    bool exact = encode(room, len, again) == text.len && memcmp(again, text.ptr, text.len) == 0;
    return exact ? len : 0;
}

static const char *take_text(const char *at, const char *end, size_t max, tact_str *out) {
    if (!at || at == end) return NULL;
    *out = (tact_str){at + 1, (uint8_t)*at};
    return out->len <= max && out->len < (size_t)(end - at) ? at + 1 + out->len : NULL;
}

static bool same(const uint8_t *x, const uint8_t *y, size_t len) {
    uint8_t differs = 0;
    for (size_t i = 0; i < len; i++) differs = (uint8_t)(differs | (x[i] ^ y[i]));
    return !differs;
}

bool token_read(const store *s, tact_str text, char room[TOKEN_TEXT_MAX], token *out) {
    uint8_t tag[HASH_KEYED], own[HASH_KEYED];
    size_t len = decode(text, room);
    if (len < 1 + TAIL || room[0] != VERSION) return false;
    char *whose = room + len - TAIL;
    memcpy(tag, whose + STRAND_SIZE, sizeof tag);
    out->strand = load_u64(whose) ^ mask_of(s, tag);
    save_u64(whose, out->strand);
    store_hash(s, HASH_TAG, (tact_str){room, len - HASH_KEYED}, own);
    if (!same(tag, own, sizeof tag)) return false;
    const char *at = take_text(room + 1, whose, TOKEN_DECISION_MAX, &out->decision);
    at = take_text(at, whose, TOKEN_NAME_MAX, &out->offer);
    at = take_text(at, whose, TOKEN_NAME_MAX, &out->placement);
    if (!at || whose - at != 8) return false;
    out->time_ms = load_i64(at);
    return true;
}
