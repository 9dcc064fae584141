#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench/compare_js.sh: the same rules in Tact and in @bufbuild/cel, on this machine. Sets up what is missing, writes the
# workload, and prints nanoseconds a rule and how many times as long the other takes. Both sides check their results
# against expected.jsonl before they start the clock. Tact goes through all events, the other through the first 20, again
# and again: it is slow.
#
# Variables: GEN_RULES the generator (../shared/bench/gen_rules.py), RULES 10000, EVENTS 2000, REPETITIONS 7.
set -eu
cd "$(dirname "$0")/.."

generator=${GEN_RULES:-../shared/bench/gen_rules.py}
rules=${RULES:-10000} events=${EVENTS:-2000} repetitions=${REPETITIONS:-7}
workload=build/workload-$rules-$events

if [ ! -f "$generator" ]; then
    echo "bench/compare_js.sh: there is no $generator; name the generator with GEN_RULES=" >&2
    exit 1
fi
tests/setup build bench test
[ -f "$workload/expected.jsonl" ] || python3 "$generator" "$rules" "$events" "$workload"
make --no-print-directory -j"$(nproc)" build/release/bench/cel_bench

echo "== @bufbuild/cel"
js=$(node bench/compare_js.mjs build/npm/node_modules "$workload" "$repetitions" 20)
echo "$js"

echo "== Tact"
tact=$(TACT_RULES_DIR=$workload build/release/bench/cel_bench --benchmark_filter='^(eval|compile)_rules$' \
    --benchmark_format=json --benchmark_repetitions="$repetitions" --benchmark_report_aggregates_only=true)

# shellcheck disable=SC2016
node -e '
    // A deviation of counters that are all 0 prints as NaN, which JSON has no word for.
    const [js, tact] = process.argv.slice(1).map((text) => JSON.parse(text.replace(/: NaN\b/g, ": null")));
    const median = (name) => {
        const found = tact.benchmarks.find((b) => b.run_name === name && b.aggregate_name === "median");
        if (!found?.items_per_second) throw new Error(`no median of ${name} with items_per_second in the output`);
        return 1e9 / found.items_per_second;
    };
    console.log(`medians of ${js.eval_ns_per_rule_all.length}, ns a rule; ${js.rules} rules`);
    for (const [what, name, theirs] of [
        ["evaluate", "eval_rules", js.eval_ns_per_rule],
        ["compile, once", "compile_rules", js.compile_ns_per_rule],
    ]) {
        const ours = median(name);
        console.log(`${what.padEnd(14)} Tact ${ours.toFixed(1).padStart(9)}   ` +
            `${js.implementation} ${theirs.toFixed(1).padStart(10)}   ${(theirs / ours).toFixed(1)} times as long`);
    }
' "$js" "$tact"
