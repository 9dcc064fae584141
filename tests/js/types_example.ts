// SPDX-License-Identifier: Apache-2.0
//
// A program as somebody may write it against the package's types: types_test.mjs compiles it. Where a mistake must not
// compile, the line says so.
import { Duration, Tact, TactError } from '@tact/client';

interface Hero {
    title: string;
    link: string;
    badge?: string;
}

export async function example(page: { show(hero: Hero): void; log(text: string): void }) {
    const tact = new Tact(['ws://127.0.0.1:7422'], { token: 'tact_…', deadlineMs: 50 });
    const { placements, person } = await tact.decide<Hero>({
        person: { cookie: '7f3', crm: [4711, 4712n] },
        placements: ['home_hero'],
        context: { device: 'mobile', since: Duration.ofMs(90_000), at: new Date() },
        events: [{ type: 'page_view', category: 'shoes' }],
    });
    for (const { content, token, fallback } of placements.home_hero) {
        page.show(content);
        if (!fallback && token) await tact.record([{ event: 'impression', token, channel: 'web' }]);
    }
    const signal = AbortSignal.timeout(100);
    if (person !== null) await tact.context({ person, channel: 'chat', budget: 200 }, { signal });

    await tact.record({
        id: 'nightly-1',
        commands: [
            { set: { language: 'de', tier: null }, person: { crm: '4711' }, source: 'crm' },
            { event: 'purchase', properties: { amount: 12.5 }, person: { cookie: '7f3' }, time: new Date() },
            { consent: { marketing: 'granted' }, expires: '2027-12-01T00:00:00Z', person: { email: 'a@b.c' } },
            { link: { crm: '4711', email: 'a@b.c' } },
            { erase: true, person: { crm: 4711 } },
        ],
    });

    const [decided, status, published] = await tact.batch([
        { op: 'decide', placements: ['home_hero'] },
        { op: 'status' },
        { op: 'publish', files: { 'bundle.yaml': 'bundle: shop' }, from: '' },
    ]);
    if (decided.ok) page.log(decided.decision);
    if (status.ok) page.log(`${status.persons} persons, ${status.position}`);
    if (!published.ok) page.log(published.error.text);

    const why = await tact.explain({ placements: ['home_hero'] });
    page.log(why.explain.placements.home_hero.funnel.map(({ stage, left }) => `${stage} ${left}`).join(', '));
    const { bundles } = await tact.bundles();
    await tact.rollback({ version: bundles[1].bundle, from: bundles[0].bundle });
    await tact.rollback();
    page.log((await tact.simulate({ version: 'shop@2', sample: 1000 })).placements.home_hero.offers[0].offer);

    try {
        await tact.erase({ person: { email: 'a@b.c' } });
    } catch (error) {
        if (error instanceof TactError && error.code === 'unknown_person') page.log(error.at);
    }
    tact.close();

    // @ts-expect-error: placements are missing
    await tact.decide({ person: { cookie: '7f3' } });
    // @ts-expect-error: there is no such key
    await tact.decide({ placement: 'home_hero' });
    // @ts-expect-error: one is either granted or not
    await tact.record([{ consent: { marketing: 'yes' }, person: { crm: 1 } }]);
    // @ts-expect-error: a change does something
    await tact.record([{ person: { crm: 1 } }]);
    // @ts-expect-error: a batch's requests have their operation
    await tact.batch([{ placements: ['home_hero'] }]);
    // @ts-expect-error: over a wire there are no folders
    await tact.publish({ folder: 'rules/shop' });
    // @ts-expect-error: it is a text
    new Tact('ws://127.0.0.1:7422', { token: 4711 });
}
