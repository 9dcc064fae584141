// SPDX-License-Identifier: Apache-2.0
//
// Sends the requests of docs/protocol.md to servers and holds what they answer against the page, in the page's order;
// for tests/docs/protocol_test.sh:
//
//      node protocol_talk.mjs PAGE WS_URL GUARDED_WS_URL      with the token of GUARDED_WS_URL in TACT_TOKEN
//
// Speaks NNG's WebSocket mapping by itself, as the page describes it, with no client library of Tact's. Prints a line of
// TAP for each example, and no plan.
//
// In a reply `…` is what is not shown: a value, the rest of a text, further items of a list; a map may have further keys.
// In a request a text with `…` stands for the last one that a reply had under its key, for the page's file of that name,
// and for the token under `auth`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.resolve('build/npm/package.json'));
const { Decoder, Encoder } = require('@msgpack/msgpack');
const { WebSocket } = require('ws');

const [page, openUrl, guardedUrl] = process.argv.slice(2);
const PATIENCE_MS = 20000;

// ---- Talking --------------------------------------------------------------------------------------------------------

// One that answers every message in turn.
async function connect(url) {
    const socket = new WebSocket(url, 'rep.sp.nanomsg.org');
    socket.binaryType = 'arraybuffer';
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    let number = 0x80000000;
    const ask = (request) => new Promise((resolve, reject) => {
        const body = new Encoder().encode(request);
        const message = new Uint8Array(4 + body.length);
        new DataView(message.buffer).setUint32(0, number++);
        message.set(body, 4);
        const late = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
        socket.once('message', (data) => {
            clearTimeout(late);
            if (new DataView(data).getUint32(0) !== number - 1) return reject(new Error('an answer to something else'));
            resolve(new Decoder().decode(new Uint8Array(data, 4)));
        });
        socket.send(message);
    });
    return { ask, close: () => socket.close() };
}

// ---- Comparing ------------------------------------------------------------------------------------------------------

// JSON, in which `…`, `{…}` and `[…]` may stand for a value.
const parse = (text) => JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|\{…\}|\[…\]|…/gu, (m) => (m[0] === '"' ? m : '"…"')));

const seen = {}; // by key, the last text of a reply; by name, files of the page
function notice(value, key) {
    if (typeof value === 'string') seen[key] = value;
    else if (value && typeof value === 'object') for (const [k, v] of Object.entries(value)) notice(v, k);
}

function fill(value, key) {
    if (typeof value === 'string' && value.includes('…')) {
        const found = key === 'auth' ? process.env.TACT_TOKEN : seen[key];
        if (!found) throw new Error(`nothing was answered yet that \`${key}\` could be`);
        return found;
    }
    if (Array.isArray(value)) return value.map((item) => fill(item, key));
    if (!value || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v, k)]));
}

// What is different, or null.
function differs(wanted, got, at = 'the reply') {
    if (typeof wanted === 'string' && wanted.includes('…')) {
        if (wanted === '…') return got === undefined ? `${at} is missing` : null;
        const pattern = wanted.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*');
        const fits = typeof got === 'string' && new RegExp(`^${pattern}$`, 'us').test(got);
        return fits ? null : `${at} is ${JSON.stringify(got)}, not ${wanted}`;
    }
    if (Array.isArray(wanted)) {
        if (!Array.isArray(got)) return `${at} is no list: ${JSON.stringify(got)}`;
        const open = wanted.at(-1) === '…';
        const items = open ? wanted.slice(0, -1) : wanted;
        if (open ? got.length < items.length : got.length !== items.length) {
            return `${at} has ${got.length} items: ${JSON.stringify(got)}`;
        }
        return items.map((item, i) => differs(item, got[i], `${at}[${i}]`)).find((d) => d) ?? null;
    }
    if (wanted && typeof wanted === 'object') {
        if (!got || typeof got !== 'object') return `${at} is no map: ${JSON.stringify(got)}`;
        return Object.keys(wanted).map((key) => differs(wanted[key], got[key], `${at}.${key}`)).find((d) => d) ?? null;
    }
    return Object.is(wanted, typeof got === 'bigint' ? Number(got) : got) ? null : `${at} is ${JSON.stringify(got)}, not ${wanted}`;
}

// ---- The page -------------------------------------------------------------------------------------------------------

const servers = { open: await connect(openUrl), guarded: await connect(guardedUrl) };
const blocks = [...readFileSync(page, 'utf8').matchAll(/^```(.*)\n([^]*?)^```$/gmu)].map(({ 1: kind, 2: text, index, input }) => (
    { kind, text, line: input.slice(0, index).split('\n').length }
));
let request = null;
for (const { kind, text, line } of blocks) {
    if (kind.startsWith('yaml ')) seen[path.basename(kind)] = text;
    if (kind === 'json request' || kind === 'json request guarded') {
        request = { text, line, server: servers[kind.split(' ')[2] ?? 'open'] };
        continue;
    }
    if (kind !== 'json reply') continue;
    let said;
    try {
        const reply = await request.server.ask(fill(parse(request.text)));
        notice(reply);
        said = differs(parse(text), reply);
        if (said) said += `\n${JSON.stringify(reply, (_, v) => (typeof v === 'bigint' ? Number(v) : v))}`;
    } catch (error) {
        said = error.message;
    }
    console.log(`${said ? 'not ok' : 'ok'} - ${page}:${request?.line ?? line}`);
    if (said) console.log(said.replace(/^/gm, '#   '));
    request = null;
}
Object.values(servers).forEach((server) => server.close());
