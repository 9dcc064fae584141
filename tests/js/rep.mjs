// SPDX-License-Identifier: Apache-2.0
//
// A server that speaks NNG's REP over its WebSocket mapping, and says what the test wants. Written after the
// specification, not after the client: https://nanomsg.org/rfcs/sp-websocket-v1.html
import { once } from 'node:events';

import { msgpack, ws } from './package.mjs';

export class Rep {
    heard = []; // requests, in the order in which they came in
    connections = 0;

    /**
     * @param {(request: object, rep: Rep) => any} answer what is said to it; undefined: nothing. Bytes go as they are
     */
    static async start(answer, port = 0) {
        const rep = new Rep();
        rep.server = new ws.WebSocketServer({
            host: '127.0.0.1',
            port,
            handleProtocols: (offered) => (offered.has('rep.sp.nanomsg.org') ? 'rep.sp.nanomsg.org' : false),
        });
        rep.server.on('connection', (socket) => {
            rep.connections++;
            socket.on('message', async (message, isBinary) => {
                if (!isBinary || message.length < 5 || !(message[0] & 0x80)) return socket.terminate();
                const request = msgpack.decode(message.subarray(4), { useBigInt64: true });
                rep.heard.push(request);
                const reply = await answer(request, rep);
                if (reply === undefined) return;
                const body = reply instanceof Uint8Array ? reply : msgpack.encode(reply, { useBigInt64: true });
                socket.send(Buffer.concat([message.subarray(0, 4), body]));
            });
        });
        await once(rep.server, 'listening');
        rep.port = rep.server.address().port;
        rep.url = `ws://127.0.0.1:${rep.port}`;
        return rep;
    }

    /** Loses all connections, without a word. */
    drop() {
        for (const socket of this.server.clients) socket.terminate();
    }

    async stop() {
        this.drop();
        await new Promise((done) => this.server.close(done));
    }
}

/** A port that nobody listens on. */
export async function freePort() {
    const rep = await Rep.start(() => {});
    await rep.stop();
    return rep.port;
}
