// SPDX-License-Identifier: Apache-2.0
//
// The connection: one WebSocket at a time, to the first of the servers that can be reached. Subtle: it connects only
// when asked to. A page that waits for nothing does not come back by itself after its server was restarted, so that a
// hundred thousand of them do not come back at once.

const PROTOCOL = 'rep.sp.nanomsg.org'; // what NNG's REQ asks for, by its WebSocket mapping
const CONNECT_MAX_MS = 3000; // after which the next server is tried
const BACKOFF_MS = 50; // before all servers are tried again; doubled each time
const BACKOFF_MAX_MS = 5000;
const OPEN = 1;

export class Link {
    #socket = null;
    #waiting = null; // the timer: of the pause before connecting, or of the time to connect in
    #failures = 0; // connections that were lost since anything came in
    #lostAt = -Infinity;
    #next = 0;

    /**
     * @param {string[]} urls
     * @param {typeof WebSocket} WebSocket
     * @param {{opened: () => void, heard: (message: ArrayBuffer) => void, lost: (why: string) => void}} on
     */
    constructor(urls, WebSocket, on) {
        this.urls = urls;
        this.WebSocket = WebSocket;
        this.on = on;
    }

    get isOpen() {
        return this.#socket?.readyState === OPEN;
    }

    get url() {
        return this.urls[this.#next];
    }

    /** Connects, unless it is connected or about to be. */
    open() {
        if (this.#socket || this.#waiting) return;
        const wait = this.#lostAt + this.#backoff() - performance.now();
        if (wait > 0) {
            this.#waiting = setTimeout(() => this.#connect(), wait);
        } else {
            this.#connect();
        }
    }

    /** @param {Uint8Array} message */
    send(message) {
        this.#socket.send(message);
    }

    /** Gives the connection up, as if it had been lost. */
    drop(why) {
        const socket = this.close();
        socket.terminate?.(); // of `ws`, which else waits for a server that may be gone
        this.#failures++;
        this.#lostAt = performance.now();
        this.#next = (this.#next + 1) % this.urls.length;
        this.on.lost(why);
    }

    close() {
        const socket = this.#socket;
        this.#socket = null; // what it still says is not heard
        clearTimeout(this.#waiting);
        this.#waiting = null;
        socket?.close();
        return socket;
    }

    // The first failure of each server costs no time. After that, not everybody at once.
    #backoff() {
        const rounds = Math.floor(this.#failures / this.urls.length);
        return rounds && Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** rounds) * (0.5 + Math.random() / 2);
    }

    #connect() {
        const url = this.url;
        let socket;
        const failed = (why) => this.#socket === socket && this.drop(`${url}: ${why || 'the connection was lost'}`);
        try {
            socket = new this.WebSocket(url, PROTOCOL);
        } catch (error) { // a browser's page that came by https: may not open ws:
            socket = { close() {} };
            queueMicrotask(() => failed(error.message));
        }
        this.#socket = socket;
        this.#waiting = setTimeout(() => failed(`no connection within ${CONNECT_MAX_MS} ms`), CONNECT_MAX_MS);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => {
            if (this.#socket !== socket) return;
            clearTimeout(this.#waiting);
            this.#waiting = null;
            this.on.opened();
        };
        socket.onmessage = ({ data }) => {
            if (this.#socket !== socket || typeof data === 'string') return;
            this.#failures = 0;
            this.on.heard(data);
        };
        socket.onerror = ({ message }) => failed(message); // not every implementation closes after it
        socket.onclose = ({ reason }) => failed(reason);
    }
}
