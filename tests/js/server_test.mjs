// SPDX-License-Identifier: Apache-2.0
//
// The client against a real server, `tact serve` with rules/shop and the sample's persons: a website, a chat assistant
// and a marketer, a token that may not, and a server that is started again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { client, project, root } from './package.mjs';
import { run, Serve } from './serve.mjs';

const { Tact, TactError } = client;
const refusal = (code, at) => (error) => {
    assert.ok(error instanceof TactError && error.code === code, String(error));
    if (at !== undefined) assert.equal(error.at, at);
    return true;
};
const zoe = { email: 'zoe@example.com' };

let serve;
let tact;

before(async () => {
    serve = await Serve.prepare();
    serve.start();
    tact = new Tact(serve.url, { deadlineMs: 20000 });
});

after(async () => {
    tact.close();
    await serve.stop();
});

test('a website asks, by a cookie and by nobody', async () => {
    const known = await tact.decide({ person: { cookie: '7f3' }, placements: ['home_hero', 'cart_strip'] });
    assert.equal(known.ok, true);
    assert.equal(known.bundle, 'shop@1');
    assert.deepEqual(Object.keys(known.placements), ['home_hero', 'cart_strip']);
    assert.equal(typeof known.placements.home_hero[0].content.title, 'string');
    const nobody = await tact.decide({ person: { cookie: 'new here' }, placements: ['home_hero'], dry: true });
    assert.equal(nobody.person, null);
    assert.equal(nobody.placements.home_hero[0].token, undefined);
    const byNumber = await tact.decide({ person: known.person, placements: ['home_hero'], dry: true });
    assert.equal(byNumber.person, known.person);
});

test('a number that only a BigInt holds is taken as it is', async () => {
    const person = 2n ** 63n + 1n;
    const told = (error) => refusal('unknown_person', 'person')(error) && error.text.includes(String(person));
    await assert.rejects(tact.decide({ person, placements: ['home_hero'] }), told);
    await assert.rejects(tact.context({ person }), refusal('unknown_person', 'person'));
});

test('an impression that is recorded uses a cap up', async () => {
    const shows = async () => (await tact.decide({ person: zoe, placements: ['cart_strip'] })).placements.cart_strip;
    const newsletter = (await shows()).find(({ offer }) => offer === 'newsletter');
    assert.ok(newsletter?.token);
    const { position } = await tact.record([{ event: 'impression', token: newsletter.token }]);
    assert.ok(position > 0);
    assert.ok(!(await shows()).some(({ offer }) => offer === 'newsletter')); // once in seven days
});

test('what the website recorded the chat assistant knows, and a click there uses up a cap', async () => {
    await tact.record([{ event: 'complaint', person: zoe, channel: 'web' }]);
    const { segments, recent, person } = await tact.context({ person: zoe, channel: 'chat', budget: 500 });
    assert.ok(segments.includes('unhappy'));
    assert.ok(recent.some(({ event, channel }) => event === 'complaint' && channel === 'web'));
    const request = { person, placements: ['chat_reply'], context: { intent: 'complaint' } };
    const [call] = (await tact.decide(request)).placements.chat_reply;
    assert.equal(call.offer, 'apology_call');
    await tact.record([{ event: 'click', token: call.token, channel: 'chat' }]);
    const again = (await tact.decide(request)).placements.chat_reply;
    assert.ok(!again.some(({ offer }) => offer === 'apology_call')); // one in fourteen days
    const { explain } = await tact.explain(request);
    assert.equal(explain.placements.chat_reply.offers.find(({ offer }) => offer === 'apology_call').stage, 'caps');
});

test('what is wrong is told with its place', async () => {
    const placements = ['home_hero'];
    await assert.rejects(tact.decide({ placements: ['home_hreo'] }), (error) => {
        return refusal('unknown_placement', 'placements[0]')(error) && /did you mean `home_hero`/.test(error.text);
    });
    await assert.rejects(
        tact.decide({ placements, context: { devise: 'mobile' } }),
        refusal('unknown_attribute', 'context.devise'),
    );
    const person = { phone: '1' };
    await assert.rejects(tact.decide({ placements, person }), refusal('unknown_identity', 'person.phone'));
    await assert.rejects(tact.decide({ placements: 'home_hero' }), refusal('wrong_type', 'placements'));
    await assert.rejects(tact.record([{ event: 'click', token: 'made up' }]), refusal('bad_token'));
    await assert.rejects(tact.publish({ folder: 'rules/shop' }), TactError);
});

test('a batch is answered in its order', async () => {
    const [first, second, third] = await tact.batch([
        { op: 'decide', person: zoe, placements: ['home_hero'] },
        { op: 'decide', placements: ['nowhere'] },
        { op: 'context', person: zoe },
    ]);
    assert.equal(first.placements.home_hero.length, 1);
    assert.deepEqual([second.ok, second.error.code], [false, 'unknown_placement']);
    assert.equal(third.person, first.person);
});

test('a marketer publishes files, and what is broken changes nothing', async () => {
    const files = {};
    for (const name of readdirSync(path.join(root, 'rules/shop'), { recursive: true })) {
        if (name.endsWith('.yaml')) files[name] = readFileSync(path.join(root, 'rules/shop', name), 'utf8');
    }
    const misspelt = files['placements.yaml'].replace('rank: likeliest', 'rank: likelyest');
    const broken = { ...files, 'placements.yaml': misspelt };
    await assert.rejects(tact.publish({ files: broken }), (error) => {
        return refusal('bad_bundle')(error) && error.text.includes('placements.yaml') && error.text.includes('^');
    });
    files['placements.yaml'] = files['placements.yaml'].replace('title: Start page', 'title: Home');
    await assert.rejects(tact.publish({ files, from: 'shop@7' }), refusal('not_active'));
    assert.equal((await tact.publish({ files, from: 'shop@1', message: 'home' })).bundle, 'shop@2');
    const { bundles } = await tact.bundles();
    assert.deepEqual(bundles.map(({ bundle, active }) => [bundle, active]), [['shop@2', true], ['shop@1', false]]);
    assert.equal((await tact.rollback({ from: 'shop@2' })).bundle, 'shop@1');
});

test('a record that is sent again is applied once', async () => {
    const events = async () => (await tact.status()).events;
    const before = await events();
    const request = { commands: [{ event: 'search', properties: { term: 'boots' }, person: zoe }], id: 'twice' };
    await tact.record(request);
    await tact.record(request);
    assert.equal(await events(), before + 1);
});

test('the program in README.md runs as it stands', () => {
    const readme = readFileSync(path.join(root, 'clients/js/README.md'), 'utf8');
    const [, text] = readme.match(/^```js chat\.mjs\n(.*?)^```$/ms);
    writeFileSync(path.join(project, 'chat.mjs'), text.replace('127.0.0.1:7422', `127.0.0.1:${serve.port}`));
    const said = execFileSync(process.execPath, [path.join(project, 'chat.mjs')], { encoding: 'utf8' });
    assert.match(said, /^person \d+.*\n(\w+: .+\n)+$/);
});

test('the server is started again: the same client goes on, and what was recorded is there', async () => {
    await serve.stop();
    const early = tact.decide({ person: zoe, placements: ['cart_strip'] });
    serve.start();
    assert.ok(!(await early).placements.cart_strip.some(({ offer }) => offer === 'newsletter'));
});

test('a token that has not the role is told so', async () => {
    await serve.stop();
    const tokens = path.join(project, 'tokens');
    const [token, line] = tokenOf(run('token', 'website', '--roles', 'decide,record'));
    writeFileSync(tokens, `${line}\n`);
    serve.start('--tokens', tokens);
    const website = new Tact(serve.url, { token, deadlineMs: 20000 });
    assert.equal((await website.decide({ placements: ['home_hero'] })).ok, true);
    await assert.rejects(website.person({ person: zoe }), refusal('forbidden'));
    await assert.rejects(tact.decide({ placements: ['home_hero'] }), refusal('forbidden'));
    website.close();
});

// The token, and the line of the file that allows it, as `tact token` prints them.
function tokenOf(text) {
    return [text.match(/tact_[\w-]+/)[0], text.match(/^[0-9a-f]{64}\s.*$/m)[0]];
}
