// SPDX-License-Identifier: Apache-2.0
//
// Tact from JavaScript: every operation is a method that promises the reply. Requests of all calls share one
// connection; a number says which reply is whose. Subtle: a message may get lost with its connection when nobody can
// know whether it was answered. It is sent again, until its time is over, if that changes nothing twice: what only
// asks; a decision, a batch of changes and an erasure, which get an id here; and publishing and going back if they say
// what they expect to find (`from`).
import { Link } from './link.js';
import { readMessage, writeMessage } from './wire.js';

export { Duration } from './wire.js';

const QUICK_MS = 1000; // how long to wait where the call does not say
const RECORD_MS = 5000; // the server waits for its disk
const SLOW_MS = 30000;
const SENDS_MAX = 3; // of one request: a server that falls over a message is not fed it for ever
const SILENT_MS = 500; // a connection on which answers are late, and nothing else came for so long, is given up
const ANSWER_SHARE = 0.9; // of the time that is left is the server's; the rest is for the way

// `id`: the key of what makes sending again harmless; `from`: it is harmless if the request has this key.
const OPERATIONS = {
    decide: { ms: QUICK_MS, id: 'decision' },
    explain: { ms: SLOW_MS },
    context: { ms: QUICK_MS },
    record: { ms: RECORD_MS, id: 'id' },
    person: { ms: SLOW_MS },
    erase: { ms: SLOW_MS, id: 'id' },
    publish: { ms: SLOW_MS, from: 'from' },
    rollback: { ms: SLOW_MS, from: 'from' },
    bundles: { ms: SLOW_MS },
    simulate: { ms: SLOW_MS },
    status: { ms: QUICK_MS },
    batch: { ms: RECORD_MS },
};

/** What a server refused, or why it could not be asked: `code` is for programs, `text` for people. */
export class TactError extends Error {
    static {
        this.prototype.name = 'TactError';
    }
    /**
     * @param {string} code
     * @param {string} text
     * @param {string} [at] where in the request: "context.devise"
     */
    constructor(code, text, at = '') {
        super(`${code}: ${text}`);
        this.code = code;
        this.text = text;
        this.at = at;
    }
}

export class Tact {
    #options;
    #link;
    #queue = new Set(); // calls that are to be sent
    #sent = new Map(); // by number, calls that an answer is awaited for
    #number = Math.floor(Math.random() * 2 ** 31);
    #why = ''; // the last connection failed
    #lateSince = null; // the first answer that was late was awaited, and nothing came in since
    #closed = false;

    /**
     * @param {string | string[]} servers ws:// or wss:// URLs, the preferred first
     * @param {import('./index.js').TactOptions} [options]
     */
    constructor(servers, options = {}) {
        const urls = [servers].flat();
        if (!urls.length || !urls.every((url) => /^wss?:\/\/[^/]/.test(url))) {
            throw new TypeError(`servers are URLs such as ws://127.0.0.1:7422, not ${servers}`);
        }
        this.#options = { WebSocket: globalThis.WebSocket, crypto: globalThis.crypto, inFlight: 256, ...options };
        if (!this.#options.WebSocket) throw new TypeError('this platform has no WebSocket: npm install ws');
        this.#link = new Link(urls, this.#options.WebSocket, {
            opened: () => this.#send(),
            heard: (message) => this.#heard(message),
            lost: (why) => this.#lost(why),
        });
    }

    /** What to show to a person at some placements. */
    decide(request, options) {
        return this.#call('decide', request, options);
    }
    /** What would be shown and why; changes nothing. */
    explain(request, options) {
        return this.#call('explain', request, options);
    }
    /** What a chat assistant may be told of a person, within a budget. */
    context(request, options) {
        return this.#call('context', request, options);
    }
    /** Applies changes (a list of them, or {commands, id}); they are durable when this is answered. */
    record(request, options) {
        return this.#call('record', Array.isArray(request) ? { commands: request } : request, options);
    }
    /** All that is held of a person. */
    person(request, options) {
        return this.#call('person', request, options);
    }
    /** Deletes a person for good. */
    erase(request, options) {
        return this.#call('erase', request, options);
    }
    /** Makes rules, {files: {"bundle.yaml": "…"}}, the active bundle. */
    publish(request, options) {
        return this.#call('publish', request, options);
    }
    /** Makes a version active that was published before. */
    rollback(request, options) {
        return this.#call('rollback', request, options);
    }
    /** The versions that were published, the newest first. */
    bundles(request, options) {
        return this.#call('bundles', request, options);
    }
    /** What a bundle would do to everybody, without doing it. */
    simulate(request, options) {
        return this.#call('simulate', request, options);
    }
    /** How the server is. */
    status(request, options) {
        return this.#call('status', request, options);
    }
    /** Many requests, each with its `op`, in one message: their replies, in their order, refusals among them. */
    async batch(requests, options) {
        const reply = await this.#call('batch', { requests: requests.map((one) => this.#identified(one)) }, options);
        return reply.replies;
    }

    /** Ends: what is not answered yet is rejected. */
    close() {
        this.#closed = true;
        this.#link.close();
        for (const call of [...this.#sent.values(), ...this.#queue]) call.reject(closed());
    }

    // ---- A call ---------------------------------------------------------------------------------------------------

    // The request with an id, if its operation takes one.
    #identified(request) {
        const key = OPERATIONS[request.op]?.id;
        return key && request[key] === undefined ? { ...request, [key]: this.#draw() } : request;
    }

    // 128 random bits, as 32 hexadecimal digits.
    #draw() {
        const bytes = this.#options.crypto.getRandomValues(new Uint8Array(16));
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    }

    #call(op, request = {}, { deadlineMs = this.#options.deadlineMs ?? OPERATIONS[op].ms, signal } = {}) {
        return new Promise((resolve, reject) => {
            if (signal?.aborted) return reject(signal.reason);
            if (this.#closed) return reject(closed());
            const settle = (how) => (value) => {
                clearTimeout(timer);
                signal?.removeEventListener('abort', abort);
                this.#queue.delete(call);
                this.#sent.delete(call.number);
                how(value);
                if (this.#queue.size) this.#send();
            };
            const call = {
                number: (this.#number = (this.#number + 1) % 2 ** 31),
                request: this.#identified({ ...request, op, auth: this.#options.token }),
                until: performance.now() + deadlineMs,
                deadlineMs,
                sends: 0,
                sentAt: 0,
                resolve: settle(resolve),
                reject: settle(reject),
            };
            const abort = () => call.reject(signal.reason);
            const timer = setTimeout(() => this.#late(call), deadlineMs);
            signal?.addEventListener('abort', abort);
            this.#queue.add(call);
            this.#send();
        });
    }

    #send() {
        if (this.#closed) return;
        if (!this.#link.isOpen) return this.#link.open();
        for (const call of this.#queue) {
            if (this.#sent.size >= this.#options.inFlight) return;
            call.sends++;
            call.sentAt = performance.now();
            const left = Math.max(1, Math.round((call.until - call.sentAt) * 1000 * ANSWER_SHARE));
            let message;
            try {
                message = writeMessage(call.number, { ...call.request, deadline_us: left });
            } catch (error) { // what MessagePack cannot say
                return call.reject(new TactError('bad_value', error.message, error.at)); // which sends the others
            }
            this.#queue.delete(call);
            this.#sent.set(call.number, call);
            this.#link.send(message);
        }
    }

    #heard(message) {
        this.#lateSince = null;
        const { number, value } = readMessage(message);
        const call = this.#sent.get(number);
        if (!call) return; // it was given up
        let reply;
        try {
            reply = value();
        } catch (error) {
            return call.reject(new TactError('malformed', `the reply cannot be read: ${error.message}`));
        }
        if (reply?.ok) return call.resolve(reply);
        const { code = 'malformed', text = 'the reply says nothing', at } = reply?.error ?? {};
        call.reject(new TactError(code, text, at));
    }

    #late(call) {
        const sent = this.#sent.has(call.number);
        const server = this.#link.url;
        call.reject(
            sent || this.#link.isOpen
                ? new TactError('timed_out', `${server}: no answer within ${call.deadlineMs} ms`)
                : new TactError('unreachable', `no server within ${call.deadlineMs} ms; ${this.#why || server}`),
        );
        if (!sent) return;
        this.#lateSince ??= call.sentAt;
        if (performance.now() - this.#lateSince >= SILENT_MS) this.#link.drop(`${server}: it does not answer`);
    }

    #lost(why) {
        this.#why = why;
        this.#lateSince = null;
        const lost = [...this.#sent.values()];
        const waiting = [...this.#queue];
        this.#sent.clear();
        this.#queue = new Set([...lost, ...waiting]);
        for (const call of lost) {
            if (harmless(call.request) && call.sends < SENDS_MAX) continue;
            call.reject(new TactError('unreachable', `${why}; whether it was done nobody knows`));
        }
        if (this.#queue.size) this.#link.open();
    }
}

function closed() {
    return new TactError('unreachable', 'the client was closed');
}

// Whether the request may be sent again when nobody knows whether it was done.
function harmless(request) {
    if (request.op === 'batch') return request.requests.every(harmless);
    const key = OPERATIONS[request.op]?.from;
    return !key || request[key] !== undefined;
}
