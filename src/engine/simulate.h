// SPDX-License-Identifier: Apache-2.0
//
// What a bundle would do: every person of a store (or a sample) is decided for, each placement by itself, without
// counting or changing anything, on all processors. If there is another bundle to compare with, by that one too.
//
// The result:
//      {bundle: "shop", against: "shop@12" or null, persons: 64000, took_ms: 812,
//       placements: {home_hero: {offers: [{offer, count, before, fallback}, …, most often first],
//                    funnel: [{stage, removed, left}], fallback_only: 120, nothing: 0, differs: 310}}}
// `count` and `before`: to how many persons it was shown, by the one bundle and by the other; `funnel`: candidates of
// all persons; `fallback_only` and `nothing`: persons left with only that; `differs`: persons who are shown something
// else.
#ifndef ENGINE_SIMULATE_H
#define ENGINE_SIMULATE_H

#include "bundle/bundle.h"
#include "store/store.h"
#include "tact/tact.h"

enum { SIMULATE_THREADS_MAX = 64 };

typedef struct simulate_options {
    const bundle *bundle, *against; // against NULL: nothing
    const char *against_name;
    tact_str name;      // of `bundle`, "shop@2"; empty: it is no version, and has the name that it gives itself
    tact_str placement; // empty: all
    tact_value context; // a map, or NULL, the value: what requests carry
    uint64_t sample;    // about so many persons; 0: all
    int64_t now_ms;
    uint32_t threads; // 0: one for each processor
    void (*progress)(void *context, uint64_t done,
                     uint64_t total); // called now and then from the calling thread; or NULL
    void *progress_context;
} simulate_options;

// TACT_INVALID: the placement or the context is unknown to the bundle. TACT_IO, TACT_NO_MEMORY.
TACT_MUST_USE tact_err simulate_run(store *s, const simulate_options *o, arena *a, tact_value *out,
                                    tact_problem *problem);

#endif
