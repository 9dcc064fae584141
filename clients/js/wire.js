// SPDX-License-Identifier: Apache-2.0
//
// One message of NNG's REQ and REP: the request's number, 32 bits, big endian, the highest bit set, in front of a
// MessagePack value. Subtle: whole numbers are exact. Up to 2^53 they are numbers, beyond that BigInts, in both
// directions; the packer by itself would write numbers above 2^32 as floating point.
import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack';

const HEADER = 4;
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

// The value with `change` made of each of its numbers.
function withNumbers(value, change) {
    if (typeof value === 'number' || typeof value === 'bigint') return change(value);
    if (Array.isArray(value)) return value.map((item) => withNumbers(item, change));
    if (value === null || typeof value !== 'object' || !isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNumbers(item, change)]));
}

// Rather than a Date, bytes, or anything else with a meaning of its own.
function isMap(object) {
    const prototype = Object.getPrototypeOf(object);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function toWire(n) {
    if (typeof n === 'bigint') {
        if (n < INT64_MIN || n > UINT64_MAX) throw new RangeError(`${n} does not fit into 64 bits`);
        return n;
    }
    return Number.isSafeInteger(n) && (n > UINT32_MAX || n < -UINT32_MAX) ? BigInt(n) : n;
}

function fromWire(n) {
    return typeof n === 'bigint' && n <= Number.MAX_SAFE_INTEGER && n >= Number.MIN_SAFE_INTEGER ? Number(n) : n;
}

/**
 * @param {number} number of the request, 31 bits
 * @param {object} value
 * @returns {Uint8Array}
 */
export function writeMessage(number, value) {
    const body = encoder.encodeSharedRef(withNumbers(value, toWire));
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
    return { number, value: () => withNumbers(decoder.decode(new Uint8Array(message, HEADER)), fromWire) };
}
