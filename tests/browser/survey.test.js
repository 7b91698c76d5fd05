// A survey from the mailbox to the ledger: as a customer on her phone, and as the owner.

import assert from 'node:assert/strict';
import test from 'node:test';

import { OF_PAGES, focused, open, stops } from './browser.js';
import { somebody, start } from './system.js';

const PHONE = { javaScriptEnabled: false, viewport: { width: 320, height: 720 } };
const OWNER = { name: 'Maria', email: 'maria@corner-bakery.example' };
const DAY_MS = 24 * 60 * 60 * 1000;
const WORDS = 'The loaf was dry & <b>small</b> 🥐';

/** A shop that asks for 0 to 10, and two people who were asked. */
async function asked(suite) {
    const system = await start(suite);
    await system.applyProgram((program) => `${program}\n[survey]\nquestion = "nps"\n`);
    await system.moveTo(new Date((await system.now()).getTime() + 2 * DAY_MS));
    const people = [somebody('Nina Ten', 'en-US'), somebody('Lena Two', 'de-DE')];
    for (const person of people) {
        await system.agrees(person);
        await system.buys(person, '20.00');
    }
    // The night three days later finds whom to ask; in a shop's first month that waits for the owner.
    await system.moveTo(new Date((await system.now()).getTime() + 4 * DAY_MS));
    const { approvals } = await system.api('approvals');
    const waiting = approvals.find((one) => one.id.endsWith('.survey'));
    await system.post(`approvals/${waiting.id}`, { approve: 'all' });
    // Her welcome was mail of this week.
    await system.moveTo(new Date((await system.now()).getTime() + 4 * DAY_MS));
    const mails = await Promise.all(people.map((person) => system.mail(person, 'survey')));
    return { system, people, mails };
}

/** Where a mail's score leads. */
function scored(mail, score) {
    const link = new RegExp(`href="([^"]*/s/[^"?]*\\?score=${score})"`).exec(mail.html);
    assert.ok(link, `the mail has no ${score}`);
    return link[1];
}

const answers = async (system) => (await system.api('surveys/answers')).answers;

test('how was it?', async (suite) => {
    const { system, people, mails } = await asked(suite);
    const browser = await open(suite);
    const [nina, lena] = people;
    const [ninas, lenas] = mails;

    await suite.test('the mail has its scores as links that a thumb can hit', async () => {
        for (const [language, mail] of [['en', ninas], ['de', lenas]]) {
            const tab = await browser.visitor(system.url);
            const address = `${system.url}/mail-of-these-tests`;
            await tab.route(address, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: mail.html }));
            await tab.setViewportSize(PHONE.viewport);
            await tab.goto(address);
            const links = tab.locator('a[href*="/s/"]');
            assert.equal(await links.count(), 11);
            for (const box of await links.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()))) {
                assert.ok(box.height >= 44 && box.width >= 40, `${JSON.stringify(box)}`);
            }
            assert.equal((await browser.faults(tab, `mail-survey-${language}`, OF_PAGES)).join('\n'), '');
            await tab.leave();
        }
    });

    await suite.test('whoever follows every link has answered nothing', async () => {
        for (let score = 0; score <= 10; score += 1) {
            for (const method of ['GET', 'HEAD']) {
                const answer = await fetch(scored(ninas, score), { method });
                assert.equal(answer.status, 200);
            }
        }
        assert.deepEqual(await answers(system), []);
    });

    await suite.test('a tap on 9, a word, a thank-you: without script, by a thumb', async () => {
        const tab = await browser.visitor(system.url, PHONE);
        await tab.goto(scored(ninas, 9));
        assert.equal(await tab.locator('html').getAttribute('lang'), 'en');
        assert.equal(await tab.locator('input[name=score]:checked').getAttribute('value'), '9');
        await tab.locator('textarea[name=comment]').fill('Best rye in town!');
        await tab.locator('main button[type=submit]').first().click();
        await tab.waitForLoadState();
        const [answer] = await answers(system);
        assert.deepEqual([answer.score, answer.comment], [9, 'Best rye in town!']);
        assert.equal((await system.api('follow-ups?state=open')).follow_ups.length, 0);
        await tab.leave();
    });

    await suite.test('by keyboard alone: another score, and Enter', async () => {
        const tab = await browser.visitor(system.url, PHONE);
        await tab.goto(scored(ninas, 9));
        const found = await stops(tab);
        assert.deepEqual(found.filter((stop) => !stop.seen), [], 'focus not seen');
        assert.deepEqual(found.filter((stop) => stop.tag !== 'body' && stop.name === ''), [], 'nothing without a name');
        await tab.goto(scored(ninas, 9));
        for (let press = 0; press < 20 && (await focused(tab))?.type !== 'radio'; press += 1) await tab.keyboard.press('Tab');
        await tab.keyboard.press('ArrowRight');
        await Promise.all([tab.waitForNavigation(), tab.keyboard.press('Enter')]);
        const [answer] = await answers(system);
        assert.deepEqual([answer.score, (await answers(system)).length], [10, 1], 'it replaces the first');
        await tab.leave();
    });

    await suite.test('a tap on 2 reaches the owner, who makes it good', async () => {
        const tab = await browser.visitor(system.url, { ...PHONE, locale: 'de-DE' });
        await tab.goto(scored(lenas, 2));
        assert.equal(await tab.locator('html').getAttribute('lang'), 'de');
        await tab.locator('textarea[name=comment]').fill(WORDS);
        await tab.locator('input[name=answer_by][value=mail]').check();
        await tab.locator('main button[type=submit]').first().click();
        await tab.waitForLoadState();
        const alert = await system.mail(OWNER, 'low-score');
        assert.ok(alert.text.includes('🥐') && !alert.html.includes('<b>small</b>'), 'her words, and as words');

        const [waiting] = (await system.api('follow-ups?state=open')).follow_ups;
        await system.post(`follow-ups/${waiting.id}`, { answer: { text: 'I am sorry. The next one is on us.' } });
        const answer = await system.mail(lena, 'follow-up-answer');
        assert.ok(answer.text.includes('The next one is on us.'));
        const before = (await system.everythingOf(lena)).customer.points.available;
        await system.post(`follow-ups/${waiting.id}`, {
            goodwill: { points: 200, words: 'For the dry loaf' },
            close: true,
        });
        const { customer, ledger } = await system.everythingOf(lena);
        assert.equal(customer.points.available, before + 200);
        assert.ok(JSON.stringify(ledger).includes('For the dry loaf'), 'the ledger says what for');
        assert.equal((await system.api('follow-ups?state=open')).follow_ups.length, 0);
        await tab.leave();
    });

    await suite.test('every page of it bears a look by everybody', async () => {
        const faults = [];
        for (const [language, mail, person] of [['en', ninas, nina], ['de', lenas, lena]]) {
            const tab = await browser.visitor(system.url, { locale: person.locale });
            const look = async (name) => faults.push(...(await browser.faults(tab, `survey-${name}-${language}`)));
            await tab.goto(scored(mail, 2));
            await look('low');
            await tab.goto(scored(mail, 10).replace('score=10', 'score=11'));
            await look('no-such-score');
            await tab.goto(scored(mail, 9));
            await look('high');
            await tab.locator('main button[type=submit]').first().click();
            await tab.waitForLoadState();
            await look('thanks');
            await tab.goto(`${system.url}/f/corner-bakery`);
            await look('counter');
            await tab.goto(`${system.url}/f/corner-bakery/card`);
            await look('card');
            await tab.goto(`${system.url}/f/nowhere`);
            await look('counter-of-nobody');
            await tab.leave();
        }
        assert.equal(faults.join('\n'), '');
    });
});
