// SPDX-License-Identifier: Apache-2.0
//
// The client against a server that says what the test wants: what goes over the wire, whose answer is whose, and what
// becomes of requests when answers are late, connections are lost and servers are gone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { client, msgpack, project, ws } from './package.mjs';
import { freePort, Rep } from './rep.mjs';

const { Duration, Tact, TactError } = client;
const refusal = (code, at = '') => (error) => error instanceof TactError && error.code === code && error.at === at;

// Runs `body` with a client of a server that answers so, and ends both.
function withServer(answer, options, body) {
    return async () => {
        const rep = await Rep.start(answer);
        const tact = new Tact(rep.url, options);
        try {
            await body(tact, rep);
        } finally {
            tact.close();
            await rep.stop();
        }
    };
}

// ---- What is said ---------------------------------------------------------------------------------------------------

const echo = (request) => ({ ok: true, request });

test(
    'a request has its operation, token, id and deadline',
    withServer(echo, { token: 'tact_secret' }, async (tact) => {
        const { request } = await tact.decide({ person: { cookie: '7f3' }, placements: ['home_hero'] });
        const { deadline_us, decision, ...rest } = request;
        assert.deepEqual(rest, {
            op: 'decide',
            auth: 'tact_secret',
            person: { cookie: '7f3' },
            placements: ['home_hero'],
        });
        assert.match(decision, /^[0-9a-z]{20,40}$/);
        assert.ok(deadline_us > 0 && deadline_us < 1000000, String(deadline_us));
    }),
);

test(
    'what changes something has an id, which differs each time and can be given',
    withServer(echo, {}, async (tact) => {
        const ids = await Promise.all([
            tact.record([{ event: 'click', token: 't' }]),
            tact.record({ commands: [] }),
            tact.erase({ person: 1 }),
        ]);
        assert.equal(new Set(ids.map(({ request }) => request.id)).size, 3);
        assert.ok(ids.every(({ request }) => request.id.length <= 40));
        assert.equal((await tact.record({ commands: [], id: 'mine' })).request.id, 'mine');
        assert.equal((await tact.decide({ placements: [], decision: 'mine' })).request.decision, 'mine');
        for (const op of ['explain', 'context', 'person', 'publish', 'rollback', 'bundles', 'simulate', 'status']) {
            const { request } = await tact[op]({});
            assert.deepEqual(Object.keys(request).sort(), ['deadline_us', 'op'], op);
            assert.equal(request.op, op);
        }
    }),
);

test(
    'whole numbers are exact, times are Dates, durations are Durations, bytes are bytes',
    withServer(echo, {}, async (tact, rep) => {
        const now = new Date('2026-12-01T10:00:00.123Z');
        const span = Duration.ofMs(1500);
        const context = {
            zero: 0, small: -1, above32: 2 ** 32, below32: -(2 ** 40), safe: Number.MAX_SAFE_INTEGER,
            big: 2n ** 63n - 1n, uint: 2n ** 64n - 1n, least: -(2n ** 63n), half: 0.5, huge: 1e300,
            now, span, bytes: new Uint8Array([0, 255]), list: [2 ** 33, { deep: 2n ** 60n }],
            nothing: null, text: 'Zoë',
        };
        const { request } = await tact.decide({ person: 2n ** 62n, placements: ['a'], context, dry: undefined });
        assert.equal(request.person, 2n ** 62n);
        assert.deepEqual(request.context, context);
        assert.ok(!('dry' in request));
        // On the wire they were ints, not doubles; the server here reads ints of 64 bits as BigInts.
        assert.equal(rep.heard[0].context.above32, 2n ** 32n);
        assert.equal(rep.heard[0].context.below32, -(2n ** 40n));
        assert.equal(rep.heard[0].context.safe, BigInt(Number.MAX_SAFE_INTEGER));
        assert.equal(rep.heard[0].context.span.type, 1);
        assert.deepEqual([...rep.heard[0].context.span.data], [0, 0, 0, 0, 0x59, 0x68, 0x2f, 0x00]);
    }),
);

test('a Duration counts nanoseconds', () => {
    assert.equal(Duration.ofMs(1.5).ns, 1500000n);
    assert.equal(new Duration(2500000n).ms, 2.5);
    assert.equal(String(Duration.ofMs(-90000)), '-90s');
});

test(
    'what the wire has no room for is refused before it is sent, and nothing else suffers',
    withServer(echo, {}, async (tact, rep) => {
        const calls = [tact.decide({ person: 2n ** 64n }), tact.decide({ context: { f() {} } }), tact.status()];
        const [tooBig, notData, fine] = await Promise.allSettled(calls);
        assert.ok(refusal('bad_value', 'person')(tooBig.reason), String(tooBig.reason));
        assert.ok(refusal('bad_value', 'context.f')(notData.reason), String(notData.reason));
        assert.equal(fine.value.request.op, 'status');
        assert.equal(rep.heard.length, 1);
    }),
);

test(
    'what cannot be sent is refused where it stands',
    withServer(echo, {}, async (tact, rep) => {
        const cyclic = { list: [] };
        cyclic.list.push(cyclic);
        let deep = {};
        for (let i = 0; i < 1000; i++) deep = { deep };
        const cases = [
            [{ time: new Date(NaN) }, 'time'],
            [{ context: { device: () => 1 } }, 'context.device'],
            [{ placements: ['a', Symbol('b')] }, 'placements[1]'],
            [{ context: cyclic }, 'context.list[0]'],
            [{ context: new Map([['device', 'phone']]) }, 'context'],
            [{ context: { n: 2n ** 64n } }, 'context.n'],
            [{ context: deep }, `context${'.deep'.repeat(98)}`],
        ];
        for (const [request, at] of cases) {
            await assert.rejects(tact.decide(request), refusal('bad_value', at));
        }
        await assert.rejects(tact.batch([{ op: 'status' }, { op: 'decide', time: new Date(NaN) }]), {
            code: 'bad_value',
            at: 'requests[1].time',
        });
        const twice = { device: 'phone' }; // is no cycle
        assert.ok(await tact.decide({ context: { a: twice, b: twice }, bytes: new Uint8Array(2), nothing: undefined }));
        assert.equal(rep.heard.length, 1);
    }),
);

// ---- What is answered -----------------------------------------------------------------------------------------------

test(
    'a refusal is an error with code, text and place',
    withServer(
        () => ({ ok: false, error: { code: 'unknown_attribute', text: 'no such thing', at: 'context.devise' } }),
        {},
        async (tact) => {
            await assert.rejects(tact.decide({}), {
                name: 'TactError',
                code: 'unknown_attribute',
                text: 'no such thing',
                at: 'context.devise',
                message: 'unknown_attribute: no such thing',
            });
        },
    ),
);

test(
    'a reply that cannot be read is that request\'s error',
    withServer((request) => (request.op === 'status' ? new Uint8Array([0xc1]) : echo(request)), {}, async (tact) => {
        await assert.rejects(tact.status(), refusal('malformed'));
        assert.equal((await tact.bundles()).request.op, 'bundles');
    }),
);

test(
    'answers find their requests, whatever their order, over one connection',
    withServer(
        async (request) => {
            await new Promise((done) => setTimeout(done, Number(request.context.wait)));
            return echo(request);
        },
        {},
        async (tact, rep) => {
            const waits = Array.from({ length: 40 }, (_, i) => (i * 7) % 40);
            const replies = await Promise.all(waits.map((wait) => tact.decide({ context: { wait } })));
            assert.deepEqual(replies.map(({ request }) => request.context.wait), waits);
            assert.equal(rep.connections, 1);
        },
    ),
);

test('no more are in flight than `inFlight` says', async () => {
    let now = 0;
    let most = 0;
    const rep = await Rep.start(async () => {
        most = Math.max(most, ++now);
        await new Promise((done) => setTimeout(done, 2));
        now--;
        return { ok: true };
    });
    const tact = new Tact(rep.url, { inFlight: 3 });
    await Promise.all(Array.from({ length: 20 }, () => tact.status()));
    assert.equal(most, 3);
    tact.close();
    await rep.stop();
});

test(
    'a batch is one message, with an id for each that needs one; refusals are among its replies',
    withServer(
        ({ requests }) => ({ ok: true, replies: requests.map((r, i) => (i === 1 ? { ok: false } : { ok: true, r })) }),
        { token: 'secret' },
        async (tact, rep) => {
            const replies = await tact.batch([
                { op: 'decide', placements: ['a'] },
                { op: 'status' },
                { op: 'record', commands: [], id: 'mine' },
            ]);
            assert.equal(rep.heard.length, 1);
            assert.equal(rep.heard[0].auth, 'secret');
            assert.match(replies[0].r.decision, /^[0-9a-f]{32}$/);
            assert.equal(replies[1].ok, false);
            assert.deepEqual(replies[2].r, { op: 'record', commands: [], id: 'mine' });
        },
    ),
);

// ---- Time -----------------------------------------------------------------------------------------------------------

test(
    'an answer that does not come in time is an error, and one that comes too late is nobody\'s',
    withServer(
        async (request) => {
            if (request.op === 'status') await new Promise((done) => setTimeout(done, 60));
            return echo(request);
        },
        {},
        async (tact, rep) => {
            await assert.rejects(tact.status({}, { deadlineMs: 20 }), refusal('timed_out'));
            await new Promise((done) => setTimeout(done, 80));
            assert.equal((await tact.bundles()).request.op, 'bundles');
            assert.equal(rep.connections, 1); // it was only late
        },
    ),
);

test(
    'a signal gives up at once',
    withServer(() => undefined, {}, async (tact, rep) => {
        const controller = new AbortController();
        const call = tact.status({}, { signal: controller.signal });
        setTimeout(() => controller.abort(new Error('enough')), 20);
        await assert.rejects(call, /enough/);
        const sent = rep.heard.length;
        await assert.rejects(tact.status({}, { signal: controller.signal }), /enough/);
        assert.equal(rep.heard.length, sent);
    }),
);

test('a server that has gone silent is left for the next', async () => {
    const silent = await Rep.start((request) => (request.op === 'bundles' ? echo(request) : undefined));
    const good = await Rep.start(echo);
    const tact = new Tact([silent.url, good.url]);
    await tact.bundles({}, { deadlineMs: 20000 });
    const waiting = tact.decide({}, { deadlineMs: 20000 });
    await assert.rejects(tact.status({}, { deadlineMs: 600 }), refusal('timed_out'));
    assert.equal((await waiting).request.op, 'decide');
    assert.equal(silent.heard.length, 3);
    tact.close();
    await silent.stop();
    await good.stop();
});

// ---- Connections that are lost --------------------------------------------------------------------------------------

const dropFirst = (request, rep) => (rep.heard.length === 1 ? rep.drop() : echo(request));

for (const [op, request] of [
    ['decide', { placements: ['a'] }],
    ['record', [{ event: 'click', token: 't' }]],
    ['erase', { person: 1 }],
    ['publish', { files: {}, from: '' }],
    ['rollback', { from: 'shop@2' }],
    ['context', { person: 1 }],
    ['batch', [{ op: 'decide', placements: ['a'] }, { op: 'rollback', from: 'shop@2' }]],
]) {
    test(
        `${op} is sent again, the same, over a new connection${request.from === undefined ? '' : ', with `from`'}`,
        withServer(
            async (r, rep) => (rep.heard.length === 1 ? rep.drop() : { ok: true, replies: [] }),
            {},
            async (tact, rep) => {
                await tact[op](request);
                const [first, second] = rep.heard.map(({ deadline_us, ...rest }) => rest);
                assert.deepEqual(first, second);
                assert.ok(rep.heard[1].deadline_us < rep.heard[0].deadline_us);
                assert.equal(rep.connections, 2);
            },
        ),
    );
}

for (const [op, request] of [
    ['publish', { files: {} }],
    ['rollback', {}],
    ['batch', [{ op: 'decide', placements: ['a'] }, { op: 'rollback' }]],
]) {
    test(
        `${op} without \`from\` is not sent again`,
        withServer(dropFirst, {}, async (tact, rep) => {
            await assert.rejects(tact[op](request), refusal('unreachable'));
            await tact.status();
            assert.deepEqual(rep.heard.map(({ op: name }) => name), [op, 'status']);
        }),
    );
}

test(
    'a request over which the server falls every time is given up',
    withServer((request, rep) => (request.op === 'decide' ? rep.drop() : echo(request)), {}, async (tact, rep) => {
        await assert.rejects(tact.decide({}, { deadlineMs: 20000 }), refusal('unreachable'));
        assert.equal(rep.heard.length, 3);
        assert.equal((await tact.status()).ok, true);
    }),
);

test('calls wait for a server that comes later, and after a restart', async () => {
    const port = await freePort();
    const tact = new Tact(`ws://127.0.0.1:${port}`, { deadlineMs: 20000 });
    const early = tact.status();
    await new Promise((done) => setTimeout(done, 100));
    let rep = await Rep.start(echo, port);
    assert.equal((await early).ok, true);
    await rep.stop();
    const between = tact.status();
    await new Promise((done) => setTimeout(done, 100));
    rep = await Rep.start(echo, port);
    assert.equal((await between).ok, true);
    tact.close();
    await rep.stop();
});

test('who waits for nothing does not come back by itself', async () => {
    let rep = await Rep.start(echo);
    const tact = new Tact(rep.url);
    await tact.status();
    await rep.stop();
    rep = await Rep.start(echo, rep.port);
    await new Promise((done) => setTimeout(done, 300));
    assert.equal(rep.connections, 0);
    await tact.status();
    assert.equal(rep.connections, 1);
    tact.close();
    await rep.stop();
});

test('the first of the servers that can be reached is asked', async () => {
    const [one, two] = [await Rep.start(echo), await Rep.start(echo)];
    const tact = new Tact([`ws://127.0.0.1:${await freePort()}`, one.url, two.url]);
    await tact.status();
    assert.deepEqual([one.connections, two.connections], [1, 0]);
    await one.stop();
    await tact.status();
    assert.deepEqual([one.connections, two.connections], [1, 1]);
    tact.close();
    await two.stop();
});

test('without any server a call ends in its time, and says where it looked', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const tact = new Tact(url);
    await assert.rejects(tact.status({}, { deadlineMs: 100 }), (error) => {
        return refusal('unreachable')(error) && error.text.includes(url);
    });
    tact.close();
});

test('a server that speaks something else is not taken for one', async () => {
    const server = new ws.WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => false });
    await once(server, 'listening');
    const tact = new Tact(`ws://127.0.0.1:${server.address().port}`);
    await assert.rejects(tact.status({}, { deadlineMs: 200 }), refusal('unreachable'));
    tact.close();
    for (const socket of server.clients) socket.terminate();
    server.close();
});

// ---- Ends -----------------------------------------------------------------------------------------------------------

test(
    'close rejects what is not answered, and what is asked after it',
    withServer(() => undefined, {}, async (tact) => {
        const call = tact.status();
        setTimeout(() => tact.close(), 20);
        await assert.rejects(call, refusal('unreachable'));
        await assert.rejects(tact.status(), refusal('unreachable'));
    }),
);

test('a URL that is none is the caller\'s mistake', () => {
    for (const servers of ['tcp://127.0.0.1:7420', '127.0.0.1:7422', 'ws:///x', [], undefined]) {
        assert.throws(() => new Tact(servers), TypeError);
    }
});

test('real NNG understands it', async () => {
    const reply = path.join(project, 'reply');
    writeFileSync(reply, msgpack.encode({ ok: true, position: 90211 }));
    const url = `ws://127.0.0.1:${await freePort()}`;
    const nngcat = spawn('nngcat', ['--rep', '--listen', url, '--file', reply], { stdio: 'ignore' });
    const tact = new Tact(url, { deadlineMs: 20000 });
    try {
        for (let i = 0; i < 3; i++) assert.deepEqual(await tact.record([]), { ok: true, position: 90211 });
    } finally {
        tact.close();
        nngcat.kill();
    }
});
