// SPDX-License-Identifier: Apache-2.0
//
// Single values of a draft, whose form is known to be right, as what the bundle holds. The subtle one is a date: its
// midnight in a time zone, which some zones leave out on the day their clocks go forward; then it is the first moment
// that the day has (zone_instant).
#include <math.h>

#include "bundle/build.h"
#include "bundle/scalar.h"
#include "value/value.h"

#define MS INT64_C(1000)

int64_t build_time(builder *B, const yaml_node *node, int64_t otherwise) {
    tact_value time;
    bool date;
    if (!node || !scalar_time(build_at(B), node, &time, &date)) return otherwise;
    int64_t seconds = date ? zone_instant(&B->zone, time.as.i) : time.as.i;
    return seconds * MS + time.len / 1000000;
}

void build_period(builder *B, const draft_member *m, draft_key_number starts, draft_key_number ends, int64_t *starts_ms,
                  int64_t *ends_ms) {
    const yaml_node *last = draft_key(m, ends);
    build_enter(B, m, starts);
    *starts_ms = build_time(B, draft_key(m, starts), 0);
    build_enter(B, m, ends);
    *ends_ms = build_time(B, last, INT64_MAX);
    if (*ends_ms > *starts_ms) return;
    if (*ends_ms == *starts_ms) {
        report_add(build_at(B), REPORT_DATES, last->at, "`ends` is the moment after the last",
                   "it ends as soon as it starts");
    } else {
        report_add(build_at(B), REPORT_DATES, last->at, "the other way round?", "it ends before it starts");
    }
    *starts_ms = 0; // so that nothing follows from it
}

tact_str build_title(builder *B, const yaml_node *node, tact_str name) {
    return node ? build_intern(B, node->text) : name;
}

uint32_t build_count(builder *B, const yaml_node *node, uint32_t least, uint32_t most, const char *what,
                     uint32_t otherwise) {
    int64_t number;
    if (!node || !yaml_int(node, &number)) return otherwise;
    if (number >= least && number <= most) return (uint32_t)number;
    report_add(build_at(B), REPORT_WRONG_FORM, node->at, NULL, "expected %s from %u to %u, not %lld", what, least, most,
               (long long)number);
    return otherwise;
}

double build_number(builder *B, const yaml_node *node, double otherwise) {
    double number;
    if (!node || !yaml_double(node, &number)) return otherwise;
    if (isfinite(number)) return number;
    report_add(build_at(B), REPORT_WRONG_FORM, node->at, NULL, "expected a finite number");
    return otherwise;
}

uint32_t build_permyriad(builder *B, const yaml_node *node) {
    double percent;
    if (!node || !yaml_double(node, &percent) || !(percent >= 0 && percent <= 100)) return 0;
    double whole = round(percent * 100);
    if (fabs(whole - percent * 100) > 1e-6) {
        report_add(build_at(B), REPORT_PERCENT, node->at, NULL, "a percentage has two digits behind the point at most");
    }
    return (uint32_t)whole;
}

bool build_value_copy(builder *B, tact_value v, tact_value *out) {
    if (value_copy(B->hot, v, out)) return true;
    report_no_memory(B->r);
    *out = tact_null();
    return false;
}

int build_compare(tact_str a, tact_str b) {
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool build_is_name(tact_str name) {
    if (name.len == 0 || name.len > SCHEMA_NAME_MAX || (*name.ptr >= '0' && *name.ptr <= '9')) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c != '_' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')) return false;
    }
    return true;
}
