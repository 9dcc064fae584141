// SPDX-License-Identifier: Apache-2.0
//
// One message of NNG's REQ and REP: the request's number, 32 bits, big endian, the highest bit set, in front of a
// MessagePack value. Subtle: whole numbers are exact. Up to 2^53 they are numbers, beyond that BigInts, in both
// directions; the packer by itself would write numbers above 2^32 as floating point.
import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack';

const HEADER = 4;
const DEPTH_MAX = 99; // of lists and maps; the packer takes 100 with what is in them
const UINT32_MAX = 0xffffffff;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
const DURATION = 1; // the extension: signed nanoseconds, 64 bits, big endian

/** A span of time, exact to the nanosecond, as values of the type `duration` are. */
export class Duration {
    /** @param {bigint | number} ns nanoseconds */
    constructor(ns) {
        this.ns = BigInt(ns);
    }
    /** @param {number} ms milliseconds */
    static ofMs(ms) {
        return new Duration(Math.round(ms * 1e6));
    }
    get ms() {
        return Number(this.ns) / 1e6;
    }
    toString() {
        return `${Number(this.ns) / 1e9}s`;
    }
    toJSON() {
        return this.toString();
    }
}

const extensionCodec = new ExtensionCodec(); // which has timestamps, as Dates
extensionCodec.register({
    type: DURATION,
    encode(value) {
        if (!(value instanceof Duration)) return null;
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigInt64(0, value.ns);
        return bytes;
    },
    decode(bytes) {
        if (bytes.length !== 8) throw new Error(`a duration has 8 bytes, not ${bytes.length}`);
        return new Duration(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0));
    },
});
const encoder = new Encoder({ extensionCodec, useBigInt64: true, ignoreUndefined: true });
const decoder = new Decoder({ extensionCodec, useBigInt64: true });

/** What MessagePack cannot say; `at` is where: "context.device", "placements[0]". */
export class WireError extends Error {
    constructor(text, at) {
        super(text);
        this.at = at;
    }
}

// The value as the packer writes it exactly. `within`: the objects that it lies in.
function toWire(value, at, within) {
    switch (typeof value) {
        case 'number':
            return Number.isSafeInteger(value) && (value > UINT32_MAX || value < -UINT32_MAX) ? BigInt(value) : value;
        case 'bigint':
            if (value < INT64_MIN || value > UINT64_MAX) throw new WireError(`${value} does not fit into 64 bits`, at);
            return value;
        case 'function':
        case 'symbol':
            throw new WireError(`a ${typeof value} cannot be sent`, at);
        case 'object':
            return objectToWire(value, at, within);
        default: // undefined is left out
            return value;
    }
}

function objectToWire(value, at, within) {
    if (value === null || value instanceof Duration || ArrayBuffer.isView(value)) return value;
    if (value instanceof Date) {
        if (Number.isNaN(value.getTime())) throw new WireError('this Date is no time', at);
        return value;
    }
    if (!Array.isArray(value) && !isMap(value)) {
        throw new WireError(`a ${value.constructor?.name} cannot be sent; a plain object, a list or bytes can`, at);
    }
    if (within.includes(value)) throw new WireError('it contains itself', at);
    if (within.length === DEPTH_MAX) throw new WireError(`it is nested deeper than ${DEPTH_MAX} times`, at);
    const here = [...within, value];
    if (Array.isArray(value)) return value.map((item, i) => toWire(item, `${at}[${i}]`, here));
    const entry = ([key, item]) => [key, toWire(item, at ? `${at}.${key}` : key, here)];
    return Object.fromEntries(Object.entries(value).map(entry));
}

// Rather than a Date, bytes, or anything else with a meaning of its own.
function isMap(object) {
    const prototype = Object.getPrototypeOf(object);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
}

// What was read, with its numbers as programs like them.
function fromWire(value) {
    if (typeof value === 'bigint') {
        return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
    }
    if (Array.isArray(value)) return value.map(fromWire);
    if (value === null || typeof value !== 'object' || !isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromWire(item)]));
}

/**
 * @param {number} number of the request, 31 bits
 * @param {object} value
 * @returns {Uint8Array}
 * @throws {WireError}
 */
export function writeMessage(number, value) {
    const body = encoder.encodeSharedRef(toWire(value, '', []));
    const message = new Uint8Array(HEADER + body.length);
    new DataView(message.buffer).setUint32(0, (number | 0x80000000) >>> 0);
    message.set(body, HEADER);
    return message;
}

/**
 * @param {ArrayBuffer} message
 * @returns {{number: number, value: () => any}} `value` throws if the rest is no MessagePack; -1 is nobody's number
 */
export function readMessage(message) {
    const number = message.byteLength < HEADER ? -1 : new DataView(message).getUint32(0) & 0x7fffffff;
    return { number, value: () => fromWire(decoder.decode(new Uint8Array(message, HEADER))) };
}
