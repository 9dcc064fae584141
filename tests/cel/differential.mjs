// SPDX-License-Identifier: Apache-2.0
//
// The other half of differential_test.c: evaluates the expressions that it draws with @bufbuild/cel and compares. Of a
// difference it shows the smallest part of the expression that still differs, which it finds by asking the C program to
// evaluate every bracketed part. Known differences are listed, each with the sentence that shows who is right.
//
// usage: node differential.mjs NODE_MODULES DIFFERENTIAL_TEST <lines
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [modules, program] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.resolve(modules, '@bufbuild', file)));
const cel = await load('cel/dist/esm/index.js');
const { strings } = await load('cel/dist/esm/ext/index.js');
const { create, fromJson } = await load('protobuf/dist/esm/index.js');
const { DurationSchema, TimestampSchema } = await load('protobuf/dist/esm/wkt/index.js');
const { isReflectMessage } = await load('protobuf/dist/esm/reflect/index.js');

const SECOND = 1000000000n, HOUR = 3600n * SECOND; // in nanoseconds
const duration = (nanos) => create(DurationSchema, { seconds: nanos / SECOND, nanos: Number(nanos % SECOND) });
const SHOWN_MAX = Number(process.env.SHOWN ?? 20); // differences that are reduced and shown

// ---- Known differences ----------------------------------------------------------------------------------------------
//
// Where the other implementation is wrong in one function, the function is replaced; where that cannot be done, the
// difference is recognised by its smallest part. Quotes are from cel-spec's doc/langdef.md unless they say otherwise.

const { DOUBLE, INT, STRING, UINT } = cel.CelScalar;
const TIMESTAMP = cel.objectType(TimestampSchema), DURATION = cel.objectType(DurationSchema);
const needs = (ok, what) => {
    if (!ok) throw new Error(what);
};

// One separator or pattern at a time, at most `count` times; all if it is negative.
function replace(pattern, by, count = -1n) {
    const parts = pattern === '' ? ['', ...this, ''] : this.split(pattern);
    let out = parts[0];
    for (let i = 1; i < parts.length; i++) {
        const last = pattern === '' && i === parts.length - 1;
        out += count < 0n || BigInt(i) <= count ? by : pattern;
        if (!last) out += parts[i];
    }
    return out;
}

// The calendar of a timestamp in a time zone, as a Date whose UTC fields are it.
function local({ seconds, nanos }, zone) {
    const utc = new Date(Number(seconds) * 1000 + Math.floor(nanos / 1e6));
    const offset = /^([-+]?)(\d\d):(\d\d)$/.exec(zone);
    if (offset) {
        const minutes = Number(offset[2]) * 60 + Number(offset[3]);
        return new Date(utc.getTime() + (offset[1] === '-' ? -minutes : minutes) * 60000);
    }
    const format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
    });
    const part = Object.fromEntries(format.formatToParts(utc).map(({ type, value }) => [type, Number(value) || value]));
    const date = new Date(0);
    date.setUTCFullYear(part.era === 'BC' ? 1 - part.year : part.year, part.month - 1, part.day);
    date.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second), utc.getUTCMilliseconds());
    return date;
}

function dayOfYear(date) {
    const first = new Date(date);
    first.setUTCMonth(0, 1);
    return Math.round((date - first) / 86400000);
}

const CALENDAR = {
    getFullYear: (d) => d.getUTCFullYear(),
    getMonth: (d) => d.getUTCMonth(),
    getDate: (d) => d.getUTCDate(),
    getDayOfMonth: (d) => d.getUTCDate() - 1,
    getDayOfWeek: (d) => d.getUTCDay(),
    getDayOfYear: dayOfYear,
    getHours: (d) => d.getUTCHours(),
    getMinutes: (d) => d.getUTCMinutes(),
    getSeconds: (d) => d.getUTCSeconds(),
    getMilliseconds: (d) => d.getUTCMilliseconds(),
};

const REPLACED = [
    // `timestamp("2023-12-25T00:00:00Z").getDate("America/Los_Angeles") // 24`: they take the first hour of a day in a
    // named zone for the 24th, which is the next day, and the first century for the twentieth.
    ...Object.entries(CALENDAR).flatMap(([name, of]) => [
        cel.celMethod(name, TIMESTAMP, [], INT, function () {
            return BigInt(of(local(this.message, '00:00')));
        }),
        cel.celMethod(name, TIMESTAMP, [STRING], INT, function (zone) {
            return BigInt(of(local(this.message, zone)));
        }),
    ]),
    // "`int(google.protobuf.Timestamp) -> int` converts to seconds since Unix epoch", so timestamp(int) counts seconds:
    // they take milliseconds.
    cel.celFunc('timestamp', [INT], TIMESTAMP, (i) => {
        needs(i >= -62135596800n && i <= 253402300799n, 'timestamp out of range');
        return create(TimestampSchema, { seconds: i });
    }),
    // "type conversion, according to RFC3339": they read the 30th of February as the 2nd of March.
    cel.celFunc('timestamp', [STRING], TIMESTAMP, (s) => {
        const day = /^\d{4}-\d\d-(\d\d)(?=T)/.exec(s);
        needs(day && new Date(`${day[0]}T00:00:00Z`).getUTCDate() === Number(day[1]), 'no such day');
        return fromJson(TimestampSchema, s);
    }),
    // `duration("0") // zero duration value`, and nothing of the kind for "-": they take it for zero.
    cel.celFunc('duration', [STRING], DURATION, (s) => {
        needs(s !== '-' && s !== '+' && s !== '', 'no duration');
        const [, sign, rest] = /^([-+]?)(.*)$/.exec(s);
        needs(rest === '0' || /^((\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns))+$/.test(rest), 'no duration');
        const unit = { h: HOUR, m: HOUR / 60n, s: SECOND, ms: SECOND / 1000n, us: 1000n, µs: 1000n, ns: 1n };
        let nanos = 0n;
        for (const [, whole, fraction = '', u] of rest.matchAll(/(\d*)\.?(\d*)(h|ms|m|s|us|µs|ns)/g)) {
            nanos += BigInt(whole || 0) * unit[u] + (BigInt(fraction || 0) * unit[u]) / 10n ** BigInt(fraction.length);
        }
        if (sign === '-') nanos = -nanos;
        needs(nanos >= -(2n ** 63n) && nanos < 2n ** 63n, 'duration out of range');
        return duration(nanos);
    }),
    // `double("3.14") // 3.14 (if successful, otherwise an error)`: they return NaN instead.
    cel.celFunc('double', [STRING], DOUBLE, (s) => {
        needs(/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(s), 'no double');
        return Number(s);
    }),
    // "`string(double) -> string` converts a double to a string" leaves the notation open; Tact has that of cel-go.
    cel.celFunc('string', [DOUBLE], STRING, (d) => {
        if (!Number.isFinite(d)) return Number.isNaN(d) ? 'NaN' : d > 0 ? '+Inf' : '-Inf';
        if (Object.is(d, -0)) return '-0';
        const [digits, exponent] = d.toExponential().split('e');
        if (Number(exponent) >= -4 && Number(exponent) < 6) return d.toString();
        return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
    }),
    // "converts a duration value to seconds and fractional seconds with an 's' suffix" leaves open how many digits;
    // Tact and cel-go write those that are not zero, they always 3, 6 or 9.
    cel.celFunc('string', [DURATION], STRING, ({ message: { seconds, nanos } }) => {
        const fraction = String(Math.abs(nanos)).padStart(9, '0').replace(/0+$/, '');
        const whole = seconds < 0n ? -seconds : seconds;
        return `${seconds < 0n || nanos < 0 ? '-' : ''}${whole}${fraction && '.'}${fraction}s`;
    }),
    // uint is "64-bit unsigned integers": their division refuses results that are no int.
    cel.celFunc('_/_', [UINT, UINT], UINT, (l, r) => {
        needs(r.value !== 0n, 'divide by zero');
        return cel.celUint(l.value / r.value);
    }),
    // Open: what an offset that is the string's length means. Here it is a place like any other; there an error.
    cel.celMethod('indexOf', STRING, [STRING, INT], INT, function (sub, at) {
        needs(at >= 0n && at <= BigInt(this.length), 'out of range');
        return BigInt(this.indexOf(sub, Number(at)));
    }),
    cel.celMethod('lastIndexOf', STRING, [STRING, INT], INT, function (sub, at) {
        needs(at >= 0n && at <= BigInt(this.length), 'out of range');
        return BigInt(this.lastIndexOf(sub, Number(at)));
    }),
    // cel-go's ext/strings.go, replace: as Go's strings.Replace, which finds "" around every character. They find it
    // at the start again and again.
    cel.celMethod('replace', STRING, [STRING, STRING], STRING, replace),
    cel.celMethod('replace', STRING, [STRING, STRING, INT], STRING, replace),
    // cel-go's ext/strings.go: `'hello hello hello'.split(' ', 2) // returns ['hello', 'hello hello']`. They drop the
    // rest.
    cel.celMethod('split', STRING, [STRING, INT], cel.listType(STRING), function (by, count) {
        const all = by === '' ? [...this] : this.split(by);
        if (count < 0n || BigInt(all.length) <= count) return cel.celList(all);
        if (count === 0n) return cel.celList([]);
        const kept = all.slice(0, Number(count) - 1);
        return cel.celList([...kept, all.slice(Number(count) - 1).join(by)]);
    }),
];

const RECOGNISED = [
    {
        what: 'has(e.f) where e is no map: "In all other cases, has(e.f) evaluates to an error"; there it is false',
        is: ({ part, ours }) => /\bhas\(/.test(part) && ours[0] === 'error',
    },
    {
        what: 'a list indexed by a bool, which CEL has no overload for; there true is 1',
        is: ({ ours }) => ours[0] === 'error' && ours[1].includes('list[bool]'),
    },
    {
        what: '-(-(x)), where the inner one may overflow; there it is x',
        is: ({ part, ours }) => /-\(+-/.test(part) && ours[0] === 'error',
    },
    {
        what: 'strings.quote of control characters that have no escape of their own, which is left open',
        is: ({ part, theirs }) => /strings\.quote/.test(part) && /[\x00-\x1f]|\\0/.test(theirs[1]),
    },
    {
        what: '%f, %e and %s of a double or bytes: digits beyond the 17th, -0, exponents of one digit, invalid UTF-8',
        is: ({ part }) => /'%(\.\d[ef]|s)'\.format\(/.test(part),
    },
];

// ---- Values: the forms of typed_json.h ------------------------------------------------------------------------------

const view = new DataView(new ArrayBuffer(8));

function toCel([kind, of, nanos]) {
    switch (kind) {
        case 'null':
            return null;
        case 'bool':
        case 'string':
            return of;
        case 'int':
            return BigInt(of);
        case 'uint':
            return cel.celUint(BigInt(of));
        case 'double':
            view.setBigUint64(0, BigInt('0x' + of));
            return view.getFloat64(0);
        case 'bytes':
            return new Uint8Array(Buffer.from(of, 'hex'));
        case 'timestamp':
            return create(TimestampSchema, { seconds: BigInt(of), nanos: Number(nanos) });
        case 'duration':
            return duration(BigInt(of));
        case 'list':
            return cel.celList(of.map(toCel));
        case 'map':
            return cel.celMap(new Map(of.map(([k, v]) => [toCel(k), toCel(v)])));
    }
    throw new Error(`no value: ${kind}`);
}

function fromCel(v) {
    switch (typeof v) {
        case 'boolean':
            return ['bool', v];
        case 'bigint':
            return ['int', String(v)];
        case 'string':
            return ['string', v];
        case 'number':
            view.setFloat64(0, Number.isNaN(v) ? NaN : v);
            return ['double', view.getBigUint64(0).toString(16).padStart(16, '0')];
    }
    if (v === null) return ['null'];
    if (v instanceof Uint8Array) return ['bytes', Buffer.from(v).toString('hex')];
    if (cel.isCelUint(v)) return ['uint', String(v.value)];
    if (cel.isCelType(v)) return ['type', v.name];
    if (cel.isCelList(v)) return ['list', [...v].map(fromCel)];
    if (cel.isCelMap(v)) return ['map', [...v.entries()].map(([k, e]) => [fromCel(k), fromCel(e)])];
    if (isReflectMessage(v, TimestampSchema)) {
        return ['timestamp', String(v.message.seconds), String(v.message.nanos)];
    }
    if (isReflectMessage(v, DurationSchema)) {
        return ['duration', String(v.message.seconds * SECOND + BigInt(v.message.nanos))];
    }
    throw new Error(`unknown value ${v}`);
}

// One text for equal values: maps in one order.
function canonical([kind, of, more]) {
    if (kind === 'list') return `[${of.map(canonical).join(', ')}]`;
    if (kind === 'map') return `{${of.map(([k, v]) => `${canonical(k)}: ${canonical(v)}`).sort().join(', ')}}`;
    if (kind === 'error' || kind === 'null') return kind;
    if (kind === 'double') {
        view.setBigUint64(0, BigInt('0x' + of));
        const d = view.getFloat64(0);
        return `double ${Object.is(d, -0) ? '-0' : d}`;
    }
    return `${kind} ${JSON.stringify(of)}${more === undefined ? '' : `.${more.padStart(9, '0')}`}`;
}

// ---- Evaluating -----------------------------------------------------------------------------------------------------

const env = cel.celEnv({ funcs: [...strings, ...REPLACED] });

// Dotted attributes are fields of a map here.
function bindings(vars) {
    const bound = { user: new Map() };
    for (const [name, form] of Object.entries(vars)) {
        const [record, field] = name.split('.');
        if (field) bound[record].set(field, toCel(form));
        else bound[name] = toCel(form);
    }
    bound.user = cel.celMap(bound.user);
    return bound;
}

function evaluate(expr, vars) {
    try {
        const result = cel.plan(env, cel.parse(expr))(bindings(vars));
        return cel.isCelError(result) ? ['error', result.message] : fromCel(result);
    } catch (e) {
        return ['error', String(e.message)];
    }
}

const same = (ours, theirs) => canonical(ours) === canonical(theirs);

// ---- Reduction ------------------------------------------------------------------------------------------------------

// The bracketed parts of the expression, each with the call or selection around it as well: (a + b), f(x), x.f(y), [a].
function parts(expr) {
    const found = new Set();
    const open = [];
    for (let i = 0; i < expr.length; i++) {
        const c = expr[i];
        if (c === "'" || c === '"') {
            for (i++; i < expr.length && expr[i] !== c; i++) if (expr[i] === '\\') i++;
        } else if ('([{'.includes(c)) {
            open.push(i);
        } else if (')]}'.includes(c)) {
            const from = open.pop();
            const name = /[A-Za-z_][\w.]*$/.exec(expr.slice(0, from))?.[0] ?? '';
            found.add(expr.slice(from, i + 1));
            found.add(expr.slice(from - name.length, i + 1));
            for (const start of starts(expr, from - name.length)) found.add(expr.slice(start, i + 1));
        }
    }
    return [...found].filter((p) => p.length < expr.length).sort((a, b) => a.length - b.length);
}

// Where the operand ends that a `.name(` or `[` at `end` belongs to may begin.
function* starts(expr, end) {
    let at = end;
    for (let guard = 0; guard < 10 && at > 0; guard++) {
        if (')]}'.includes(expr[at - 1])) {
            let depth = 0;
            do {
                at--;
                if (')]}'.includes(expr[at])) depth++;
                if ('([{'.includes(expr[at])) depth--;
            } while (depth > 0 && at > 0);
            at -= /[A-Za-z_][\w.]*$/.exec(expr.slice(0, at))?.[0].length ?? 0;
        } else {
            const operand = /(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\w.]+)$/.exec(expr.slice(0, at));
            if (!operand) return;
            at -= operand[0].length;
        }
        yield at;
    }
}

function reduce(expr, vars) {
    const candidates = parts(expr);
    const input = candidates.map((p) => JSON.stringify({ expr: p, vars }) + '\n').join('');
    const run = spawnSync(program, ['--eval'], { input, maxBuffer: 1 << 28 });
    const ours = String(run.stdout).trim().split('\n').filter(Boolean).map((l) => JSON.parse(l));
    for (const [i, part] of candidates.entries()) {
        if (ours[i] === undefined || ours[i][0] === 'refused' || ours[i][0] === 'limit') continue;
        const theirs = evaluate(part, vars);
        if (!same(ours[i], theirs)) return { part, ours: ours[i], theirs };
    }
    return null;
}

// ---- Main -----------------------------------------------------------------------------------------------------------

let count = 0, errors = 0, limits = 0;
const differences = [];
for await (const line of createInterface({ input: process.stdin })) {
    const { expr, vars, result } = JSON.parse(line);
    count++;
    if (result[0] === 'limit') {
        limits++;
        continue;
    }
    const theirs = evaluate(expr, vars);
    errors += theirs[0] === 'error' && result[0] === 'error';
    if (!same(result, theirs)) differences.push({ number: count - 1, expr, vars, ours: result, theirs });
}

const known = new Map();
let unknown = 0;
for (const d of differences) {
    const reduced = d.ours[0] === 'refused' ? null : reduce(d.expr, d.vars);
    const least = reduced ?? { part: d.expr, ours: d.ours, theirs: d.theirs };
    const fault = RECOGNISED.find((f) => f.is({ ...least, vars: d.vars }));
    if (fault) {
        known.set(fault, (known.get(fault) ?? 0) + 1);
        continue;
    }
    if (++unknown > SHOWN_MAX) continue;
    const show = (v) => (v[0] === 'error' || v[0] === 'refused' ? `${v[0]}: ${v[1]}` : canonical(v));
    const used = Object.entries(d.vars).filter(([name]) => least.part.includes(name) || /\buser\b/.test(least.part));
    console.log(`difference in expression ${d.number}: ${least.part}`);
    for (const [name, form] of used) console.log(`    with ${name} = ${canonical(form)}`);
    console.log(`    here:  ${show(least.ours)}\n    there: ${show(least.theirs)}`);
    if (least.part !== d.expr) console.log(`    within ${d.expr}`);
}
for (const [fault, n] of known) console.log(`${n} known: ${fault.what}`);
console.log(`${count} expressions, ${errors} errors alike, ${limits} too costly, ${unknown} differ`);
process.exitCode = unknown || count === 0 ? 1 : 0;
