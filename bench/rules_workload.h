// SPDX-License-Identifier: Apache-2.0
//
// A workload of eligibility rules: conjunctions of two to seven predicates over 16 attributes, as text and as plain
// predicates, and events that carry the attributes' values. Read from a folder that a generator wrote (rules.cel,
// rules.jsonl, events.jsonl, expected.jsonl), or drawn here in the same shape when there is none.
#ifndef BENCH_RULES_WORKLOAD_H
#define BENCH_RULES_WORKLOAD_H

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "tact/cel.h"
#include "wire/json.h"
}

namespace workload {

struct Attribute {
    const char *name, *type;
    int draws; // how many different values; 0 for other than strings
};

inline constexpr Attribute kAttributes[] = {
    {"country", "string", 60},
    {"lang", "string", 12},
    {"device", "string", 4},
    {"tier", "string", 5},
    {"last_category", "string", 200},
    {"page", "string", 50},
    {"channel", "string", 6},
    {"age", "int", 0},
    {"visits_7d", "int", 0},
    {"tenure_days", "int", 0},
    {"hour", "int", 0},
    {"spend_90d", "double", 0},
    {"cart_value", "double", 0},
    {"is_member", "bool", 0},
    {"consent_email", "bool", 0},
    {"segments", "list(string)", 0},
};
inline constexpr size_t kAttributesCount = sizeof kAttributes / sizeof *kAttributes;
inline constexpr uint32_t kSegments = 15;

inline uint32_t attribute_index(const std::string &name) {
    for (uint32_t i = 0; i < kAttributesCount; i++) {
        if (name == kAttributes[i].name) return i;
    }
    std::fprintf(stderr, "the workload has an attribute that it does not declare: %s\n", name.c_str());
    std::exit(1);
}

// One predicate, as an engine without a language would hold it.
struct Predicate {
    enum Kind {
        kEqual,
        kNotEqual,
        kIn,
        kRange,
        kAtLeast,
        kBelow,
        kAtLeastDouble,
        kBelowDouble,
        kTrue,
        kAny,
        kNone,
        kOr
    };
    Kind kind;
    uint32_t attribute;
    std::vector<std::string> texts;
    int64_t low = 0, high = 0;
    double bound = 0;
    std::vector<Predicate> either; // kOr
};
using Rule = std::vector<Predicate>;

struct Workload {
    std::vector<std::string> texts;              // a rule a line, CEL
    std::vector<Rule> rules;                     // the same
    std::vector<std::vector<tact_value>> events; // a value for each attribute, in kAttributes' order
    std::vector<std::vector<uint32_t>> expected; // the first events' matching rules; may be empty
    tact_arena *arena = tact_arena_new(0);
    std::string source; // where it is from
};

// ---- Evaluating predicates: the floor -------------------------------------------------------------------------------

inline bool text_is(const tact_value &v, const std::string &text) {
    return v.len == text.size() && std::memcmp(v.as.s, text.data(), text.size()) == 0;
}

inline bool text_among(const tact_value &v, const std::vector<std::string> &texts) {
    for (const auto &text : texts) {
        if (text_is(v, text)) return true;
    }
    return false;
}

inline bool any_among(const tact_value &list, const std::vector<std::string> &texts) {
    for (const auto &text : texts) {
        for (uint32_t i = 0; i < list.len; i++) {
            if (text_is(list.as.items[i], text)) return true;
        }
    }
    return false;
}

inline bool holds(const Predicate &p, const tact_value *event) {
    const tact_value &v = event[p.attribute];
    switch (p.kind) {
    case Predicate::kEqual: return text_is(v, p.texts[0]);
    case Predicate::kNotEqual: return !text_is(v, p.texts[0]);
    case Predicate::kIn: return text_among(v, p.texts);
    case Predicate::kRange: return v.as.i >= p.low && v.as.i <= p.high;
    case Predicate::kAtLeast: return v.as.i >= p.low;
    case Predicate::kBelow: return v.as.i < p.low;
    case Predicate::kAtLeastDouble: return v.as.d >= p.bound;
    case Predicate::kBelowDouble: return v.as.d < p.bound;
    case Predicate::kTrue: return v.as.b;
    case Predicate::kAny: return any_among(v, p.texts);
    case Predicate::kNone: return !any_among(v, p.texts);
    case Predicate::kOr: return holds(p.either[0], event) || holds(p.either[1], event);
    }
    return false;
}

inline bool holds(const Rule &rule, const tact_value *event) {
    for (const auto &p : rule) {
        if (!holds(p, event)) return false;
    }
    return true;
}

// ---- Predicates as CEL ----------------------------------------------------------------------------------------------

inline std::string quoted(const std::string &text) {
    return "\"" + text + "\"";
}

inline std::string number(double d) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2f", d);
    return text;
}

inline std::string cel_of(const Predicate &p) {
    std::string name = kAttributes[p.attribute].name, list;
    switch (p.kind) {
    case Predicate::kEqual: return name + " == " + quoted(p.texts[0]);
    case Predicate::kNotEqual: return name + " != " + quoted(p.texts[0]);
    case Predicate::kIn:
        for (const auto &text : p.texts) list += (list.empty() ? "" : ", ") + quoted(text);
        return name + " in [" + list + "]";
    case Predicate::kRange:
        return name + " >= " + std::to_string(p.low) + " && " + name + " <= " + std::to_string(p.high);
    case Predicate::kAtLeast: return name + " >= " + std::to_string(p.low);
    case Predicate::kBelow: return name + " < " + std::to_string(p.low);
    case Predicate::kAtLeastDouble: return name + " >= " + number(p.bound);
    case Predicate::kBelowDouble: return name + " < " + number(p.bound);
    case Predicate::kTrue: return name;
    case Predicate::kAny:
    case Predicate::kNone:
        for (const auto &text : p.texts) list += (list.empty() ? "" : " || ") + quoted(text) + " in " + name;
        return (p.kind == Predicate::kNone ? "!(" : "(") + list + ")";
    case Predicate::kOr: return "(" + cel_of(p.either[0]) + " || " + cel_of(p.either[1]) + ")";
    }
    return "";
}

inline std::string cel_of(const Rule &rule) {
    std::string all;
    for (const auto &p : rule) all += (all.empty() ? "" : " && ") + cel_of(p);
    return all;
}

// ---- Reading what a generator wrote ---------------------------------------------------------------------------------

inline std::vector<std::string> lines_of(const std::string &path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

inline tact_value json_of(Workload &w, const std::string &line) {
    tact_value v;
    tact_error error;
    if (json_read(w.arena, tact_str{line.data(), line.size()}, &v, &error) == TACT_OK) return v;
    std::fprintf(stderr, "%s: %s\n", w.source.c_str(), error.text);
    std::exit(1);
}

inline std::string string_of(const tact_value &v) {
    return std::string(v.as.s, v.len);
}

inline double double_of(const tact_value &v) {
    return v.kind == TACT_INT ? static_cast<double>(v.as.i) : v.as.d;
}

inline Predicate predicate_of(const tact_value &v) {
    static const char *const names[] = {"eq",  "neq", "in",   "range", "ge",    "lt",
                                        "fge", "flt", "bool", "seg",   "noseg", "or"};
    std::string kind = string_of(v.as.items[0]);
    Predicate p;
    for (int i = 0; i < 12; i++) {
        if (kind == names[i]) p.kind = static_cast<Predicate::Kind>(i);
    }
    p.attribute = 0;
    const tact_value *parts = v.as.items + 1;
    if (p.kind == Predicate::kOr) {
        p.either = {predicate_of(parts[0]), predicate_of(parts[1])};
        return p;
    }
    p.attribute = attribute_index(string_of(parts[0]));
    if (parts[1].kind == TACT_STRING) p.texts.push_back(string_of(parts[1]));
    if (parts[1].kind == TACT_LIST) {
        for (uint32_t i = 0; i < parts[1].len; i++) p.texts.push_back(string_of(parts[1].as.items[i]));
    }
    if (parts[1].kind == TACT_INT) p.low = parts[1].as.i;
    if (p.kind == Predicate::kRange) p.high = parts[2].as.i;
    if (parts[1].kind == TACT_INT || parts[1].kind == TACT_DOUBLE) p.bound = double_of(parts[1]);
    return p;
}

inline std::vector<tact_value> event_of(const tact_value &v) {
    std::vector<tact_value> values;
    for (const auto &a : kAttributes) {
        const tact_value *x = tact_map_get(v, tact_string(a.name, std::strlen(a.name)));
        values.push_back(std::string(a.type) == "double" ? tact_double(double_of(*x)) : *x);
    }
    return values;
}

inline Workload read(const std::string &folder) {
    Workload w;
    w.source = folder;
    w.texts = lines_of(folder + "/rules.cel");
    for (const auto &line : lines_of(folder + "/rules.jsonl")) {
        tact_value v = json_of(w, line);
        Rule rule;
        for (uint32_t i = 0; i < v.len; i++) rule.push_back(predicate_of(v.as.items[i]));
        w.rules.push_back(rule);
    }
    for (const auto &line : lines_of(folder + "/events.jsonl")) w.events.push_back(event_of(json_of(w, line)));
    for (const auto &line : lines_of(folder + "/expected.jsonl")) {
        tact_value v = json_of(w, line);
        std::vector<uint32_t> numbers;
        for (uint32_t i = 0; i < v.len; i++) numbers.push_back(static_cast<uint32_t>(v.as.items[i].as.i));
        w.expected.push_back(numbers);
    }
    return w;
}

// ---- Drawing one ----------------------------------------------------------------------------------------------------

class Drawer {
  public:
    explicit Drawer(unsigned seed) : random_(seed) {}

    Workload draw(size_t rules, size_t events) {
        Workload w;
        w.source = "drawn with seed 7";
        for (size_t i = 0; i < rules; i++) {
            w.rules.push_back(rule());
            w.texts.push_back(cel_of(w.rules.back()));
        }
        for (size_t i = 0; i < events; i++) w.events.push_back(event(w));
        return w;
    }

  private:
    std::mt19937 random_;

    int below(int n) {
        return std::uniform_int_distribution<int>(0, n - 1)(random_);
    }

    // Small numbers are frequent, as categories are in life.
    int skewed(int n) {
        return std::min(n - 1, static_cast<int>(std::exponential_distribution<double>(6.0)(random_) * n));
    }

    std::string text(uint32_t attribute) {
        return std::string(kAttributes[attribute].name) + "_" + std::to_string(skewed(kAttributes[attribute].draws));
    }

    static int highest(uint32_t attribute) {
        static const int highs[] = {90, 50, 4000, 23};
        return highs[attribute - 7];
    }

    std::vector<std::string> several(int count, bool segments, uint32_t attribute) {
        std::set<std::string> all;
        for (int i = 0; i < count; i++) all.insert(segments ? "seg_" + std::to_string(skewed(500)) : text(attribute));
        return {all.begin(), all.end()};
    }

    Predicate predicate() {
        static const int weights[] = {22, 4, 14, 14, 5, 3, 6, 4, 8, 16, 6, 6};
        Predicate p;
        p.kind = static_cast<Predicate::Kind>(std::discrete_distribution<int>(weights, weights + 12)(random_));
        switch (p.kind) {
        case Predicate::kEqual:
        case Predicate::kNotEqual:
            p.attribute = static_cast<uint32_t>(below(7));
            p.texts = {text(p.attribute)};
            break;
        case Predicate::kIn: {
            static const uint32_t wide[] = {0, 1, 4, 5};
            p.attribute = wide[below(4)];
            p.texts = several(2 + below(7), false, p.attribute);
            break;
        }
        case Predicate::kRange:
        case Predicate::kAtLeast:
        case Predicate::kBelow:
            p.attribute = static_cast<uint32_t>(7 + below(4));
            p.low = below(highest(p.attribute) + 1);
            p.high = p.low + below(static_cast<int>(highest(p.attribute) - p.low) + 1);
            break;
        case Predicate::kAtLeastDouble:
        case Predicate::kBelowDouble:
            p.attribute = static_cast<uint32_t>(11 + below(2));
            p.bound = below(p.attribute == 11 ? 500000 : 50000) / 100.0;
            break;
        case Predicate::kTrue: p.attribute = static_cast<uint32_t>(13 + below(2)); break;
        case Predicate::kAny:
        case Predicate::kNone:
            p.attribute = kSegments;
            p.texts = several(1 + below(4), true, 0);
            break;
        case Predicate::kOr: {
            p.attribute = static_cast<uint32_t>(2 + below(2));
            Predicate one{Predicate::kEqual, p.attribute, {text(p.attribute)}, 0, 0, 0, {}};
            Predicate two{Predicate::kEqual, p.attribute, {text(p.attribute)}, 0, 0, 0, {}};
            p.either = {one, two};
            break;
        }
        }
        return p;
    }

    Rule rule() {
        static const int weights[] = {10, 22, 28, 22, 12, 6};
        int count = 2 + std::discrete_distribution<int>(weights, weights + 6)(random_);
        Rule rule;
        std::set<uint32_t> used;
        for (int i = 0; i < count; i++) {
            Predicate p = predicate();
            if (used.insert(p.attribute).second) rule.push_back(p);
        }
        return rule;
    }

    tact_value kept(Workload &w, const std::string &text) {
        char *copy = static_cast<char *>(tact_arena_alloc(w.arena, text.size() + 1));
        std::memcpy(copy, text.c_str(), text.size() + 1);
        return tact_string(copy, text.size());
    }

    std::vector<tact_value> event(Workload &w) {
        std::vector<tact_value> values;
        for (uint32_t a = 0; a < 7; a++) values.push_back(kept(w, text(a)));
        for (uint32_t a = 7; a < 11; a++) values.push_back(tact_int(below(highest(a) + 1)));
        for (double high : {5000.0, 500.0}) {
            double d = std::uniform_real_distribution<double>(0, 1)(random_);
            values.push_back(tact_double(d * d * high));
        }
        for (int i = 0; i < 2; i++) values.push_back(tact_bool(below(2)));
        auto segments = several(2 + below(19), true, 0);
        auto *items = static_cast<tact_value *>(tact_arena_alloc(w.arena, segments.size() * sizeof(tact_value)));
        for (size_t i = 0; i < segments.size(); i++) items[i] = kept(w, segments[i]);
        values.push_back(tact_list(items, segments.size()));
        return values;
    }
};

// The folder named by TACT_RULES_DIR if it holds a workload, else one drawn here.
inline Workload load(size_t rules, size_t events) {
    const char *folder = std::getenv("TACT_RULES_DIR");
    if (folder && *folder) {
        Workload w = read(folder);
        if (!w.texts.empty() && !w.events.empty()) return w;
        std::fprintf(stderr, "TACT_RULES_DIR=%s holds no workload; drawing one\n", folder);
    }
    return Drawer(7).draw(rules, events);
}

} // namespace workload

#endif
