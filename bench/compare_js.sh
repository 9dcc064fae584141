#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench/compare_js.sh: the same rules over the same events, in Tact and in @bufbuild/cel, on this machine. Sets up what
# is missing, writes the workload, checks both sides' results, prints nanoseconds a rule and the ratio.
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
js=$(node bench/compare_js.mjs build/npm/node_modules "$workload" "$repetitions")
echo "$js"

# The benchmark reads the workload from TACT_WORKLOAD, checks the results itself, and counts a rule as an item.
echo "== Tact"
tact=$(TACT_WORKLOAD=$workload build/release/bench/cel_bench --benchmark_filter=eval_rules --benchmark_format=json \
    --benchmark_repetitions="$repetitions" --benchmark_report_aggregates_only=true)

node -e '
    const [js, tact] = process.argv.slice(1).map((text) => JSON.parse(text));
    const median = tact.benchmarks.find((b) => b.aggregate_name === "median" && b.items_per_second);
    if (!median) throw new Error("no median of eval_rules with items_per_second in the output of cel_bench");
    const ns = 1e9 / median.items_per_second;
    console.log(`${median.run_name}: ${ns.toFixed(1)} ns a rule`);
    console.log(`\n${js.implementation}: ${js.eval_ns_per_rule.toFixed(1)} ns a rule, ` +
        `${(js.eval_ns_per_rule / ns).toFixed(1)} times as much`);
' "$js" "$tact"
