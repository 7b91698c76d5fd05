// A browser, and what every page and every mail has to bear in it.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;
// Where `npm ci` put what package-lock.json names.
const TOOLS = process.env.BROWSER_TOOLS ?? join(ROOT, 'target/tools/browser');
const SCREENSHOTS = process.env.SCREENSHOTS ?? join(ROOT, 'target/screenshots');
const tools = createRequire(join(TOOLS, 'package.json'));
const { chromium } = tools('playwright-core');

const FLAGS = [
    // Chromium has no sandbox of its own for root; nothing but our own pages runs in it.
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // What slips past the tests' own watch finds no host.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

const PHONE = { width: 320, height: 720 };
const DESKTOP = { width: 1280, height: 800 };

// What may differ in the dark.
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** How a page may be looked at; `only` are the rules that count, where it isn't all. */
const LOOKS = [
    { name: '320-light', viewport: PHONE, colorScheme: 'light' },
    { name: '320-dark', viewport: PHONE, colorScheme: 'dark', only: COLOURS },
    { name: '1280-light', viewport: DESKTOP, colorScheme: 'light' },
    { name: '1280-dark', viewport: DESKTOP, colorScheme: 'dark', only: COLOURS },
    { name: '320-forced', viewport: PHONE, colorScheme: 'dark', forcedColors: 'active' },
    // 1280 × 1024 at 400 %, as WCAG 1.4.10 means it: for axe the phone again.
    { name: 'zoomed', viewport: { width: 320, height: 256 }, colorScheme: 'light', only: [] },
];

const RULES = {
    runOnly: {
        type: 'tag',
        values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    },
    // Off by default, and part of WCAG 2.2 AA.
    rules: { 'target-size': { enabled: true } },
};

const LOGO =
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="48"><rect width="96" height="48" fill="#7c2d12"/></svg>';

// There the reader's own colours are painted, and axe reads those of the page.
const FORCED = ['color-contrast'];

/** What a page has to have and a mail hasn't: it stands in its reader's page. */
export const OF_PAGES = ['landmark-one-main', 'page-has-heading-one', 'region'];

/** Opens Chromium; it closes with the test. */
export async function open(test) {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    test.after(() => browser.close());
    const axe = await readFile(tools.resolve('axe-core/axe.min.js'), 'utf8');
    await mkdir(SCREENSHOTS, { recursive: true });
    return new Browser(browser, axe);
}

class Browser {
    #browser;
    #axe;

    constructor(browser, axe) {
        this.#browser = browser;
        this.#axe = axe;
    }

    /**
     * Somebody's tab, who may see only `host` and the shop's `logo`; `strays` are requests to
     * anywhere else.
     */
    async visitor(host, { logo, ...options } = {}) {
        const context = await this.#browser.newContext({ reducedMotion: 'reduce', ...options });
        const strays = [];
        await context.route('**', async (route) => {
            const url = new URL(route.request().url());
            if (url.origin === new URL(host).origin) return route.continue();
            if (url.href === logo) return route.fulfill({ contentType: 'image/svg+xml', body: LOGO });
            strays.push(url.href);
            return route.abort();
        });
        const page = await context.newPage();
        return Object.assign(page, { strays, leave: () => context.close() });
    }

    /**
     * What is wrong with the page before the visitor, and in which looks; empty where nothing is.
     * Rules of axe in `but` don't count.
     */
    async faults(page, name, but = []) {
        const faults = new Map();
        for (const look of LOOKS) {
            await page.setViewportSize(look.viewport);
            const { colorScheme, forcedColors = 'none' } = look;
            await page.emulateMedia({ colorScheme, forcedColors });
            const without = forcedColors === 'active' ? [...but, ...FORCED] : but;
            const rules = look.only ? { runOnly: look.only } : all(without);
            const found = [...(await this.#unfit(page, rules)), ...(await overflow(page))];
            for (const fault of found) faults.set(fault, [...(faults.get(fault) ?? []), look.name]);
            const path = join(SCREENSHOTS, `${name}-${look.name}.png`);
            await page.screenshot({ path, fullPage: true });
        }
        const unfit = [...faults].map(([fault, looks]) => `${name} (${looks}): ${fault}`);
        return [...unfit, ...page.strays.map((url) => `${name}: it asks for ${url}`)];
    }

    async #unfit(page, rules) {
        if (rules.runOnly.length === 0) return [];
        // Through the debugger: the page's own policy allows no script.
        if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(this.#axe);
        const { violations } = await page.evaluate((chosen) => globalThis.axe.run(chosen), rules);
        return violations.flatMap(({ id, help, nodes }) =>
            nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
        );
    }
}

/** All rules but some. */
function all(without) {
    const off = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
    return { ...RULES, rules: { ...RULES.rules, ...off } };
}

/** What is wider than the window. */
async function overflow(page) {
    return page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth <= clientWidth) return [];
        const wide = [...document.querySelectorAll('body *')]
            .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
            .map((element) => element.tagName.toLowerCase());
        return [`it scrolls sideways, ${scrollWidth} px in ${clientWidth}: ${[...new Set(wide)]}`];
    });
}

/** What has the focus: how it is called, whether that can be seen. Nothing if it had it before. */
export async function focused(page) {
    return page.evaluate(() => {
        const element = document.activeElement;
        const visited = (globalThis.visited ??= new WeakSet());
        if (!element || element === document.body || visited.has(element)) return null;
        visited.add(element);
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const style = getComputedStyle(element);
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        const label = element.labels?.[0];
        const uncovered = [element, label].some((one) => one && (one.contains(middle) || middle?.contains(one)));
        // A browser scrolls by whole pixels, and a page isn't laid out in them.
        const inside = top > -1 && left > -1 && bottom < innerHeight + 1 && right < innerWidth + 1;
        const name = element.getAttribute('aria-label') ?? label?.innerText ?? element.innerText;
        return {
            tag: element.tagName.toLowerCase(),
            type: element.type,
            href: element.getAttribute('href'),
            name: (name || element.querySelector('img')?.alt || '').trim(),
            seen: outlined && uncovered && inside,
        };
    });
}

/** Every stop of the Tab key, from the top of the page to its end. */
export async function stops(page) {
    const stops = [];
    for (let press = 0; press < 100; press += 1) {
        await page.keyboard.press('Tab');
        const stop = await focused(page);
        if (!stop) return stops;
        stops.push(stop);
    }
    assert.fail('the Tab key comes to no end');
}
