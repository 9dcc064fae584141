// SPDX-License-Identifier: Apache-2.0
//
// Random well-typed expressions, from a table of templates: each row is one way to make a value of a type, with holes
// for the values that it needs. So a new function is one new row. The subtle part is scope: a macro's variable exists
// only within the template that introduces it, and only behind the mark that says so.
#include "gen_expr.h"

#include <math.h>

#include "value/value.h"

// ---- Types ----------------------------------------------------------------------------------------------------------

static const struct {
    char letter;
    const char *name;
    char element, key; // of lists and maps
    bool literal;      // gen_value makes it and it prints as a literal that has the type
} types[] = {
    {'b', "bool", 0, 0, true},
    {'i', "int", 0, 0, true},
    {'u', "uint", 0, 0, true},
    {'d', "double", 0, 0, true},
    {'s', "string", 0, 0, true},
    {'y', "bytes", 0, 0, true},
    {'t', "timestamp", 0, 0, true},
    {'r', "duration", 0, 0, true},
    {'n', "null", 0, 0, true},
    {'L', "list(int)", 'i', 0, true},
    {'S', "list(string)", 's', 0, true},
    {'D', "list(double)", 'd', 0, true},
    {'Q', "list(list(int))", 'L', 0, true},
    {'M', "map(string, int)", 'i', 's', true},
    {'N', "map(int, string)", 's', 'i', true},
    {'W', "map(string, list(int))", 'L', 's', true},
    {'O', "list(dyn)", 'o', 0, false},
    {'o', "dyn", 0, 0, false},
    {'k', "type", 0, 0, false},
    {'p', "optional_type(int)", 0, 0, false},
};
#define TYPES (sizeof(types) / sizeof(*types))

const gen_attribute gen_attributes[GEN_ATTRIBUTES] = {
    {"b1", 'b'}, {"b2", 'b'},       {"i1", 'i'},        {"i2", 'i'},         {"u1", 'u'},        {"d1", 'd'},
    {"d2", 'd'}, {"s1", 's'},       {"s2", 's'},        {"y1", 'y'},         {"t1", 't'},        {"r1", 'r'},
    {"o1", 'o'}, {"L1", 'L'},       {"S1", 'S'},        {"D1", 'D'},         {"M1", 'M'},        {"N1", 'N'},
    {"W1", 'W'}, {"user.age", 'i'}, {"user.name", 's'}, {"user.spend", 'd'}, {"user.tags", 'S'},
};

// ---- The table ------------------------------------------------------------------------------------------------------
//
//   $x    an expression of the type x           $*  of any type          $=  of the type that $* had
//   $@    of the type of the row itself         $#  a number from 0 to 5    $0  0 or 1
//   $+x   the name of a new variable of type x; $+= of the type that $* has
//   $|    from here on the new variables may be used
//   $'x   a text of pool x
//   $<    a relation                            $~  == or !=
// A row for '*' makes a value of any type.

#define ANY '*'
enum { MACROS = TACT_CEL_MACROS, MACROS2 = TACT_CEL_MACROS2, OPTIONALS = TACT_CEL_OPTIONALS };
enum { STRINGS = TACT_CEL_STRINGS, MATH = TACT_CEL_MATH, ENCODERS = TACT_CEL_ENCODERS };
enum { BINDINGS = TACT_CEL_BINDINGS, LISTS = TACT_CEL_LISTS };

static const struct {
    char makes;
    uint8_t weight;
    uint32_t libraries; // all of which it needs
    const char *text;
} rows[] = {
    {ANY, 8, 0, "($b ? $@ : $@)"},
    {ANY, 1, 0, "[$@, $@][$0]"},
    {ANY, 1, 0, "{'a': $@, 'b': $@}.a"},
    {ANY, 1, 0, "{0: $@, 1: $@}[$0]"},
    {ANY, 1, 0, "{true: $@, false: $@}[$b]"},
    {ANY, 2, BINDINGS, "cel.bind($+=, $*, $|$@)"},
    {ANY, 1, MACROS, "[$@].map($+@, $|$@)[0]"},

    {'b', 10, 0, "($b && $b)"},
    {'b', 10, 0, "($b || $b)"},
    {'b', 4, 0, "(!$b)"},
    {'b', 8, 0, "($i $< $i)"},
    {'b', 3, 0, "($u $< $u)"},
    {'b', 4, 0, "($d $< $d)"},
    {'b', 4, 0, "($s $< $s)"},
    {'b', 2, 0, "($y $< $y)"},
    {'b', 1, 0, "($b $< $b)"},
    {'b', 3, 0, "($t $< $t)"},
    {'b', 3, 0, "($r $< $r)"},
    {'b', 3, 0, "(dyn($i) $< $d)"},
    {'b', 2, 0, "(dyn($u) $< $i)"},
    {'b', 2, 0, "(dyn($d) $< $u)"},
    {'b', 2, 0, "($o $< $o)"},
    {'b', 12, 0, "($* $~ $=)"},
    {'b', 3, 0, "(dyn($*) $~ $*)"},
    {'b', 2, 0, "($o $~ $o)"},
    {'b', 3, 0, "($o == null)"},
    {'b', 4, 0, "($i in $L)"},
    {'b', 3, 0, "($s in $S)"},
    {'b', 2, 0, "($d in $D)"},
    {'b', 1, 0, "($L in $Q)"},
    {'b', 2, 0, "($o in $O)"},
    {'b', 3, 0, "($s in $M)"},
    {'b', 2, 0, "($i in $N)"},
    {'b', 1, 0, "(dyn($d) in $N)"},
    {'b', 1, 0, "(dyn($u) in $L)"},
    {'b', 1, 0, "('age' in user)"},
    {'b', 3, 0, "$s.startsWith($s)"},
    {'b', 3, 0, "$s.endsWith($s)"},
    {'b', 3, 0, "$s.contains($s)"},
    {'b', 3, 0, "$s.matches($'r)"},
    {'b', 1, 0, "bool($b)"},
    {'b', 1, 0, "bool($'b)"},
    {'b', 3, 0, "(type($*) $~ $k)"},
    {'b', 2, MACROS, "has(user.age)"},
    {'b', 1, MACROS, "has(user.tags)"},
    {'b', 2, MACROS, "has($M.a)"},
    {'b', 1, MACROS, "has($o.a)"},
    {'b', 4, MACROS, "$L.all($+i, $|$b)"},
    {'b', 4, MACROS, "$L.exists($+i, $|$b)"},
    {'b', 2, MACROS, "$L.exists_one($+i, $|$b)"},
    {'b', 3, MACROS, "$S.all($+s, $|$b)"},
    {'b', 3, MACROS, "$S.exists($+s, $|$b)"},
    {'b', 1, MACROS, "$S.exists_one($+s, $|$b)"},
    {'b', 2, MACROS, "$M.all($+s, $|$b)"},
    {'b', 2, MACROS, "$M.exists($+s, $|$b)"},
    {'b', 1, MACROS, "$N.exists_one($+i, $|$b)"},
    {'b', 1, MACROS, "$O.exists($+o, $|$b)"},
    {'b', 1, MACROS, "$Q.all($+L, $|$b)"},
    {'b', 2, MACROS2, "$L.all($+i, $+i, $|$b)"},
    {'b', 2, MACROS2, "$M.exists($+s, $+i, $|$b)"},
    {'b', 1, MACROS2, "$S.existsOne($+i, $+s, $|$b)"},
    {'b', 3, OPTIONALS, "$p.hasValue()"},
    {'b', 1, MATH, "math.isNaN($d)"},
    {'b', 1, MATH, "math.isInf($d)"},
    {'b', 1, MATH, "math.isFinite($d)"},

    {'i', 8, 0, "($i + $i)"},
    {'i', 6, 0, "($i - $i)"},
    {'i', 4, 0, "($i * $i)"},
    {'i', 4, 0, "($i / $i)"},
    {'i', 4, 0, "($i % $i)"},
    {'i', 3, 0, "(-($i))"},
    {'i', 2, 0, "int($u)"},
    {'i', 2, 0, "int($d)"},
    {'i', 2, 0, "int($'n)"},
    {'i', 1, 0, "int(string($i))"},
    {'i', 1, 0, "int($t)"},
    {'i', 2, 0, "size($s)"},
    {'i', 2, 0, "$s.size()"},
    {'i', 1, 0, "size($y)"},
    {'i', 2, 0, "size($L)"},
    {'i', 1, 0, "$S.size()"},
    {'i', 1, 0, "size($M)"},
    {'i', 1, 0, "$L[$i]"},
    {'i', 4, 0, "$L[$0]"},
    {'i', 1, 0, "$Q[$0][$0]"},
    {'i', 1, 0, "$M[$s]"},
    {'i', 1, 0, "$M.a"},
    {'i', 5, 0, "$t.$'g"},
    {'i', 3, 0, "$t.$'h"},
    {'i', 3, 0, "$r.$'e"},
    {'i', 2, STRINGS, "$s.indexOf($s)"},
    {'i', 1, STRINGS, "$s.indexOf($s, $#)"},
    {'i', 2, STRINGS, "$s.lastIndexOf($s)"},
    {'i', 1, STRINGS, "$s.lastIndexOf($s, $#)"},
    {'i', 3, OPTIONALS, "$p.value()"},
    {'i', 3, OPTIONALS, "$p.orValue($i)"},
    {'i', 2, MATH, "math.greatest($i, $i)"},
    {'i', 1, MATH, "math.least($L)"},
    {'i', 1, MATH, "math.abs($i)"},
    {'i', 1, MATH, "math.sign($i)"},
    {'i', 1, MATH, "math.bitAnd($i, $i)"},
    {'i', 1, MATH, "math.bitOr($i, $i)"},
    {'i', 1, MATH, "math.bitXor($i, $i)"},
    {'i', 1, MATH, "math.bitNot($i)"},
    {'i', 1, MATH, "math.bitShiftLeft($i, $#)"},
    {'i', 1, MATH, "math.bitShiftRight($i, $#)"},

    {'u', 6, 0, "($u + $u)"},
    {'u', 4, 0, "($u - $u)"},
    {'u', 3, 0, "($u * $u)"},
    {'u', 3, 0, "($u / $u)"},
    {'u', 3, 0, "($u % $u)"},
    {'u', 3, 0, "uint($i)"},
    {'u', 2, 0, "uint($d)"},
    {'u', 2, 0, "uint($'n)"},
    {'u', 1, MATH, "math.greatest($u, $u)"},

    {'d', 6, 0, "($d + $d)"},
    {'d', 4, 0, "($d - $d)"},
    {'d', 4, 0, "($d * $d)"},
    {'d', 4, 0, "($d / $d)"},
    {'d', 2, 0, "(-($d))"},
    {'d', 3, 0, "double($i)"},
    {'d', 2, 0, "double($u)"},
    {'d', 2, 0, "double($'n)"},
    {'d', 2, 0, "$D[$0]"},
    {'d', 1, MATH, "math.ceil($d)"},
    {'d', 1, MATH, "math.floor($d)"},
    {'d', 1, MATH, "math.round($d)"},
    {'d', 1, MATH, "math.trunc($d)"},
    {'d', 1, MATH, "math.least($d, $d)"},

    {'s', 6, 0, "($s + $s)"},
    {'s', 3, 0, "string($i)"},
    {'s', 2, 0, "string($u)"},
    {'s', 3, 0, "string($d)"},
    {'s', 2, 0, "string($b)"},
    {'s', 2, 0, "string($y)"},
    {'s', 2, 0, "string($t)"},
    {'s', 2, 0, "string($r)"},
    {'s', 1, 0, "$S[$i]"},
    {'s', 4, 0, "$S[$0]"},
    {'s', 1, 0, "$N[$i]"},
    {'s', 1, STRINGS, "$s.charAt($i)"},
    {'s', 2, STRINGS, "$s.charAt($0)"},
    {'s', 2, STRINGS, "$s.lowerAscii()"},
    {'s', 2, STRINGS, "$s.upperAscii()"},
    {'s', 2, STRINGS, "$s.replace($s, $s)"},
    {'s', 1, STRINGS, "$s.replace($s, $s, $i)"},
    {'s', 2, STRINGS, "$s.substring($0)"},
    {'s', 1, STRINGS, "$s.substring($0, $#)"},
    {'s', 2, STRINGS, "$s.trim()"},
    {'s', 2, STRINGS, "$S.join()"},
    {'s', 2, STRINGS, "$S.join($s)"},
    {'s', 1, STRINGS, "strings.quote($s)"},
    {'s', 2, STRINGS, "'%d|%s|%b'.format([$i, $s, $b])"},
    {'s', 1, STRINGS, "'%x %X %o'.format([$i, $u, $i])"},
    {'s', 1, STRINGS, "'%.2f'.format([$d])"},
    {'s', 1, STRINGS, "'%.3e'.format([$d])"},
    {'s', 2, STRINGS, "'%s'.format([$*])"},
    {'s', 1, ENCODERS, "base64.encode($y)"},

    {'y', 3, 0, "($y + $y)"},
    {'y', 4, 0, "bytes($s)"},
    {'y', 1, ENCODERS, "base64.decode($s)"},

    {'t', 3, 0, "timestamp($'t)"},
    {'t', 2, 0, "timestamp($i)"},
    {'t', 2, 0, "timestamp(string($t))"},
    {'t', 3, 0, "($t + $r)"},
    {'t', 2, 0, "($r + $t)"},
    {'t', 3, 0, "($t - $r)"},

    {'r', 3, 0, "duration($'d)"},
    {'r', 1, 0, "duration(string($r))"},
    {'r', 3, 0, "($t - $t)"},
    {'r', 3, 0, "($r + $r)"},
    {'r', 3, 0, "($r - $r)"},

    {'L', 4, 0, "[$i, $i]"},
    {'L', 4, 0, "($L + $L)"},
    {'L', 1, 0, "($L + [])"},
    {'L', 2, 0, "$Q[$0]"},
    {'L', 1, 0, "$W[$s]"},
    {'L', 1, 0, "$W.a"},
    {'L', 4, MACROS, "$L.filter($+i, $|$b)"},
    {'L', 4, MACROS, "$L.map($+i, $|$i)"},
    {'L', 2, MACROS, "$L.map($+i, $|$b, $i)"},
    {'L', 2, MACROS, "$S.map($+s, $|$i)"},
    {'L', 1, MACROS, "$M.map($+s, $|$i)"},
    {'L', 1, MACROS, "$N.filter($+i, $|$b)"},
    {'L', 1, MACROS, "$D.map($+d, $|$i)"},
    {'L', 2, MACROS2, "$L.transformList($+i, $+i, $|$i)"},
    {'L', 1, MACROS2, "$M.transformList($+s, $+i, $|$b, $i)"},
    {'L', 2, OPTIONALS, "[?$p, $i]"},
    {'L', 1, LISTS, "$L.slice($#, $#)"},
    {'L', 1, LISTS, "$Q.flatten()"},
    {'L', 1, LISTS, "$L.sort()"},
    {'L', 1, LISTS, "$L.distinct()"},
    {'L', 1, LISTS, "$L.reverse()"},
    {'L', 1, LISTS, "lists.range($#)"},
    {'L', 1, LISTS, "$L.sortBy($+i, $|$i)"},

    {'S', 4, 0, "[$s, $s, $s]"},
    {'S', 3, 0, "($S + $S)"},
    {'S', 3, MACROS, "$S.filter($+s, $|$b)"},
    {'S', 3, MACROS, "$S.map($+s, $|$s)"},
    {'S', 2, MACROS, "$L.map($+i, $|$s)"},
    {'S', 1, MACROS, "$M.filter($+s, $|$b)"},
    {'S', 3, STRINGS, "$s.split($s)"},
    {'S', 2, STRINGS, "$s.split($s, $#)"},
    {'S', 1, LISTS, "$S.sort()"},

    {'D', 3, 0, "[$d, $d]"},
    {'D', 2, 0, "($D + $D)"},
    {'D', 2, MACROS, "$D.filter($+d, $|$b)"},
    {'D', 2, MACROS, "$L.map($+i, $|$d)"},

    {'Q', 3, 0, "[$L, $L]"},
    {'Q', 1, 0, "($Q + $Q)"},
    {'Q', 2, MACROS, "$L.map($+i, $|$L)"},

    {'O', 3, 0, "[dyn($*), $*]"},
    {'O', 1, 0, "[dyn($i), $d, $u]"},

    {'M', 3, 0, "{$s: $i}"},
    {'M', 3, 0, "{'a': $i, $s: $i}"},
    {'M', 2, OPTIONALS, "{?$s: $p}"},
    {'M', 1, MACROS2, "$M.transformMap($+s, $+i, $|$i)"},
    {'M', 1, MACROS2, "$S.transformMapEntry($+i, $+s, $|{$s: $i})"},
    {'N', 3, 0, "{$i: $s}"},
    {'N', 2, 0, "{0: $s, 1: $s, $i: $s}"},
    {'W', 3, 0, "{'a': $L, $s: $L}"},

    // Of these the static type must stay open, whatever a checker can find out: hence dyn().
    {'o', 5, 0, "dyn($*)"},
    {'o', 3, 0, "$O[$0]"},
    {'o', 1, 0, "dyn($o + $o)"},
    {'o', 2, 0, "dyn(dyn($i) + $i)"},
    {'o', 2, 0, "dyn(dyn($s) + $s)"},
    {'o', 1, 0, "dyn(dyn($L) + $Q)"},
    {'o', 1, 0, "dyn(dyn($d) * $d)"},
    {'o', 1, 0, "dyn(-dyn($i))"},
    {'o', 2, 0, "dyn($L)[$0]"},
    {'o', 1, 0, "dyn($o[$o])"},
    {'o', 1, 0, "dyn($o.a)"},
    {'o', 1, 0, "dyn(dyn(user)[$s])"},
    {'s', 1, 0, "user['name']"},

    {'k', 4, 0, "type($*)"},
    {'k', 2, 0, "type($o)"},
    {'k', 2, 0, "$'k"},

    {'p', 3, OPTIONALS, "optional.of($i)"},
    {'p', 1, OPTIONALS, "$p.or(optional.none())"},
    {'p', 2, OPTIONALS, "optional.ofNonZeroValue($i)"},
    {'p', 3, OPTIONALS, "$L[?$#]"},
    {'p', 2, OPTIONALS, "$M[?$s]"},
    {'p', 2, OPTIONALS, "$M.?a"},
    {'p', 2, OPTIONALS, "$p.or($p)"},
    {'p', 2, OPTIONALS | MACROS, "$p.optMap($+i, $|$i)"},
    {'p', 1, OPTIONALS | MACROS, "$p.optFlatMap($+i, $|$p)"},
};
#define ROWS (sizeof(rows) / sizeof(*rows))

// Texts of each pool. Among those that are converted some cannot be; patterns and time zones are good ones, since bad
// constant ones are refused by the compiler.
static const struct {
    char letter;
    const char *texts[16];
} pools[] = {
    {'r',
     {"'^a'", "'b$'", "'a+b*'", "'^[a-c]*$'", "'[0-9]+'", "'.'", "''", "'(?i)A'", "'\\\\bb'", "'^\\\\p{L}+$'",
      "'a|b'"}},
    {'n',
     {"'0'", "'1'", "'-1'", "'42'", "'9223372036854775807'", "'9223372036854775808'", "'-9223372036854775808'",
      "'18446744073709551615'", "'18446744073709551616'", "'1.5'", "'1e3'", "'x'", "'-'", "'1 2'"}},
    {'b', {"'true'", "'false'", "'t'", "'f'", "'1'", "'0'", "'TRUE'", "'yes'"}},
    {'d',
     {"'0s'", "'1s'", "'1.5s'", "'-90s'", "'1h'", "'1h30m'", "'-2h45m10.5s'", "'300ms'", "'1us'", "'7ns'", "'1000h'",
      "'x'", "'1'", "'-'"}},
    {'t',
     {"'1970-01-01T00:00:00Z'", "'2009-02-13T23:31:30Z'", "'2024-02-29T12:00:00.5Z'", "'2024-12-31T23:59:59.999Z'",
      "'1969-12-31T23:59:59Z'", "'2023-03-26T01:30:00+01:00'", "'0001-01-01T00:00:00Z'", "'9999-12-31T23:59:59Z'",
      "'2023-02-30T00:00:00Z'", "'x'"}},
    {'g',
     {"getFullYear()", "getMonth()", "getDate()", "getDayOfMonth()", "getDayOfWeek()", "getDayOfYear()", "getHours()",
      "getMinutes()", "getSeconds()", "getMilliseconds()"}},
    {'h',
     {"getFullYear('America/New_York')", "getMonth('Asia/Kolkata')", "getDate('Australia/Sydney')",
      "getDayOfMonth('-08:00')", "getDayOfWeek('02:00')", "getDayOfYear('Europe/Berlin')", "getHours('+05:30')",
      "getMinutes('Asia/Kathmandu')", "getHours('UTC')"}},
    {'e', {"getHours()", "getMinutes()", "getSeconds()", "getMilliseconds()"}},
    {'k',
     {"bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type",
      "google.protobuf.Timestamp", "google.protobuf.Duration"}},
};

// ---- Randomness -----------------------------------------------------------------------------------------------------

void gen_init(gen *g, uint64_t seed, uint32_t libraries) {
    *g = (gen){.state = seed, .libraries = libraries};
}

uint64_t gen_next(gen *g) { // SplitMix64: every seed is a good one
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t gen_below(gen *g, uint32_t bound) {
    return (uint32_t)((gen_next(g) >> 32) * bound >> 32);
}

// ---- Values ---------------------------------------------------------------------------------------------------------

static size_t type_at(char letter) {
    size_t i = 0;
    while (i < TYPES && types[i].letter != letter) i++;
    return i;
}

const char *gen_type_name(char letter) {
    return types[type_at(letter)].name;
}

static tact_value random_int(gen *g) {
    static const int64_t edges[] = {
        0, 1, -1, 2, 3, 7, 10, 100, -100, INT32_MAX, INT64_MAX, INT64_MIN, INT64_C(1) << 53};
    if (gen_below(g, 3) == 0) return tact_int(edges[gen_below(g, sizeof(edges) / sizeof(*edges))]);
    return tact_int((int64_t)gen_below(g, 24) - 8);
}

static tact_value random_uint(gen *g) {
    static const uint64_t edges[] = {0, 1, 2, 10, UINT32_MAX, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX};
    if (gen_below(g, 3) == 0) return tact_uint(edges[gen_below(g, sizeof(edges) / sizeof(*edges))]);
    return tact_uint(gen_below(g, 12));
}

static tact_value random_double(gen *g) {
    static const double edges[] = {
        0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 1e-9, 1e21, -1e300, 9007199254740993.0, 1.7976931348623157e308};
    if (gen_below(g, 3) == 0) return tact_double(edges[gen_below(g, sizeof(edges) / sizeof(*edges))]);
    return tact_double(((double)gen_below(g, 4000) - 1000) / 100);
}

static tact_value random_string(gen *g) {
    static const char *const texts[] = {"",
                                        "a",
                                        "b",
                                        "ab",
                                        "abc",
                                        "aaa",
                                        "b a",
                                        " x ",
                                        "1",
                                        "-7",
                                        "a,b",
                                        "a,,",
                                        "\xc3\xa9",
                                        "na\xc3\xafve",
                                        "\xe2\x82\xac 5",
                                        "A\"b\\",
                                        "name",
                                        "age"};
    const char *text = texts[gen_below(g, sizeof(texts) / sizeof(*texts))];
    return tact_string(text, strlen(text));
}

static tact_value random_bytes(gen *g) {
    static const struct {
        const char *ptr;
        size_t len;
    } all[] = {{"", 0}, {"a", 1}, {"abc", 3}, {"\0\1", 2}, {"\xff\xfe", 2}, {"\xc3\xa9", 2}, {"b", 1}};
    size_t i = gen_below(g, sizeof(all) / sizeof(*all));
    return tact_bytes(all[i].ptr, all[i].len);
}

static tact_value random_timestamp(gen *g) {
    static const int64_t edges[] = {0, -1, 1234567890, 1709208000, VALUE_TIMESTAMP_MIN, VALUE_TIMESTAMP_MAX};
    int64_t seconds = gen_below(g, 3) ? (int64_t)gen_below(g, 2000000000)
                                      : edges[gen_below(g, sizeof(edges) / sizeof(*edges))];
    return tact_timestamp(seconds, gen_below(g, 4) ? 0 : gen_below(g, 1000) * 1000000);
}

static tact_value random_duration(gen *g) {
    static const int64_t edges[] = {0, 1, -1, 1000000, 1500000000, -90000000000, 3600000000000, INT64_MAX, INT64_MIN};
    if (gen_below(g, 3) == 0) return tact_duration(edges[gen_below(g, sizeof(edges) / sizeof(*edges))]);
    return tact_duration(((int64_t)gen_below(g, 20000) - 5000) * 1000000000);
}

tact_value gen_value(gen *g, arena *a, char letter) {
    switch (letter) {
    case 'b': return tact_bool(gen_below(g, 2));
    case 'i': return random_int(g);
    case 'u': return random_uint(g);
    case 'd': return random_double(g);
    case 's': return random_string(g);
    case 'y': return random_bytes(g);
    case 't': return random_timestamp(g);
    case 'r': return random_duration(g);
    case 'o': return gen_value(g, a, "biudsytrnLM"[gen_below(g, 11)]);
    default: break;
    }
    size_t type = type_at(letter);
    if (type == TYPES || !types[type].element) return tact_null();
    uint32_t count = g->filled ? 1 + gen_below(g, 4) : gen_below(g, 5);
    if (!types[type].key) {
        tact_value *items = arena_array(a, count, sizeof *items);
        if (!items) return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
        for (uint32_t i = 0; i < count; i++) items[i] = gen_value(g, a, types[type].element);
        return tact_list(items, count);
    }
    tact_value *pairs = arena_array(a, count, 2 * sizeof *pairs);
    if (!pairs) return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        tact_value key = gen_value(g, a, types[type].key);
        bool again = false;
        for (uint32_t k = 0; k < kept; k++) again = again || tact_value_equal(pairs[2 * k], key);
        if (again) continue;
        pairs[2 * kept] = key;
        pairs[2 * kept + 1] = gen_value(g, a, types[type].element);
        kept++;
    }
    return tact_map_new(a, pairs, kept);
}

tact_err gen_declare(tact_cel_env *env) {
    for (size_t i = 0; i < GEN_ATTRIBUTES; i++) {
        tact_str name = tact_str_from(gen_attributes[i].name);
        uint32_t slot;
        tact_err err = tact_cel_declare(env, name, tact_str_from(gen_type_name(gen_attributes[i].letter)), &slot, NULL);
        if (err) return err;
        if (slot != i) return TACT_EXISTS;
    }
    return TACT_OK;
}

#define ABSENT 80 // one attribute in so many; more would make an error of nearly everything

void gen_slots(gen *g, arena *a, tact_value slots[GEN_ATTRIBUTES]) {
    for (size_t i = 0; i < GEN_ATTRIBUTES; i++) {
        slots[i] = gen_value(g, a, gen_attributes[i].letter);
        if (gen_below(g, ABSENT) == 0) slots[i].kind = TACT_UNRESOLVED;
    }
}

// ---- Expressions ----------------------------------------------------------------------------------------------------

static void expression(gen *g, char letter, int depth);

static char any_type(gen *g) {
    for (;;) {
        char letter = types[gen_below(g, TYPES)].letter;
        if (letter != 'p' || (g->libraries & OPTIONALS)) return letter;
    }
}

static const char *from_pool(gen *g, char letter) {
    size_t i = 0;
    while (pools[i].letter != letter) i++;
    uint32_t count = 0;
    while (count < sizeof(pools[i].texts) / sizeof(*pools[i].texts) && pools[i].texts[count]) count++;
    return pools[i].texts[gen_below(g, count)];
}

// A variable or attribute of the type; false if there is none.
static bool variable(gen *g, char letter) {
    uint32_t fits = 0;
    for (uint32_t i = 0; i < g->locals_count; i++) fits += g->locals[i].usable && g->locals[i].letter == letter;
    if (fits && gen_below(g, 4)) {
        uint32_t pick = gen_below(g, fits);
        for (uint32_t i = 0; i < g->locals_count; i++) {
            if (g->locals[i].usable && g->locals[i].letter == letter && pick-- == 0)
                buf_printf(g->out, "v%u", g->locals[i].number);
        }
        return true;
    }
    fits = 0;
    for (size_t i = 0; i < GEN_ATTRIBUTES; i++) fits += gen_attributes[i].letter == letter;
    if (!fits) return false;
    uint32_t pick = gen_below(g, fits);
    for (size_t i = 0; i < GEN_ATTRIBUTES; i++) {
        if (gen_attributes[i].letter == letter && pick-- == 0) buf_add_text(g->out, gen_attributes[i].name);
    }
    return true;
}

static void literal(gen *g, char letter) {
    switch (letter) {
    case 'o': buf_add_text(g->out, "dyn("), literal(g, "bids"[gen_below(g, 4)]), buf_add_char(g->out, ')'); break;
    case 'O': buf_add_text(g->out, "[dyn(1), 'a', 2.5, null]"); break;
    case 'k': buf_add_text(g->out, from_pool(g, 'k')); break;
    case 'p': buf_add_text(g->out, "optional.of(1)"); break;
    default:
        g->filled = true; // an empty literal would not tell its type
        value_print(g->out, gen_value(g, g->out->arena, letter));
        g->filled = false;
    }
}

static void local_name(gen *g, char letter) {
    uint32_t number = g->locals_named++;
    g->locals[g->locals_count].number = number;
    g->locals[g->locals_count].letter = letter;
    g->locals[g->locals_count].usable = false;
    g->locals_count++;
    buf_printf(g->out, "v%u", number);
}

static void template(gen *g, const char *text, char self, int depth) {
    uint32_t before = g->locals_count;
    char any = any_type(g);
    for (; *text; text++) {
        if (*text != '$') {
            buf_add_char(g->out, *text);
            continue;
        }
        switch (*++text) {
        case '*': expression(g, any, depth - 1); break;
        case '=': expression(g, any, depth - 1); break;
        case '@': expression(g, self, depth - 1); break;
        case '#': buf_printf(g->out, "%u", gen_below(g, 6)); break;
        case '0': buf_printf(g->out, "%u", gen_below(g, 2)); break;
        case '+': text++, local_name(g, *text == '=' ? any : *text == '@' ? self : *text); break;
        case '|':
            for (uint32_t i = before; i < g->locals_count; i++) g->locals[i].usable = true;
            break;
        case '\'': buf_add_text(g->out, from_pool(g, *++text)); break;
        case '<': buf_add_text(g->out, (const char *[]){"<", "<=", ">", ">="}[gen_below(g, 4)]); break;
        case '~': buf_add_text(g->out, gen_below(g, 3) ? "==" : "!="); break;
        default: expression(g, *text, depth - 1);
        }
    }
    g->locals_count = before;
}

static bool usable(const gen *g, size_t row, char letter) {
    if (rows[row].makes != letter && rows[row].makes != ANY) return false;
    if (rows[row].libraries & ~g->libraries) return false;
    return g->locals_count + 2 <= GEN_LOCALS_MAX || !strchr(rows[row].text, '+');
}

static void expression(gen *g, char letter, int depth) {
    g->nodes_left--;
    if (depth <= 0 || g->nodes_left <= 0 || gen_below(g, 8) == 0) {
        if (gen_below(g, 3) == 0 || !variable(g, letter)) literal(g, letter);
        return;
    }
    uint32_t sum = 0;
    for (size_t i = 0; i < ROWS; i++) sum += usable(g, i, letter) ? rows[i].weight : 0;
    uint32_t pick = gen_below(g, sum);
    size_t row = 0;
    for (;; row++) {
        if (!usable(g, row, letter)) continue;
        if (pick < rows[row].weight) break;
        pick -= rows[row].weight;
    }
    template(g, rows[row].text, letter, depth);
}

tact_str gen_expr(gen *g, arena *a, char letter, int depth) {
    buf out = buf_in(a);
    g->out = &out;
    g->nodes_left = GEN_NODES_MAX;
    g->locals_count = g->locals_named = 0;
    expression(g, letter ? letter : any_type(g), depth);
    g->out = NULL;
    return buf_done(&out);
}
