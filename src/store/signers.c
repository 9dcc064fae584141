// SPDX-License-Identifier: Apache-2.0
//
// All signers are one row of META, which is written anew when one comes or goes:
//
//      version u8 | required u8 | count varint | for each: name str, key
#include "store/signers.h"

#include "base/base64.h"
#include "base/err.h"
#include "base/utf8.h"
#include "value/pack.h"

enum { VERSION = 1 };
static const tact_str signers_key = {"signers", 7};

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "no memory for the keys that may publish");
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static tact_err read_all(arena *a, tact_str bytes, signers *out, tact_error *error) {
    unpack in = unpack_of(a, bytes);
    if (unpack_u8(&in) != VERSION) unpack_fail(&in, TACT_INVALID, "the keys that may publish are of an unknown layout");
    uint8_t required = unpack_u8(&in);
    if (required > 1) unpack_fail(&in, TACT_INVALID, "whether bundles must be signed is neither yes nor no");
    uint32_t count = (uint32_t)unpack_count(&in, SIGNERS_MAX);
    signer *of = arena_array(a, count ? count : 1, sizeof *of);
    if (!of) return no_memory(error);
    for (uint32_t i = 0; i < count; i++) {
        of[i].name = unpack_text(&in, SIGNERS_NAME_MAX);
        for (size_t k = 0; k < SIGN_PUBLIC; k++) of[i].key[k] = unpack_u8(&in);
    }
    *out = (signers){required == 1, of, count};
    return unpack_end(&in, error);
}

tact_err signers_get(db_txn *t, arena *a, signers *out, tact_error *error) {
    tact_str bytes;
    tact_err err = db_get(t, DB_META, signers_key, &bytes);
    *out = (signers){.required = false};
    if (err == TACT_NOT_FOUND) return TACT_OK;
    return err ? db_fault(t, error) : read_all(a, bytes, out, error);
}

const signer *signers_find(const signers *s, const uint8_t key[SIGN_PUBLIC]) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (memcmp(s->of[i].key, key, SIGN_PUBLIC) == 0) return &s->of[i];
    }
    return NULL;
}

// ---- Changing -------------------------------------------------------------------------------------------------------

static tact_err put(db_txn *t, arena *a, const signers *s, tact_error *error) {
    buf b = buf_in(a);
    pack_u8(&b, VERSION);
    pack_u8(&b, s->required);
    pack_varint(&b, s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        pack_str(&b, s->of[i].name);
        buf_add(&b, (const char *)s->of[i].key, SIGN_PUBLIC);
    }
    tact_str bytes = buf_done(&b);
    if (!bytes.ptr) return no_memory(error);
    return db_put(t, DB_META, signers_key, bytes) ? db_fault(t, error) : TACT_OK;
}

static tact_err check_name(tact_str name, tact_error *error) {
    bool fits = name.len > 0 && name.len <= SIGNERS_NAME_MAX && utf8_valid(name.ptr, name.len);
    if (fits) return TACT_OK;
    return err_set(error, TACT_INVALID, "the name of a key has 1 to %d bytes of UTF-8", SIGNERS_NAME_MAX);
}

tact_err signers_allow(db_txn *t, arena *a, tact_str name, const uint8_t key[SIGN_PUBLIC], tact_error *error) {
    signers s;
    utf8_shown shown;
    tact_err err = check_name(name, error);
    if (!err) err = signers_get(t, a, &s, error);
    if (err) return err;
    const signer *there = signers_find(&s, key);
    if (there) {
        return err_set(error, TACT_EXISTS, "this key may publish already, as `%s`", utf8_show(&shown, there->name));
    }
    for (uint32_t i = 0; i < s.count; i++) {
        if (!tact_str_equal(s.of[i].name, name)) continue;
        return err_set(error, TACT_EXISTS, "there is another key of the name `%s`", utf8_show(&shown, name));
    }
    if (s.count == SIGNERS_MAX) return err_set(error, TACT_LIMIT, "no more than %d keys may publish", SIGNERS_MAX);
    signer *of = arena_array(a, s.count + 1, sizeof *of);
    if (!of) return no_memory(error);
    for (uint32_t i = 0; i < s.count; i++) of[i] = s.of[i];
    of[s.count].name = name;
    memcpy(of[s.count].key, key, SIGN_PUBLIC);
    s.of = of;
    s.count++;
    return put(t, a, &s, error);
}

tact_err signers_deny(db_txn *t, arena *a, tact_str name, tact_error *error) {
    signers s;
    utf8_shown shown;
    tact_err err = signers_get(t, a, &s, error);
    if (err) return err;
    uint32_t at = 0;
    while (at < s.count && !tact_str_equal(s.of[at].name, name)) at++;
    if (at == s.count) {
        return err_set(error, TACT_NOT_FOUND, "no key of the name `%s` may publish", utf8_show(&shown, name));
    }
    if (s.required && s.count == 1) {
        return err_set(error, TACT_INVALID, "`%s` is the last that may publish where bundles must be signed",
                       utf8_show(&shown, name));
    }
    for (s.count--; at < s.count; at++) s.of[at] = s.of[at + 1];
    return put(t, a, &s, error);
}

tact_err signers_require(db_txn *t, arena *a, bool required, tact_error *error) {
    signers s;
    tact_err err = signers_get(t, a, &s, error);
    if (err) return err;
    if (required && s.count == 0) {
        return err_set(error, TACT_INVALID, "nobody could publish any more: allow a key first");
    }
    s.required = required;
    return put(t, a, &s, error);
}

// ---- Deciding -------------------------------------------------------------------------------------------------------

static tact_err refuse_unsigned(const signers *s, tact_error *error) {
    utf8_shown shown;
    return err_set(error, TACT_INVALID, "bundles must be signed here, by `%s`%s; this one is not",
                   utf8_show(&shown, s->of[0].name), s->count > 1 ? " or another key that is allowed" : "");
}

tact_err signers_check(db_txn *t, arena *a, tact_str hash, const uint8_t *key, const uint8_t *signature,
                       tact_error *error) {
    signers s;
    tact_err err = signers_get(t, a, &s, error);
    if (err) return err;
    if (!key) return s.required ? refuse_unsigned(&s, error) : TACT_OK;
    if (!sign_holds(key, SIGNERS_WHAT, hash, signature)) {
        return err_set(error, TACT_INVALID, "the bundle's signature does not hold: it, or the files, were altered");
    }
    if (!s.required || signers_find(&s, key)) return TACT_OK;
    char text[(SIGN_PUBLIC + 2) / 3 * 4];
    base64_encode(text, (const char *)key, SIGN_PUBLIC);
    return err_set(error, TACT_INVALID, "the bundle is signed with a key that may not publish here: %.*s",
                   (int)sizeof text, text);
}
