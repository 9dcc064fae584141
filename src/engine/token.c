// SPDX-License-Identifier: Apache-2.0
//
// Subtle: the tag is made of the strand as it is and the mask of the tag, so that equal masks only ever stand before
// equal tokens (this is how RFC 5297 makes its initialization vector). Tags are compared in a time that does not tell
// how much of them was right.
#include "engine/token.h"

#include "base/base64.h"
#include "store/load.h"

enum { VERSION = 2, STRAND_SIZE = 8, TAIL = STRAND_SIZE + HASH_TAG }; // 1 had other tags, before the first release

static char *put_text(char *at, tact_str s) {
    *at++ = (char)s.len;
    return save_bytes(at, s.ptr, s.len);
}

static uint64_t mask_of(const store *s, const uint8_t tag[HASH_TAG]) {
    uint8_t mask[HASH_TAG];
    store_tag(s, STORE_MASK, (tact_str){(const char *)tag, HASH_TAG}, mask);
    return load_u64((const char *)mask);
}

size_t token_write(const store *s, const token *t, char *out) {
    char bytes[TOKEN_BYTES_MAX], *at = bytes;
    uint8_t tag[HASH_TAG];
    *at++ = VERSION;
    at = put_text(at, t->decision);
    at = put_text(at, t->offer);
    at = put_text(at, t->placement);
    at = save_u64(at, (uint64_t)t->time_ms);
    char *whose = at;
    at = save_u64(at, t->strand);
    store_tag(s, STORE_TOKEN, (tact_str){bytes, (size_t)(at - bytes)}, tag);
    save_u64(whose, t->strand ^ mask_of(s, tag));
    at = save_bytes(at, (const char *)tag, sizeof tag);
    return base64url_encode(out, bytes, (size_t)(at - bytes));
}

// ---- Reading --------------------------------------------------------------------------------------------------------

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
    uint8_t tag[HASH_TAG], own[HASH_TAG];
    size_t len = text.len <= TOKEN_TEXT_MAX ? base64url_decode(room, text) : SIZE_MAX;
    if (len > TOKEN_BYTES_MAX || len < 1 + TAIL || room[0] != VERSION) return false;
    char *whose = room + len - TAIL;
    memcpy(tag, whose + STRAND_SIZE, sizeof tag);
    out->strand = load_u64(whose) ^ mask_of(s, tag);
    save_u64(whose, out->strand);
    store_tag(s, STORE_TOKEN, (tact_str){room, len - HASH_TAG}, own);
    if (!same(tag, own, sizeof tag)) return false;
    const char *at = take_text(room + 1, whose, TOKEN_DECISION_MAX, &out->decision);
    at = take_text(at, whose, TOKEN_NAME_MAX, &out->offer);
    at = take_text(at, whose, TOKEN_NAME_MAX, &out->placement);
    if (!at || whose - at != 8) return false;
    out->time_ms = load_i64(at);
    return true;
}
