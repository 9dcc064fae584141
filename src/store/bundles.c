// SPDX-License-Identifier: Apache-2.0
//
// A version is one row, its content another, shared by all versions of the same files. Subtle: which one is active
// stands in one row of META, so that a swap is one put.
#include "store/bundles.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "value/pack.h"

enum { VERSION = 1, TESTS_SKIPPED = 1, IS_SIGNED = 2, FLAGS = 3, LIST_FIRST = 16 };
static const tact_str active_key = {"bundle", 6};

static tact_err no_memory(tact_error *error) {
    (void)err_set(error, TACT_NO_MEMORY, "no memory for a bundle's version");
    return TACT_NO_MEMORY;
}

// No name holds a zero, so that no name's keys are among another's.
static db_key key_of(tact_str name, uint64_t number) {
    db_key k = db_key_of();
    db_key_add(&k, name);
    db_key_u8(&k, 0);
    db_key_u64(&k, number);
    return k;
}

static tact_str hash_key(const uint8_t hash[BUNDLES_HASH]) {
    return (tact_str){(const char *)hash, BUNDLES_HASH};
}

// ---- A version as bytes ---------------------------------------------------------------------------------------------
//
//      version u8 | hash | time | activated | flags u8 | author str | message str | signer, signature: if it is signed

static void write_version(buf *out, const bundles_version *v) {
    pack_u8(out, VERSION);
    buf_add_str(out, hash_key(v->hash));
    pack_zigzag(out, v->time_ms);
    pack_zigzag(out, v->activated_ms);
    pack_u8(out, (uint8_t)((v->tests_skipped ? TESTS_SKIPPED : 0) | (v->is_signed ? IS_SIGNED : 0)));
    pack_str(out, v->author);
    pack_str(out, v->message);
    if (!v->is_signed) return;
    buf_add(out, (const char *)v->signer, SIGN_PUBLIC);
    buf_add(out, (const char *)v->signature, SIGN_SIGNATURE);
}

static void read_bytes(unpack *in, uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) out[i] = unpack_u8(in);
}

static tact_err read_version(arena *a, tact_str key, tact_str bytes, bundles_version *out, tact_error *error) {
    unpack in = unpack_of(a, bytes);
    bundles_version v = {.number = 0};
    size_t tail = 1 + sizeof v.number;
    bool sound = key.len > tail && key.len - tail <= BUNDLES_NAME_MAX && key.ptr[key.len - tail] == 0;
    if (!sound) unpack_fail(&in, TACT_INVALID, "a bundle's key is not one");
    if (sound) v.name = (tact_str){key.ptr, key.len - tail};
    if (sound) v.number = db_key_number_at(key, key.len - sizeof v.number);
    if (unpack_u8(&in) != VERSION) unpack_fail(&in, TACT_INVALID, "a bundle's version is of an unknown layout");
    read_bytes(&in, v.hash, BUNDLES_HASH);
    v.time_ms = unpack_zigzag(&in);
    v.activated_ms = unpack_zigzag(&in);
    uint8_t flags = unpack_u8(&in);
    if (flags > FLAGS) unpack_fail(&in, TACT_INVALID, "a bundle's version has unknown flags");
    v.tests_skipped = flags & TESTS_SKIPPED;
    v.is_signed = flags & IS_SIGNED;
    v.author = unpack_text(&in, BUNDLES_TEXT_MAX);
    v.message = unpack_text(&in, BUNDLES_TEXT_MAX);
    if (v.is_signed) read_bytes(&in, v.signer, SIGN_PUBLIC);
    if (v.is_signed) read_bytes(&in, v.signature, SIGN_SIGNATURE);
    tact_err err = unpack_end(&in, error);
    if (!err) *out = v;
    return err;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// The active version's key; TACT_NOT_FOUND without a text: none is.
static tact_err get_active(db_txn *t, tact_str *key, tact_error *error) {
    tact_err err = db_get(t, DB_META, active_key, key);
    return err && err != TACT_NOT_FOUND ? db_fault(t, error) : err;
}

static tact_err get_by_key(db_txn *t, arena *a, tact_str key, bundles_version *out, tact_error *error) {
    tact_str bytes, active = {NULL, 0};
    tact_err err = db_get(t, DB_BUNDLE, key, &bytes);
    if (err) return t->broken ? db_fault(t, error) : err;
    err = read_version(a, key, bytes, out, error);
    if (!err) err = get_active(t, &active, error);
    if (err == TACT_NOT_FOUND) err = TACT_OK;
    out->active = tact_str_equal(active, key);
    return err;
}

tact_err bundles_active(db_txn *t, arena *a, bundles_version *out, tact_error *error) {
    tact_str key = {NULL, 0};
    tact_err err = get_active(t, &key, error);
    if (err == TACT_NOT_FOUND) return err_set(error, err, "%s: no bundle was published yet", db_folder(t->db));
    if (!err) err = get_by_key(t, a, key, out, error);
    if (err != TACT_NOT_FOUND) return err;
    return err_set(error, TACT_INVALID, "%s: the active bundle is not there; run fsck", db_folder(t->db));
}

tact_err bundles_get(db_txn *t, arena *a, tact_str name, uint64_t number, bundles_version *out, tact_error *error) {
    db_key key = key_of(name, number);
    tact_err err = name.len <= BUNDLES_NAME_MAX ? get_by_key(t, a, db_key_str(&key), out, error) : TACT_NOT_FOUND;
    utf8_shown shown;
    if (err != TACT_NOT_FOUND) {
        out->name = err ? out->name : name; // not the key's, which does not last
        return err;
    }
    return err_set(error, err, "there is no version %llu of bundle `%s`", (unsigned long long)number,
                   utf8_show(&shown, name));
}

// Each that becomes active has a later time than the one before it, whatever the clock says.
tact_err bundles_before(db_txn *t, arena *a, bundles_version *out, tact_error *error) {
    bundles_version *all = NULL;
    const bundles_version *before = NULL;
    uint32_t count = 0;
    tact_err err = bundles_list(t, a, &all, &count, error);
    if (err) return err;
    for (uint32_t i = 0; i < count; i++) {
        if (!all[i].active && (!before || all[i].activated_ms > before->activated_ms)) before = &all[i];
    }
    if (!before) return err_set(error, TACT_NOT_FOUND, "%s: no other bundle was active before", db_folder(t->db));
    *out = *before;
    return TACT_OK;
}

tact_err bundles_content(db_txn *t, const uint8_t hash[BUNDLES_HASH], tact_str *out, tact_error *error) {
    tact_err err = db_get(t, DB_CONTENT, hash_key(hash), out);
    if (t->broken) return db_fault(t, error);
    return err ? err_set(error, err, "%s: a bundle's files are not there; run fsck", db_folder(t->db)) : TACT_OK;
}

tact_err bundles_list(db_txn *t, arena *a, bundles_version **out, uint32_t *count, tact_error *error) {
    tact_str active = {NULL, 0};
    bundles_version *all = NULL;
    uint32_t room = 0, n = 0;
    tact_err err = get_active(t, &active, error);
    if (err && err != TACT_NOT_FOUND) return err;
    db_walk w;
    for (err = db_walk_begin(t, DB_BUNDLE, (tact_str){NULL, 0}, &w); !err; err = db_walk_next(&w)) {
        uint32_t more = n < room ? room : room ? room * 2 : LIST_FIRST;
        bundles_version *grown = more == room ? all : arena_extend(a, all, room, more, sizeof *all);
        if (grown) all = grown, room = more;
        tact_err fault = grown ? read_version(a, w.key, w.value, &all[n], error) : no_memory(error);
        if (fault) {
            db_walk_end(&w);
            return fault;
        }
        all[n].active = tact_str_equal(w.key, active);
        n++;
    }
    db_walk_end(&w);
    if (t->broken) return db_fault(t, error);
    *out = all;
    *count = n;
    return TACT_OK;
}

// ---- Changing -------------------------------------------------------------------------------------------------------

static tact_err check(const bundles_version *v, tact_str content, tact_error *error) {
    bool named = v->name.len > 0 && v->name.len <= BUNDLES_NAME_MAX && !memchr(v->name.ptr, 0, v->name.len);
    if (!named) return err_set(error, TACT_INVALID, "a bundle's name has 1 to %d bytes", BUNDLES_NAME_MAX);
    if (v->author.len > BUNDLES_TEXT_MAX || v->message.len > BUNDLES_TEXT_MAX) {
        return err_set(error, TACT_INVALID, "an author or a message has at most %d bytes", BUNDLES_TEXT_MAX);
    }
    if (!utf8_valid(v->author.ptr, v->author.len) || !utf8_valid(v->message.ptr, v->message.len)) {
        return err_set(error, TACT_INVALID, "an author or a message is not UTF-8");
    }
    bool fits = content.len > 0 && content.len <= BUNDLES_CONTENT_MAX;
    return fits ? TACT_OK : err_set(error, TACT_INVALID, "a bundle's files come to %zu bytes", content.len);
}

// One more than the greatest that there is: versions are never taken away.
static tact_err next_number(db_txn *t, tact_str name, uint64_t *number, tact_error *error) {
    db_key from = key_of(name, 0);
    db_walk w;
    *number = 1;
    tact_err err = db_walk_begin(t, DB_BUNDLE, db_key_str(&from), &w);
    for (; !err; err = db_walk_next(&w)) {
        if (w.key.len != from.len || memcmp(w.key.ptr, from.as.bytes, name.len + 1) != 0) break;
        *number = db_key_number_at(w.key, name.len + 1) + 1;
    }
    db_walk_end(&w);
    return t->broken ? db_fault(t, error) : TACT_OK;
}

static tact_err may_be_active(db_txn *t, arena *a, const bundles_version *v, tact_error *error) {
    return signers_check(t, a, hash_key(v->hash), v->is_signed ? v->signer : NULL, v->signature, error);
}

static tact_err put_active(db_txn *t, arena *a, bundles_version *v, tact_error *error) {
    db_key key = key_of(v->name, v->number);
    tact_str active = {NULL, 0};
    bundles_version last = {.number = 0};
    tact_err err = get_active(t, &active, error);
    if (!err) err = get_by_key(t, a, active, &last, error);
    if (!err && v->activated_ms <= last.activated_ms) v->activated_ms = last.activated_ms + 1;
    if (err && err != TACT_NOT_FOUND) return err;
    buf b = buf_in(a);
    write_version(&b, v);
    tact_str bytes = buf_done(&b);
    if (!bytes.ptr) return no_memory(error);
    err = db_put(t, DB_BUNDLE, db_key_str(&key), bytes);
    if (!err) err = db_put(t, DB_META, active_key, db_key_str(&key));
    return err ? db_fault(t, error) : TACT_OK;
}

tact_err bundles_publish(db_txn *t, arena *a, bundles_version *v, tact_str content, tact_error *error) {
    tact_str there;
    tact_err err = check(v, content, error);
    if (!err) err = may_be_active(t, a, v, error);
    if (!err) err = next_number(t, v->name, &v->number, error);
    if (err) return err;
    err = db_get(t, DB_CONTENT, hash_key(v->hash), &there);
    if (err == TACT_NOT_FOUND) err = db_put(t, DB_CONTENT, hash_key(v->hash), content);
    if (err) return db_fault(t, error);
    v->activated_ms = v->time_ms;
    v->active = true;
    return put_active(t, a, v, error);
}

// A copy of the texts that lie in the map, where a put may move them.
static bool keep(arena *a, tact_str *s) {
    const char *copy = arena_copy(a, s->ptr, s->len);
    *s = (tact_str){copy, s->len};
    return copy != NULL;
}

tact_err bundles_activate(db_txn *t, arena *a, tact_str name, uint64_t number, int64_t now_ms, tact_error *error) {
    bundles_version v = {.number = 0};
    tact_err err = bundles_get(t, a, name, number, &v, error);
    if (!err) err = may_be_active(t, a, &v, error);
    if (err) return err;
    if (!keep(a, &v.author) || !keep(a, &v.message)) return no_memory(error);
    v.activated_ms = now_ms;
    return put_active(t, a, &v, error);
}

// ---- Checking -------------------------------------------------------------------------------------------------------

static tact_err check_version(db_txn *t, const bundles_version *v, tact_error *error) {
    tact_str content;
    tact_err err = bundles_content(t, v->hash, &content, error);
    if (err || !v->is_signed || sign_holds(v->signer, SIGNERS_WHAT, hash_key(v->hash), v->signature)) return err;
    utf8_shown shown;
    return err_set(error, TACT_INVALID, "%s: the signature of version %llu of bundle `%s` does not hold",
                   db_folder(t->db), (unsigned long long)v->number, utf8_show(&shown, v->name));
}

static tact_err check_contents(db_txn *t, const bundles_version *all, uint32_t count, tact_error *error) {
    db_walk w;
    tact_err err = db_walk_begin(t, DB_CONTENT, (tact_str){NULL, 0}, &w);
    for (; !err; err = db_walk_next(&w)) {
        bool used = false;
        uint8_t hash[HASH_SUM];
        for (uint32_t i = 0; i < count && !used; i++) used = tact_str_equal(w.key, hash_key(all[i].hash));
        hash_bytes(w.value, hash);
        bool same = tact_str_equal(w.key, hash_key(hash));
        if (used && same) continue;
        db_walk_end(&w);
        return err_set(error, TACT_INVALID, "%s: %s", db_folder(t->db),
                       same ? "files of a bundle that no version has" : "a bundle's files are not what they were");
    }
    db_walk_end(&w);
    return t->broken ? db_fault(t, error) : TACT_OK;
}

tact_err bundles_check(db_txn *t, arena *a, tact_error *error) {
    bundles_version *all = NULL, active;
    uint32_t count = 0;
    tact_str key = {NULL, 0};
    signers who;
    tact_err err = signers_get(t, a, &who, error);
    if (!err) err = bundles_list(t, a, &all, &count, error);
    for (uint32_t i = 0; i < count && !err; i++) err = check_version(t, &all[i], error);
    if (!err) err = check_contents(t, all, count, error);
    if (err) return err == TACT_NOT_FOUND ? TACT_INVALID : err;
    err = get_active(t, &key, error);
    if (err) return err == TACT_NOT_FOUND ? TACT_OK : err;
    return bundles_active(t, a, &active, error);
}
