// Every page and mail, looked at as people do: narrow and wide, light and dark, in forced
// colours, at 400 %.

import assert from 'node:assert/strict';
import test from 'node:test';

import { OF_PAGES, open } from './browser.js';
import { linkOf, somebody, start } from './system.js';

const LOCALES = { en: 'en-US', de: 'de-DE' };
const NAMES = {
    en: ['Imogen Vale', 'Ruth Gold', 'Cora Lowe'],
    de: ['Jonas Brandt', 'Klara Gold', 'Lena Wenig'],
};

/** A mail of each kind a purchase brings, to people of a language. */
async function mailsIn(system, language) {
    const [agreed, loyal, quiet] = NAMES[language].map((name) => somebody(name, LOCALES[language]));
    await system.agrees(agreed);
    await system.buys(agreed, '20.00');
    await system.buys(loyal, '600.00');
    await system.buys(quiet, '20.00');
    const welcome = await system.mail(agreed, 'welcome');
    const tier = await system.mail(loyal, 'tier-reached');
    await system.moveToMonday();
    const receipt = await system.mail(quiet, 'receipt');
    await system.moveTo(new Date((await system.now()).getTime() + 24 * 60 * 60 * 1000));
    return { agreed, loyal, quiet, mails: { welcome, 'tier-reached': tier, receipt } };
}

/** Fails with every fault at once, a line each. */
function bears(faults) {
    assert.equal(faults.join('\n'), '');
}

test('what people see bears a look by everybody', { concurrency: 2 }, async (suite) => {
    const system = await start(suite);
    const browser = await open(suite);
    const all = { en: await mailsIn(system, 'en'), de: await mailsIn(system, 'de') };
    await Promise.all(Object.entries(all).map(async ([language, { agreed, loyal, quiet, mails }]) => {
        const { welcome, receipt } = mails;
        const tab = await browser.visitor(system.url, { locale: LOCALES[language] });
        const page = (name, act) =>
            suite.test(`the page ${name} in ${language}`, async () => {
                await act();
                assert.equal(await tab.locator('html').getAttribute('lang'), language);
                assert.equal(await tab.locator('h1').count(), 1);
                bears(await browser.faults(tab, `${name}-${language}`));
            });
        const opened = (name, link, status = 200) =>
            page(name, async () => {
                const answer = await tab.goto(await link);
                assert.equal(answer.status(), status);
            });
        const pressed = (name, form) => page(name, () => press(tab, form));

        for (const [kind, mail] of Object.entries(mails)) {
            await suite.test(`the mail ${kind} in ${language}`, async () => {
                bears(await looksOfMail(browser, system, mail, `mail-${kind}-${language}`));
            });
            await opened(`why-${kind}`, linkOf(mail, 'why'));
        }
        await opened('unsubscribe-offers', linkOf(welcome, 'u'));
        await pressed('unsubscribed-offers', '#stop');
        await opened('preferences-stopped', linkOf(welcome, 'p'));
        await pressed('preferences-undone', '#undo');
        await opened('unsubscribe-receipts', linkOf(receipt, 'u'));
        await pressed('unsubscribed-receipts', '#stop');
        await opened('preferences-without-consent', linkOf(receipt, 'p'));
        await opened('preferences', system.link('p', agreed));
        await page('preferences-saved', async () => {
            await tab.locator('#choices input[type=checkbox]').first().uncheck();
            await press(tab, '#choices');
        });
        await opened('preferences-before-pause', system.link('p', agreed));
        await pressed('preferences-paused', '#pause');
        await pressed('preferences-nothing', '#nothing');
        await opened('confirmation', system.question(quiet));
        await pressed('confirmed', '#confirm');
        const ago = await system.question(loyal, -1);
        await opened('error-expired', ago, 410);
        await opened('error-forged', `${system.url}/u/${'A'.repeat(80)}`, 404);
        await opened('error-cut-short', linkOf(receipt, 'u').slice(0, -3), 404);
        await opened('error-other-door', linkOf(receipt, 'u').replace('/u/', '/p/'), 404);
        await opened('error-unknown-shop', system.link('u', quiet, 'receipt', { shop: 'nowhere' }), 404);
        await opened('error-mail-of-long-ago', system.link('why', quiet, 'order shopify:1'), 200);
        await tab.leave();
    }));
});

test('a shop whose logo is elsewhere and whose colour is too pale', async (suite) => {
    const system = await start(suite);
    const browser = await open(suite);
    const logo = 'https://corner-bakery.example/logo.svg';
    await system.regulars('mail', 'sender', '--logo', logo, '--accent', '#fde68a', '--imprint',
        'https://corner-bakery.example/about');
    const person = somebody('Ada Pale', 'en-US');
    await system.agrees(person);
    await system.buys(person, '20.00');
    const welcome = await system.mail(person, 'welcome');
    const tab = await browser.visitor(system.url, { logo });

    await suite.test('its mail asks for the logo alone and can be read', async () => {
        bears(await looksOfMail(browser, system, welcome, 'mail-welcome-pale', { logo }));
    });
    for (const door of ['u', 'p', 'why']) {
        await suite.test(`its page /${door}/ asks for the logo alone and can be read`, async () => {
            await tab.goto(linkOf(welcome, door));
            const shown = await tab.locator('header img').evaluate((image) => image.naturalWidth);
            assert.equal(shown, 96);
            bears(await browser.faults(tab, `page-${door}-pale`));
        });
    }
    await suite.test('the local mailbox shows the mail, whose links leave its frame', async () => {
        await tab.goto(`${system.url}/_local/mailbox/`);
        bears(await browser.faults(tab, 'mailbox'));
        await tab.getByRole('link', { name: welcome.subject }).click();
        await tab.waitForLoadState();
        bears(await browser.faults(tab, 'mailbox-mail'));
        const link = tab.frameLocator('iframe').locator(`a[href="${linkOf(welcome, 'p')}"]`);
        const [opened] = await Promise.all([tab.waitForEvent('popup'), link.first().click()]);
        await opened.waitForLoadState();
        assert.equal(await opened.locator('#choices').count(), 1);
    });
});

/** Presses the button that sends a form, and waits for the page it leads to. */
async function press(tab, form) {
    await tab.locator(`${form} button[type=submit]`).first().click();
    await tab.waitForLoadState();
}

/** A mail's HTML alone, as a mail program shows it. */
async function looksOfMail(browser, system, mail, name, options) {
    const tab = await browser.visitor(system.url, options);
    const address = `${system.url}/mail-of-these-tests`;
    const body = { contentType: 'text/html; charset=utf-8', body: mail.html };
    await tab.route(address, (route) => route.fulfill(body));
    await tab.goto(address);
    const faults = await browser.faults(tab, name, OF_PAGES);
    await tab.leave();
    return faults;
}
