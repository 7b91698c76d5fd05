// The links of weeks of mail, followed by whatever follows links: nothing changes. Then one
// POST as a mail provider sends it: what it says stops, and nothing more.

import assert from 'node:assert/strict';
import test from 'node:test';

import { linkOf, linksOf, oneClick, somebody, start, until } from './system.js';

const WEEKS = 4;
const HOUR_MS = 60 * 60 * 1000;

/** Weeks of a shop: who agreed to mail and who didn't, who buys much and who little. */
async function traffic(system) {
    const people = [
        somebody('Ada Agreed', 'en-US'),
        somebody('Jonas Genau', 'de-DE'),
        somebody('Bea Gold', 'en-GB'),
        somebody('Cora Lowe', 'fr-FR'),
    ];
    await system.agrees(people[0]);
    await system.agrees(people[1]);
    for (let week = 0; week < WEEKS; week += 1) {
        for (const person of people) await system.buys(person, week === 1 ? '550.00' : '20.00');
        if (week === 0) await system.mail(people[0], 'welcome');
        if (week === 1) for (const person of people) await system.mail(person, 'tier-reached');
        await system.moveToMonday();
        await settled(system, people);
        await system.moveTo(new Date((await system.now()).getTime() + 24 * HOUR_MS));
    }
    return people;
}

/** All that is known of some people, once nothing of it changes any more. */
async function settled(system, people) {
    let before;
    return until('a system at rest', async () => {
        // Longer than the mailer's own turn takes to come round.
        await new Promise((later) => setTimeout(later, 2_500));
        const all = await Promise.all(people.map((person) => system.everythingOf(person)));
        const rests = JSON.stringify(all) === before;
        before = JSON.stringify(all);
        return rests && all;
    });
}

const post = (link, body = 'List-Unsubscribe=One-Click') =>
    fetch(link, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        redirect: 'manual',
    });

test('the links of weeks of mail', async (suite) => {
    const system = await start(suite);
    const people = await traffic(system);
    const [ada, , , cora] = people;
    const mails = await system.mails();

    await suite.test('every mail but an asked-for one can be stopped by one click', () => {
        assert.ok(mails.length >= WEEKS * 3, `${mails.length} mails`);
        for (const mail of mails) {
            assert.equal(mail.headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click');
            assert.equal(new URL(oneClick(mail)).pathname.split('/')[1], 'u');
            for (const door of ['p', 'why']) linkOf(mail, door);
        }
    });

    await suite.test('GET and HEAD of every link change nothing', async () => {
        const before = await settled(system, people);
        const links = mails.flatMap(linksOf).filter((link) => link.startsWith(system.url));
        assert.ok(links.length >= mails.length * 3, `${links.length} links`);
        for (const link of links) {
            for (const method of ['HEAD', 'GET', 'GET']) {
                const answer = await fetch(link, { method, redirect: 'manual' });
                assert.equal(answer.status, 200, `${method} ${link}`);
                assert.equal(answer.headers.get('set-cookie'), null);
                assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
                await answer.text();
            }
        }
        assert.deepEqual(await settled(system, people), before);
    });

    await suite.test('one POST of a receipt stops receipts and nothing more', async () => {
        const before = await system.everythingOf(cora);
        const receipt = await system.mail(cora, 'receipt');
        const answer = await post(oneClick(receipt));
        assert.equal(answer.status, 200);
        assert.deepEqual(await off(system, cora), ['receipt']);
        const after = await system.everythingOf(cora);
        const { customer } = before;
        const consent = { ...customer.consent, off: ['receipt'] };
        assert.deepEqual(after.customer, { ...customer, consent }, 'no word of hers about offers');
        const others = await Promise.all(people.slice(0, 3).map((one) => off(system, one)));
        assert.deepEqual(others.flat(), [], 'nobody else');
    });

    await suite.test('one POST of an offer stops all offers, twice the same, and no receipts', async () => {
        const before = await system.everythingOf(ada);
        const welcome = await system.mail(ada, 'welcome');
        assert.equal((await post(oneClick(welcome))).status, 200);
        const after = await system.everythingOf(ada);
        assert.equal(before.customer.consent.email, 'subscribed');
        assert.equal(after.customer.consent.email, 'unsubscribed');
        assert.equal((await post(oneClick(welcome))).status, 200);
        assert.deepEqual((await system.everythingOf(ada)).customer, after.customer);
        const { consent: _, ...rest } = after.customer;
        const { consent: __, ...were } = before.customer;
        assert.deepEqual(rest, were);
        assert.deepEqual(after.ledger, before.ledger);
        await system.buys(ada, '20.00');
        const receipts = (await receiptsOf(system, ada)).length;
        await system.moveToMonday();
        const more = async () => (await receiptsOf(system, ada)).length > receipts;
        await until('her next receipt', more).catch(async (error) => {
            assert.fail(`${error}: ${JSON.stringify((await system.everythingOf(ada)).messages)}`);
        });
    });

    await suite.test('an offer that waits in the queue stays there, and what is owed goes', async () => {
        const dora = somebody('Dora Waits', 'en-US');
        const evening = new Date(await system.now());
        // Ten in the evening of the next day where the shop is, and told two hours later.
        evening.setUTCDate(evening.getUTCDate() + 2);
        evening.setUTCHours(3, 0, 0, 0);
        await system.moveTo(new Date(evening.getTime() - HOUR_MS));
        await system.agrees(dora);
        await system.moveTo(new Date(evening.getTime() + 2 * HOUR_MS));
        await system.buys(dora, '550.00', evening);
        const queued = await until('her mail in the queue', async () => {
            const { messages } = (await system.everythingOf(dora)).messages;
            return messages.find((one) => one.kinds.includes('welcome') && one.state !== 'sent');
        });
        assert.ok(queued.kinds.includes('tier-reached'), `${queued.kinds}`);
        assert.deepEqual(await system.mails(dora), [], 'at night nothing goes');
        assert.equal((await post(await system.link('u', dora, 'welcome'))).status, 200);
        await system.moveTo(new Date(evening.getTime() + 13 * HOUR_MS));
        const told = await system.mail(dora, 'tier-reached');
        const [message] = (await system.everythingOf(dora)).messages.messages.filter((one) => one.id === queued.id);
        assert.deepEqual(message.reasons.map((one) => one.kind), ['welcome'], JSON.stringify(message));
        assert.equal(told.tags.message, queued.id);
        const kinds = (await system.mails(dora)).map((mail) => mail.kind);
        assert.ok(!kinds.includes('welcome'), `${kinds}`);
    });
});

/** Which kinds somebody switched off, as her own page shows them. */
async function off(system, person) {
    const page = await (await fetch(await system.link('p', person))).text();
    const boxes = page.match(/<input type="checkbox"[^>]*name="kind"[^>]*>/g) ?? [];
    assert.ok(boxes.length > 2, page);
    const kinds = boxes.filter((box) => !/ checked/.test(box)).map((box) => /value="([^"]*)"/.exec(box)[1]);
    const marketing = ['birthday', 'anniversary', 'welcome', 'tier-at-risk', 'survey', 'win-back'];
    return kinds.filter((kind) => !marketing.includes(kind));
}

const receiptsOf = async (system, person) =>
    (await system.mails(person)).filter((mail) => mail.kind === 'receipt');
