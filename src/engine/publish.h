// SPDX-License-Identifier: Apache-2.0
//
// From a folder of rules to the active bundle of a store: read, checked, compiled against the store's schema, tested,
// hashed, signed, and then, in one transaction, the schema changed and the version stored and made active. Whatever
// goes wrong on the way, nothing has changed.
#ifndef ENGINE_PUBLISH_H
#define ENGINE_PUBLISH_H

#include "bundle/bundle.h"
#include "bundle/draft.h"
#include "store/bundles.h"
#include "store/store.h"

// A bundle's files as they were read, and what was found wrong with them. Its parts refer to each other: it stays where
// it is. What it holds lies in the arena that it was read with.
typedef struct publish_files {
    sources sources;
    report report;
    draft draft;
    bool whole; // all files are there and read; else the report says why
} publish_files;

// Reads a folder. False: it is not whole.
bool publish_read_folder(publish_files *f, arena *a, const char *folder);
// Takes files that came as texts, see draft.h; they are copied. False: they are not whole.
bool publish_read_texts(publish_files *f, arena *a, const draft_file *files, uint32_t count);
// Reads the files of a stored version; an empty name: of the active one. What it says of the version goes to `out`, and
// is copied. TACT_NOT_FOUND. TACT_INVALID: the files are not what they were.
TACT_MUST_USE tact_err publish_read_version(publish_files *f, arena *a, db_txn *t, tact_str name, uint64_t number,
                                            bundles_version *out, tact_error *error);

// Compiles what was read against the store's schema; `*out` was NULL. The report's gravest error, with a text that
// counts them.
TACT_MUST_USE tact_err publish_build(publish_files *f, const schema *running, bundle **out, tact_error *error);

// What must be active, "shop@11", or nothing if it is empty; as a request says it. NULL: whatever is.
typedef const tact_str *publish_from;

typedef struct publish_options {
    tact_str author, message; // UTF-8, or empty
    int64_t now_ms;
    const uint8_t *secret;             // SIGN_SECRET bytes: signs it; NULL: `signer` has signed it, or nobody
    const uint8_t *signer, *signature; // SIGN_PUBLIC and SIGN_SIGNATURE bytes, of the files' hash; or NULL
    bool skip_tests;                   // which the version says for ever
    tact_str instead_of;               // the bundle of another name whose place it may take; empty: of none
    publish_from from;
} publish_options;

typedef struct publish_times { // in microseconds
    int64_t read, build, hash, store;
} publish_times;

typedef struct publish_result {
    bundles_version version;
    bool already; // it was the active one before: nothing was changed
    bool schema_changed;
    const schema *schema_before; // until the store is closed
    bundles_version replaced;    // what was active under another name; number 0: nothing was
    bool tested;                 // its tests were run, and passed
    publish_times took;
    bundle *bundle; // the caller's, to be swapped in, or for bundle_free; its hash is set
} publish_result;

// Publishes a folder, after all commands that were queued before it. Its files, and what is wrong with them, are in
// `f`, also after an error. The very files that are active, by the same signer, under the schema that they want, are
// not published again. If the report has errors, the gravest of them, with a text that counts them; else what
// bundles_publish and store_evolve_with return. A test of the bundle that fails is such an error. TACT_EXISTS: a bundle
// of another name is active, which is not `instead_of`. TACT_DENIED: something else is active than `from` wants, and it
// is not these very files. `out` is set only if nothing went wrong.
TACT_MUST_USE tact_err publish_folder(store *s, arena *a, const char *folder, const publish_options *o,
                                      publish_files *f, publish_result *out, tact_error *error);
// The same of files that came as texts.
TACT_MUST_USE tact_err publish_texts(store *s, arena *a, const draft_file *files, uint32_t count,
                                     const publish_options *o, publish_files *f, publish_result *out,
                                     tact_error *error);
// Makes a version active that was published before, if its files still compile against the store's schema, changed back
// to what they want as far as what is stored allows. Its tests are not run again, and it is not signed again. An empty
// name: the version that was active before. TACT_NOT_FOUND, and as publish_folder.
TACT_MUST_USE tact_err publish_version(store *s, arena *a, tact_str name, uint64_t number, int64_t now_ms,
                                       publish_files *f, publish_result *out, tact_error *error);
TACT_MUST_USE tact_err publish_version_from(store *s, arena *a, tact_str name, uint64_t number, publish_from from,
                                            int64_t now_ms, publish_files *f, publish_result *out, tact_error *error);
// Compiles what is active: what a server does when it starts. TACT_NOT_FOUND: nothing is. The store is not changed;
// `out->schema_changed` says that its schema was changed since to another than the bundle wants, so that some of what
// the bundle reads is not kept: publishing it again puts that right.
TACT_MUST_USE tact_err publish_load_active(store *s, arena *a, publish_files *f, publish_result *out,
                                           tact_error *error);

#endif
