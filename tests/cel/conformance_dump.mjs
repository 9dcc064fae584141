// SPDX-License-Identifier: Apache-2.0
//
// Reads CEL's four public suites from the npm package @bufbuild/cel-spec and writes them as JSON lines for
// conformance_test.c: one case a line, protobuf's JSON taken apart into typed values, types in Tact's syntax. The
// subtle part is `needs`: what exactly of protobuf a case cannot do without. It is found by reading the tokens of the
// expression and resolving its names as CEL does, so that a case which merely stands beside messages still runs.
//
// usage: node conformance_dump.mjs NODE_MODULES            the cases, one JSON object a line
//        node conformance_dump.mjs NODE_MODULES --skips    the groups of conformance_skip.txt that follow from `needs`
//
// Fields of a line. Absent means empty, false or not given by the suite:
//   suite, section         "conformance", "basic"; only the conformance suite has sections
//   id                     "conformance/basic/variables/self_eval_bound_lookup"; unnamed cases have their number
//   expr, container        as given
//   attributes             [[name, type], …]; result_attributes: further ones for `want` only
//   functions              [[name, overload id, signature], …]
//   bindings               [[name, value], …]
//   ast, checked, type     the trees and the type that cel-go printed
//   refused                "parser" or "checker": who must refuse it in the environment that made the suites
//   place                  "line:column" of the first fault that cel-go reported then
//   lacked                 refused only because that environment lacked this: "optionals" and "escapes" (their syntax),
//                          "comparisons" (of numbers of two kinds)
//   unchecked              not to be checked
//   want                   what must come of it with all libraries: "value", "error" (when evaluated), "refused" (when
//                          compiled), "type", "parsed"; absent for what only asks for trees
//   value, deduced         the value, the static type
//   needs                  why it cannot run without protobuf
// Values are written as typed_json.h has them.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = process.argv[2];
if (!modules) {
    console.error('usage: conformance_dump.mjs NODE_MODULES [--skips]');
    process.exit(2);
}
const load = (file) =>
    import(pathToFileURL(path.resolve(modules, '@bufbuild/cel-spec/dist/esm/testdata', file)));
const suites = ['conformance', 'parsing', 'checking', 'comprehension'];
const trees = await Promise.all(suites.map(async (name) => (await load(`${name}.js`)).tests));
const registry = (await load('registry.js')).getTestRegistry();

// ---- Types ----------------------------------------------------------------------------------------------------------

const PRIMITIVE = { BOOL: 'bool', INT64: 'int', UINT64: 'uint', DOUBLE: 'double', STRING: 'string', BYTES: 'bytes' };
// The messages that are not messages to CEL: it declares and binds them as values of its own types.
const WELL_KNOWN = {
    'google.protobuf.Timestamp': 'timestamp',
    'google.protobuf.Duration': 'duration',
    'google.protobuf.Struct': 'map(string, dyn)',
    'google.protobuf.ListValue': 'list(dyn)',
    'google.protobuf.Value': 'dyn',
    'google.protobuf.BoolValue': 'wrapper(bool)',
    'google.protobuf.Int32Value': 'wrapper(int)',
    'google.protobuf.Int64Value': 'wrapper(int)',
    'google.protobuf.UInt32Value': 'wrapper(uint)',
    'google.protobuf.UInt64Value': 'wrapper(uint)',
    'google.protobuf.FloatValue': 'wrapper(double)',
    'google.protobuf.DoubleValue': 'wrapper(double)',
    'google.protobuf.StringValue': 'wrapper(string)',
    'google.protobuf.BytesValue': 'wrapper(bytes)',
};

// The type in Tact's syntax; `message.name` is set to the first message type in it that CEL has no type of its own for.
function typeText(t, message) {
    const [[kind, of]] = Object.entries(t);
    const params = (list) => list.map((p) => typeText(p, message)).join(', ');
    switch (kind) {
        case 'dyn':
        case 'null':
            return kind;
        case 'primitive':
            return PRIMITIVE[of];
        case 'wrapper':
            return `wrapper(${PRIMITIVE[of]})`;
        case 'wellKnown':
            if (of !== 'ANY') return of.toLowerCase();
            message.name ??= 'google.protobuf.Any';
            return 'dyn';
        case 'messageType':
            if (of in WELL_KNOWN) return WELL_KNOWN[of];
            message.name ??= of;
            return 'dyn';
        case 'listType':
            return `list(${params([of.elemType])})`;
        case 'mapType':
            return `map(${params([of.keyType, of.valueType])})`;
        case 'type':
            return Object.keys(of).length ? `type(${params([of])})` : 'type';
        case 'typeParam':
            return of;
        case 'abstractType':
            return of.parameterTypes?.length ? `${of.name}(${params(of.parameterTypes)})` : of.name;
    }
    throw new Error(`unknown type ${JSON.stringify(t)}`);
}

// ---- Values ---------------------------------------------------------------------------------------------------------

function seconds(text) { // "12.5s" as nanoseconds
    const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(text);
    const nanos = BigInt(whole) * 1000000000n + BigInt(fraction.padEnd(9, '0'));
    return sign ? -nanos : nanos;
}

function doubleBits(d) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, Number.isNaN(d) ? NaN : d);
    return view.getBigUint64(0).toString(16).padStart(16, '0');
}

// The typed form of a cel.expr.Value in protobuf's JSON; `message.name` is set to the first message or enum in it.
function valueOf(v, message) {
    const [[kind, of]] = Object.entries(v);
    switch (kind) {
        case 'nullValue':
            return ['null'];
        case 'boolValue':
            return ['bool', of];
        case 'int64Value':
            return ['int', String(of)];
        case 'uint64Value':
            return ['uint', String(of)];
        case 'doubleValue':
            return ['double', doubleBits(Number(of))];
        case 'stringValue':
            return ['string', of];
        case 'bytesValue':
            return ['bytes', Buffer.from(of, 'base64').toString('hex')];
        case 'typeValue':
            return ['type', of];
        case 'listValue':
            return ['list', (of.values ?? []).map((e) => valueOf(e, message))];
        case 'mapValue':
            return ['map', (of.entries ?? []).map((e) => [valueOf(e.key, message), valueOf(e.value, message)])];
        case 'enumValue':
            message.name ??= of.type;
            return ['int', String(of.value ?? 0)];
        case 'objectValue': {
            const name = of['@type'].split('/').pop();
            if (name === 'google.protobuf.Duration') return ['duration', String(seconds(of.value))];
            if (name === 'google.protobuf.Timestamp') {
                const fraction = /\.(\d+)/.exec(of.value)?.[1] ?? '';
                const whole = BigInt(Date.parse(of.value.replace(/\.\d+/, ''))) / 1000n;
                return ['timestamp', String(whole), fraction.padEnd(9, '0')];
            }
            message.name ??= name;
            return ['null'];
        }
    }
    throw new Error(`unknown value ${JSON.stringify(v)}`);
}

// ---- Names in expressions -------------------------------------------------------------------------------------------

const QUOTED = [
    String.raw`"""(?:\\[\s\S]|[^\\])*?"""`,
    String.raw`'''(?:\\[\s\S]|[^\\])*?'''`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
];
const TOKEN = new RegExp(
    [
        String.raw`\s+|\/\/[^\n]*`, // not a token
        String.raw`(?<string>(?:[rR][bB]?|[bB][rR]?)?(?:${QUOTED.join('|')}))`,
        String.raw`(?<number>0[xX][0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?|\.\d+(?:[eE][+-]?\d+)?)`,
        String.raw`(?<name>[A-Za-z_][A-Za-z0-9_]*)`,
        String.raw`(?<escaped>\x60[^\x60]*\x60)`,
        String.raw`(?<mark>[\s\S])`,
    ].join('|'),
    'y',
);

// The qualified names that an expression begins operands with: {name, rooted, then} with the token that follows.
function names(expr) {
    const tokens = [];
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < expr.length; ) {
        const { groups } = TOKEN.exec(expr);
        const [hit] = Object.entries(groups).filter(([, text]) => text !== undefined);
        // A raw string has no escapes, but a quote after a backslash does not occur in one in these suites.
        if (hit) tokens.push({ kind: hit[0], text: hit[1] });
    }
    const found = [];
    const ends = (t) => t && (t.kind !== 'mark' || ')]}'.includes(t.text)); // something that `.` may select from
    for (let i = 0; i < tokens.length; i++) {
        if (tokens[i].kind !== 'name') continue;
        const dot = tokens[i - 1]?.text === '.';
        if (dot && ends(tokens[i - 2])) continue;
        if (tokens[i - 1]?.text === '?' && tokens[i - 2]?.text === '.') continue; // a.?b
        const parts = [tokens[i].text];
        while (tokens[i + 1]?.text === '.' && tokens[i + 2]?.kind === 'name') parts.push(tokens[(i += 2)].text);
        found.push({ parts, rooted: dot, then: tokens[i + 1]?.text });
    }
    return found;
}

function candidates(container, name, rooted) {
    const list = [];
    for (let c = rooted ? '' : container; c; c = c.includes('.') ? c.slice(0, c.lastIndexOf('.')) : '') {
        list.push(`${c}.${name}`);
    }
    return [...list, name];
}

// Messages and enums of the suites. Those of cel-go's own checker tests are not in the package's registry.
const CEL_GO_TEST = /^google\.expr\.proto[23]\.test\.(TestAllTypes|NestedTestAllTypes|GlobalEnum)/;
const isMessage = (name) => registry.getMessage(name) !== undefined || (CEL_GO_TEST.test(name) && /Types$/.test(name));
const isEnum = (name) => registry.getEnum(name) !== undefined || (CEL_GO_TEST.test(name) && /Enum$/.test(name));

// What of protobuf the expression names, or null. `declared` names hide it.
function namesProtobuf(expr, container, declared) {
    for (const { parts, rooted, then } of names(expr)) {
        if (!rooted && candidates(container, parts[0], false).some((n) => declared.has(n))) continue;
        for (let n = parts.length; n > 0; n--) {
            const whole = n === parts.length;
            for (const name of candidates(container, parts.slice(0, n).join('.'), rooted)) {
                if (isEnum(name)) return 'an enum';
                if (whole && registry.getExtension(name)) return 'an extension field';
                if (!isMessage(name)) continue;
                if (whole && then === '{') return 'a message literal';
                // Timestamp and duration are types of CEL itself; the names of other messages are values only with
                // their descriptors.
                if (!whole || WELL_KNOWN[name] !== name.slice('google.protobuf.'.length).toLowerCase()) {
                    return 'the name of a message type';
                }
            }
        }
    }
    return null;
}

// ---- What the suites leave open --------------------------------------------------------------------------------------
//
// The parsing, checking and comprehension suites are cel-go's own tests, but their trees and errors were made in one
// environment without optional syntax, escaped names and two-variable macros, so that those tests say little. What
// cel-go's tests expect of them instead is stated here, by the number of the case.

const PRELUDE = { // declared for the parsing and checking suites
    attributes: [
        ['is', 'string'],
        ['ii', 'int'],
        ['iu', 'uint'],
        ['iz', 'bool'],
        ['ib', 'bytes'],
        ['id', 'double'],
        ['ix', 'null'],
    ],
    functions: [
        ['fg_s', 'fg_s_0', '() -> string'],
        ['fi_s_s', 'fi_s_s_0', 'string.() -> string'],
    ],
};

const str = (s) => ['string', s];
const int = (i) => ['int', String(i)];
const list = (...items) => ['list', items];
const map = (...entries) => ['map', entries];
const is = (want, more) => ({ want, ...more });
const type = (deduced) => is('type', { deduced });
const STRINGS = [['x', 'list(string)'], ['y', 'map(int, string)']];
const TRUE = is('value', { value: ['bool', true] });

// [suite, first case, last case, fact], from cel-go's parser_test.go, checker_test.go and comprehensions_test.go.
const FACTS = [
    ['parsing', 177, 177, is('refused')],
    ['checking', 106, 111, type('bool')],
    ['checking', 116, 116, type('optional_type(string)')],
    ['checking', 117, 117, type('bool')],
    ['checking', 121, 121, type('bool')],
    ['checking', 122, 122, type('map(string, string)')],
    ['checking', 123, 123, type('string')],
    ['checking', 124, 124, type('map(string, string)')],
    ['checking', 125, 125, is('refused')],
    ['checking', 126, 126, type('list(string)')],
    ['checking', 127, 127, is('refused')],
    ['comprehension', 0, 37, TRUE],
    ['comprehension', 38, 38, {
        ...TRUE,
        result_attributes: [['m', 'map(int, int)']],
        bindings: [['m', map([int(1), int(1)], [int(2), int(2)])]],
    }],
    ['comprehension', 39, 39, {
        ...TRUE,
        result_attributes: [['m', 'map(string, string)']],
        bindings: [['m', map([str('he'), str('hello')], [str('go'), str('goodbye')])]],
    }],
    ['comprehension', 40, 47, TRUE],
    ['comprehension', 48, 48, {
        ...TRUE,
        result_attributes: [['m', 'map(string, list(int))']],
        bindings: [['m', map([str('legacy-solo'), list(int(1))], [str('legacy-pair'), list(int(3), int(2))])]],
    }],
    ['comprehension', 49, 49, TRUE],
    ['comprehension', 50, 50, {
        ...TRUE,
        result_attributes: [['m', 'map(string, int)']],
        bindings: [['m', map([str('legacy-solo'), int(1)], [str('legacy-pair'), int(2)])]],
    }],
    ['comprehension', 51, 72, is('refused')],
    ['comprehension', 73, 75, is('error')],
    ['comprehension', 76, 76, is('value', { value: map([str('a'), str('WORLD')], [str('b'), str('hello')]) })],
    ['comprehension', 77, 77, is('parsed')],
    ['comprehension', 78, 80, TRUE],
    ['comprehension', 81, 81, { ...type('bool'), result_attributes: [['x', 'list(dyn)'], ['y', 'int']] }],
    ['comprehension', 82, 82, { ...type('map(dyn, int)'), result_attributes: [['x', 'list(dyn)'], ['y', 'int']] }],
    ['comprehension', 83, 83, { ...type('bool'), result_attributes: [['x', 'list(int)'], ['y', 'map(int, dyn)']] }],
    ['comprehension', 84, 87, { ...type('bool'), result_attributes: [['x', 'list(int)'], ['y', 'map(int, string)']] }],
    ['comprehension', 88, 89, { ...type('bool'), result_attributes: STRINGS }],
    ['comprehension', 90, 90, { ...type('string'), result_attributes: [['y', 'map(int, string)']] }],
    ['comprehension', 91, 91, { ...type('bool'), result_attributes: STRINGS }],
];

// ---- Cases ----------------------------------------------------------------------------------------------------------

// Faults that any checker finds. Others in the data are of optional validators: of format strings, of literals.
const CHECKERS =
    /undeclared reference|no matching overload|expected type|cannot be range|is not a|does not support|undefined field/;

const MIXED = /no matching overload for '_[<>]=?_' applied to '\((int|uint|double), (?!\1)(int|uint|double)\)'/;
const errors = (text) => text.split('\n').filter((line) => line.startsWith('ERROR: '));

function convert(suite, section, id, number, test) {
    const from = test.original;
    const used = names(from.expr);
    const out = { suite, section, id, expr: from.expr, container: from.container };
    const needs = [];
    const container = from.container ?? '';

    // Declarations. What has a message's type is left out where the expression cannot mean it.
    const prelude = suite === 'parsing' || suite === 'checking';
    const attributes = prelude ? [...PRELUDE.attributes] : [];
    const functions = prelude ? [...PRELUDE.functions] : [];
    const declared = new Set(Object.keys(from.bindings ?? {}));
    for (const d of from.typeEnv ?? []) declared.add(d.name);
    for (const d of from.typeEnv ?? []) {
        const message = {};
        const means = (u, n) => candidates(container, u.parts.slice(0, n + 1).join('.'), u.rooted).includes(d.name);
        const meant = used.some((u) => u.parts.at(-1) === d.name || u.parts.some((_, n) => means(u, n)));
        if (d.ident) {
            const type = typeText(d.ident.type, message);
            if (!message.name) attributes.push([d.name, type]);
            else if (meant) needs.push('a variable that is a message');
        }
        for (const o of d.function?.overloads ?? []) {
            const params = (o.params ?? []).map((p) => typeText(p, message));
            const result = typeText(o.resultType, message);
            const receiver = o.isInstanceFunction ? `${params.shift()}.` : '';
            if (!message.name) functions.push([d.name, o.overloadId, `${receiver}(${params.join(', ')}) -> ${result}`]);
            else if (meant) needs.push('a function over messages');
        }
    }
    out.attributes = attributes;
    out.functions = functions;

    out.bindings = Object.entries(from.bindings ?? {}).map(([key, bound]) => {
        const message = {};
        const value = valueOf(bound.value, message);
        // The value of an enum is an int to CEL, and a program without messages binds it as one.
        if (message.name && !isEnum(message.name)) needs.push('a variable that is a message');
        return [key, value];
    });

    const named = namesProtobuf(from.expr, container, declared);
    if (named) needs.unshift(named);

    const result = from.typedResult?.result ?? from.value;
    const message = {};
    if (result) out.value = valueOf(result, message);
    if (message.name) needs.push(isEnum(message.name) ? 'an enum' : 'a result that is a message');
    if (from.typedResult?.deducedType) {
        const deduced = {};
        out.deduced = typeText(from.typedResult.deducedType, deduced);
        if (deduced.name) needs.push('a result that is a message');
    }

    if (suite === 'conformance') {
        if (from.checkOnly) out.want = 'type';
        else if (from.evalError || from.anyEvalErrors) out.want = 'error';
        else out.want = 'value';
        if (out.want === 'value' && !result) out.value = ['bool', true]; // what the suite means by naming none
    }
    out.unchecked = from.disableCheck;

    out.ast = test.ast;
    out.checked = test.checkedAst;
    out.type = test.type;
    if (test.error) {
        const place = /:(\d+):(\d+): /.exec(test.error);
        out.place = place ? `${place[1]}:${place[2]}` : undefined;
        if (!test.ast) out.refused = 'parser';
        else if (CHECKERS.test(test.error)) out.refused = 'checker';
        const first = test.error.split('\n', 1)[0];
        if (/unsupported syntax:? '`'/.test(first)) out.lacked = 'escapes';
        else if (/unsupported syntax/.test(first)) out.lacked = 'optionals';
        else if (errors(test.error).every((e) => MIXED.test(e))) out.lacked = 'comparisons';
        if (out.lacked && !out.want) out.want = 'parsed';
    }
    const fact = FACTS.find(([of, first, last]) => of === suite && first <= number && number <= last);
    Object.assign(out, fact?.[3]);
    out.needs = needs[0];
    // cel-go fails a few cases of the suite itself; then what it printed is no standard. Nor is its optMap where it
    // evaluates the optional twice, as it no longer does in later versions.
    if ((out.deduced && out.type && out.deduced !== out.type) || /\)\.optMap\(/.test(out.expr)) {
        delete out.checked;
        delete out.type;
    }
    for (const key of Object.keys(out)) {
        const v = out[key];
        if (v === undefined || v === false || v === '' || (Array.isArray(v) && v.length === 0)) delete out[key];
    }
    return out;
}

function* cases(suite, section, prefix, node) {
    const seen = new Map();
    for (const [i, test] of (node.tests ?? []).entries()) {
        let id = `${prefix}/${test.original.name ?? i}`;
        const times = (seen.get(id) ?? 0) + 1;
        seen.set(id, times);
        if (times > 1) id += `#${times}`;
        yield convert(suite, section, id, i, test);
    }
    for (const child of node.suites ?? []) {
        yield* cases(suite, section ?? child.name, `${prefix}/${child.name}`, child);
    }
}

const lines = suites.flatMap((suite, i) => [...cases(suite, undefined, suite, trees[i])]);
if (process.argv[3] === '--skips') {
    const groups = new Map();
    for (const c of lines) {
        if (!c.needs) continue;
        if (!groups.has(c.needs)) groups.set(c.needs, []);
        groups.get(c.needs).push(c.id);
    }
    for (const why of [...groups.keys()].sort()) {
        process.stdout.write(`\n[needs protobuf messages: ${why}]\n${groups.get(why).join('\n')}\n`);
    }
} else {
    process.stdout.write(lines.map((c) => JSON.stringify(c) + '\n').join(''));
}
