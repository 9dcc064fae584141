// SPDX-License-Identifier: Apache-2.0
//
// What Node has under other names than browsers, by its version: Web Crypto (Node 18 keeps it in a module) and
// WebSocket (before Node 22 it is the package `ws`).
import { webcrypto } from 'node:crypto';

import { Tact as Standard } from './tact.js';

export { Duration } from './wire.js';
export { TactError } from './tact.js';

const { WebSocket } = globalThis.WebSocket ? globalThis : await import('ws').catch(() => ({}));

export class Tact extends Standard {
    constructor(servers, options = {}) {
        super(servers, {
            ...options,
            WebSocket: options.WebSocket ?? WebSocket,
            crypto: options.crypto ?? globalThis.crypto ?? webcrypto,
        });
    }
}
