// SPDX-License-Identifier: Apache-2.0
//
// The client in a browser: Chromium, without a window, opens a page that imports the package's files as they are, asks
// a server, and sends what came of it back to this test. Without chromium there is nothing to run (`make check`
// installs it).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { project } from './package.mjs';
import { Rep } from './rep.mjs';
import { Serve } from './serve.mjs';

const PATIENCE_MS = 120000; // a browser's first start on a busy machine

// ---- In the page ----------------------------------------------------------------------------------------------------

// These run in the page; what they return comes back as JSON.
async function atATestsServer({ Tact, TactError, Duration }, url) {
    const out = {};
    const tact = new Tact(url, { token: 'tact_page', deadlineMs: 20000 });
    const { request } = await tact.decide({
        person: 2n ** 62n,
        placements: ['home_hero'],
        context: { above32: 2 ** 40, at: new Date(0), span: Duration.ofMs(1500) },
    });
    out.person = String(request.person);
    out.above32 = request.context.above32;
    out.at = request.context.at instanceof Date;
    out.span = request.context.span instanceof Duration && request.context.span.ms;
    out.auth = request.auth;
    out.drawn = request.decision.length;
    out.refused = await tact.explain({}).catch((error) => error instanceof TactError && [error.code, error.at]);
    out.again = (await tact.record([{ event: 'drop me' }])).ok; // the server loses the connection the first time
    out.many = (await Promise.all(Array.from({ length: 50 }, (_, n) => tact.context({ n })))).map((r) => r.request.n);
    out.aborted = await tact.status({}, { signal: AbortSignal.timeout(50) }).catch((error) => error.name);
    tact.close();
    out.closed = await tact.status().catch((error) => error.code);
    const nobody = new Tact('ws://127.0.0.1:1');
    out.nobody = await nobody.status({}, { deadlineMs: 300 }).catch((error) => error.code);
    nobody.close();
    return out;
}

async function atARealServer({ Tact }, url) {
    const tact = new Tact(url, { deadlineMs: 20000 });
    const { bundle, person, placements } = await tact.decide({ person: { cookie: '7f3' }, placements: ['home_hero'] });
    const refused = await tact.decide({ placements: ['nowhere'] }).catch(({ code, at }) => [code, at]);
    tact.close();
    return { bundle, person: typeof person, title: typeof placements.home_hero[0].content.title, refused };
}

const page = (run, server) => `<!doctype html>
<script type="importmap">
{"imports": {"@tact/client": "/client/tact.js", "@msgpack/msgpack": "/msgpack/index.mjs"}}
</script>
<script type="module">
const send = (body) => fetch('/done', { method: 'POST', body: JSON.stringify(body) });
try {
    const client = await import('@tact/client');
    const run = ${run};
    await send(await run(client, ${JSON.stringify(server)}));
} catch (error) {
    await send({ error: String(error.stack ?? error) });
}
</script>`;

// ---- Around it ------------------------------------------------------------------------------------------------------

const folders = {
    '/client/': path.join(project, 'node_modules/@tact/client'),
    '/msgpack/': path.join(project, '../node_modules/@msgpack/msgpack/dist.esm'),
};

// Serves the page and the files that it imports; `heard` gets what the page sends.
function serve(html, heard) {
    return createServer(async (request, response) => {
        if (request.method === 'POST') {
            let body = '';
            for await (const part of request) body += part;
            response.end();
            return heard(JSON.parse(body));
        }
        if (request.url === '/') return response.setHeader('content-type', 'text/html').end(html);
        const folder = Object.keys(folders).find((name) => request.url.startsWith(name));
        if (!folder) return response.writeHead(404).end();
        const file = path.join(folders[folder], path.normalize(request.url.slice(folder.length)));
        response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
    });
}

const chromium = process.env.CHROMIUM ?? 'chromium';
const there = spawnSync(chromium, ['--version'], { encoding: 'utf8' });
const skip = there.status !== 0 && 'no chromium here';
if (skip) console.log(`skipped: ${skip}`);

// What `run` returns in a page that is opened for it.
async function browse(run, url) {
    let http;
    const result = new Promise((done) => (http = serve(page(run, url), done).listen(0, '127.0.0.1')));
    await once(http, 'listening');
    const browser = spawn(
        chromium,
        [
            '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
            '--disable-background-networking', `--user-data-dir=${path.join(project, 'browser')}`,
            `http://127.0.0.1:${http.address().port}/`,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    browser.stderr.on('data', (text) => (said += text));
    const over = once(browser, 'exit').then(() => ({ error: `chromium ended: ${said}` }));
    const late = new Promise((done) => {
        setTimeout(done, PATIENCE_MS, { error: `the page said nothing; chromium: ${said}` }).unref();
    });
    try {
        return await Promise.race([result, over, late]);
    } finally {
        browser.kill();
        await over;
        http.closeAllConnections();
        http.close();
    }
}

test('the client works in a browser', { skip }, async () => {
    const rep = await Rep.start((request, { heard }) => {
        if (request.op === 'explain') return { ok: false, error: { code: 'forbidden', text: 'no', at: 'auth' } };
        if (request.op === 'record' && heard.filter(({ op }) => op === 'record').length === 1) return rep.drop();
        return request.op === 'status' ? undefined : { ok: true, request };
    });
    try {
        assert.deepEqual(await browse(atATestsServer, rep.url), {
            person: String(2n ** 62n),
            above32: 2 ** 40,
            at: true,
            span: 1500,
            auth: 'tact_page',
            drawn: 32,
            refused: ['forbidden', 'auth'],
            again: true,
            many: Array.from({ length: 50 }, (_, n) => n),
            aborted: 'TimeoutError',
            closed: 'unreachable',
            nobody: 'unreachable',
        });
        const [first, second] = rep.heard.filter(({ op }) => op === 'record');
        assert.equal(first.id, second.id);
    } finally {
        await rep.stop();
    }
});

test('a page asks a real server', { skip }, async () => {
    const real = await Serve.prepare();
    real.start();
    assert.deepEqual(await browse(atARealServer, real.url), {
        bundle: 'shop@1',
        person: 'number',
        title: 'string',
        refused: ['unknown_placement', 'placements[0]'],
    });
    await real.stop();
});
