// The pages as they are used: without script, and without a mouse.

import assert from 'node:assert/strict';
import test from 'node:test';

import { focused, open, stops } from './browser.js';
import { linkOf, somebody, start } from './system.js';

const settings = { javaScriptEnabled: false, viewport: { width: 375, height: 667 } };

/** Somebody who agreed to mail and got her welcome, and a tab of hers. */
async function reader(suite, name, { system, browser }) {
    const person = somebody(name, 'en-US');
    await system.agrees(person);
    await system.buys(person, '20.00');
    const welcome = await system.mail(person, 'welcome');
    return { person, welcome, tab: await browser.visitor(system.url, settings) };
}

const consent = async (system, person) => (await system.everythingOf(person)).customer.consent.email;

test('without a mouse, and without script', async (suite) => {
    const both = { system: await start(suite), browser: await open(suite) };
    const { system } = both;

    await suite.test('a link, a button: no more offers; one more, and they come again', async () => {
        const { person, welcome, tab } = await reader(suite, 'Ada Click', both);
        await tab.goto(linkOf(welcome, 'u'));
        assert.equal(await consent(system, person), 'subscribed');
        await tab.locator('#stop button').click();
        assert.equal(await consent(system, person), 'unsubscribed');
        await tab.locator('#preferences').click();
        await tab.locator('#undo button').click();
        assert.equal(await consent(system, person), 'subscribed');
        assert.deepEqual(tab.strays, []);
    });

    await suite.test('what is chosen is saved, and shown when she comes again', async () => {
        const { welcome, tab } = await reader(suite, 'Bea Choice', both);
        await tab.goto(linkOf(welcome, 'p'));
        const boxes = tab.locator('#choices input[type=checkbox]');
        const before = await boxes.count();
        assert.ok(before > 3, `${before} kinds to choose`);
        await boxes.first().uncheck();
        await boxes.last().uncheck();
        await tab.locator('#choices button').click();
        assert.equal(await tab.getByRole('status').count(), 1);
        await tab.goto(linkOf(welcome, 'p'));
        const checked = await boxes.evaluateAll((all) => all.map((one) => one.checked));
        assert.deepEqual(checked, checked.map((_, place) => place !== 0 && place !== before - 1));
    });

    await suite.test('a yes to mail takes a button, and a look at the page is no yes', async () => {
        const person = somebody('Cora Yes', 'en-US');
        await system.buys(person, '20.00');
        const tab = await both.browser.visitor(system.url, settings);
        const question = await system.question(person);
        await tab.goto(question);
        assert.notEqual(await consent(system, person), 'subscribed');
        await tab.locator('#confirm button').click();
        assert.equal(await consent(system, person), 'subscribed');
    });

    await suite.test('the keyboard reaches everything, in order, and shows where it is', async () => {
        const { person, welcome, tab } = await reader(suite, 'Dora Key', both);
        const question = await system.question(person);
        for (const link of ['u', 'p', 'why'].map((door) => linkOf(welcome, door)).concat(question)) {
            await tab.goto(link);
            const found = await stops(tab);
            assert.equal(found[0].href, '#main', 'first, a way past the head of the page');
            const unseen = found.filter((stop) => !stop.seen);
            assert.deepEqual(unseen, [], `${new URL(link).pathname.split('/')[1]}: focus not seen`);
            const nameless = found.filter((stop) => stop.tag !== 'body' && stop.name === '');
            assert.deepEqual(nameless, [], 'nothing without a name');
            const reachable = await tab.locator('a[href], button, select, input:not([type=hidden])').count();
            const radios = await tab.locator('input[type=radio]').count();
            const groups = await tab.locator('fieldset:has(input[type=radio])').count();
            assert.equal(found.length, reachable - radios + groups, 'a group of radios is one stop');
        }
    });

    await suite.test('Enter on the button stops offers', async () => {
        const { person, welcome, tab } = await reader(suite, 'Ella Enter', both);
        await tab.goto(linkOf(welcome, 'u'));
        await tabTo(tab, 'button');
        await Promise.all([tab.waitForNavigation(), tab.keyboard.press('Enter')]);
        assert.equal(await consent(system, person), 'unsubscribed');
    });

    await suite.test('Space unticks a kind, Enter in the form saves', async () => {
        const { welcome, tab } = await reader(suite, 'Fay Space', both);
        await tab.goto(linkOf(welcome, 'p'));
        await tabTo(tab, 'input');
        await tab.keyboard.press('Space');
        await Promise.all([tab.waitForNavigation(), tab.keyboard.press('Enter')]);
        await tab.goto(linkOf(welcome, 'p'));
        assert.equal(await tab.locator('#choices input[type=checkbox]').first().isChecked(), false);
    });

    await suite.test('every field has a label, and every group its name', async () => {
        const { welcome, tab } = await reader(suite, 'Gwen Label', both);
        await tab.goto(linkOf(welcome, 'p'));
        const fields = tab.locator('input:not([type=hidden])');
        const labels = await fields.evaluateAll((all) => all.map((one) => one.labels.length));
        assert.ok(labels.length > 3 && labels.every((count) => count === 1), `${labels}`);
        const outside = await tab.locator('input:not([type=hidden]):not(fieldset input)').count();
        assert.equal(outside, 0, 'fields outside of a group');
        const groups = await tab.locator('fieldset').count();
        assert.equal(await tab.locator('fieldset > legend:first-child').count(), groups);
    });
});

/** Presses Tab until an element of that name has the focus. */
async function tabTo(tab, tag) {
    for (let press = 0; press < 50; press += 1) {
        await tab.keyboard.press('Tab');
        if ((await focused(tab))?.tag === tag) return;
    }
    assert.fail(`no ${tag} is reached`);
}
