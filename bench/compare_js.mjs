// SPDX-License-Identifier: Apache-2.0
//
// The JavaScript half of compare_js.sh: the rules of a workload in @bufbuild/cel, each parsed and planned once, then
// evaluated one after another over the events. The results for the first events are checked before anything is timed.
// Prints one JSON object.
//
// usage: node compare_js.mjs NODE_MODULES WORKLOAD [REPETITIONS [EVENTS]]
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, workload, repetitions = '7', events_max = '20'] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.resolve(modules, '@bufbuild/cel', file)));
const { celEnv, parse, plan } = await load('dist/esm/index.js');
const { version } = JSON.parse(fs.readFileSync(path.join(modules, '@bufbuild/cel/package.json')));

const lines = (file) => fs.readFileSync(path.join(workload, file), 'utf8').trim().split('\n');
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const now = () => Number(process.hrtime.bigint());

// Whole numbers are ints but for these two; JSON does not tell.
const DOUBLES = new Set(['spend_90d', 'cart_value']);
const bind = (event) =>
    Object.fromEntries(
        Object.entries(event).map(([k, v]) => [k, typeof v === 'number' && !DOUBLES.has(k) ? BigInt(v) : v]),
    );

const sources = lines('rules.cel');
const events = lines('events.jsonl').slice(0, Number(events_max)).map((l) => bind(JSON.parse(l)));
const expected = lines('expected.jsonl').map((l) => JSON.parse(l));

const started = now();
const env = celEnv();
const rules = sources.map((s) => plan(env, parse(s)));
const compile_ns = (now() - started) / rules.length;

for (const [e, wanted] of expected.slice(0, events.length).entries()) {
    const got = [];
    for (const [i, rule] of rules.entries()) if (rule(events[e]) === true) got.push(i);
    if (JSON.stringify(got) !== JSON.stringify(wanted)) {
        console.error(`compare_js: event ${e}: the rules that hold are not those of expected.jsonl`);
        process.exit(1);
    }
}

const times = [];
let held = 0;
for (let r = 0; r < Number(repetitions); r++) {
    const from = now();
    for (const event of events) {
        for (const rule of rules) held += rule(event) === true ? 1 : 0;
    }
    times.push((now() - from) / (rules.length * events.length));
}

console.log(
    JSON.stringify({
        implementation: `@bufbuild/cel ${version}, node ${process.version}`,
        rules: rules.length,
        events: events.length,
        held: held / Number(repetitions),
        compile_ns_per_rule: compile_ns,
        eval_ns_per_rule: median(times),
        eval_ns_per_rule_all: times,
    }),
);
