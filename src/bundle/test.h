// SPDX-License-Identifier: Apache-2.0
//
// The tests that a bundle brings with it, read and checked: a person made up for the occasion, a moment, placements to
// decide, and what must come of it. They are run by those who decide; here they are only data, which lives as long as
// the bundle.
#ifndef BUNDLE_TEST_H
#define BUNDLE_TEST_H

#include "bundle/bundle.h"

typedef enum bundle_stage { // that kept an offer away
#define X(NAME, name, doc) BUNDLE_STAGE_##NAME,
#include "bundle/stage_tbl.h"
#undef X
    BUNDLE_STAGES
} bundle_stage;

const char *bundle_stage_name(bundle_stage stage); // "consent", static

typedef struct bundle_test_value { // of the schema's attribute, or of the bundle's context
    uint32_t number;
    tact_value value;
} bundle_test_value;

typedef struct bundle_test_consent {
    uint32_t purpose; // the schema's
    bool granted;
} bundle_test_consent;

typedef struct bundle_test_event { // something that happened to the person before
    uint8_t on;                    // bundle_count
    int32_t event;                 // ON_EVENT: the schema's number; else -1
    int64_t time_ms;
    int32_t offer, placement;     // that it is of; -1: none
    const tact_value *properties; // ON_EVENT: by the schema's numbers; NULL kind where it has none
    uint32_t properties_count;
} bundle_test_event;

typedef struct bundle_test_decision { // one placement, decided by itself
    uint32_t placement;
    const bundle_test_value *context;
    uint32_t context_count;
    bool expects;             // `expected` says what comes; else anything may
    const uint32_t *expected; // offers, in order
    uint32_t expected_count;
    cel_span at; // of the expectation, or of the placement
} bundle_test_decision;

typedef struct bundle_test_reason {
    uint32_t offer;
    bundle_stage stage;
    cel_span at;
} bundle_test_reason;

typedef struct bundle_test {
    tact_str name;
    int64_t now_ms;
    const bundle_test_value *values; // of attributes
    const bundle_test_consent *consents;
    const bundle_test_event *events;
    const bundle_test_decision *decisions;
    const bundle_test_reason *reasons; // `because`: what kept an offer from all the placements that are decided
    uint32_t values_count, consents_count, events_count, decisions_count, reasons_count;
    cel_span at;
} bundle_test;

#endif
