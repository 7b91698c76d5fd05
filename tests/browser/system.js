// The running system, and what people do with it: a shop, its customers, its mailbox.

import { execFile, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ROOT = new URL('../../', import.meta.url).pathname;
const REGULARS = process.env.REGULARS ?? join(ROOT, 'target/release/regulars');
const SHOP = 'corner-bakery';
const LINKS_KEY = 'links-of-the-browser-suite';
const TOKEN = 'token-of-the-browser-suite';
// Far longer than anything here takes: a guard against a hang.
const PATIENCE_MS = 30_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Starts `regulars serve` with the sample program, its mail live. Stops with the test. */
export async function start(test) {
    const dir = await mkdtemp(join(tmpdir(), 'regulars-browser-'));
    const env = {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('REGULARS'))),
        REGULARS_API_TOKEN: TOKEN,
        REGULARS_LINKS_KEY: LINKS_KEY,
    };
    const options = { cwd: dir, env };
    const server = spawn(REGULARS, ['serve', '--listen', '127.0.0.1:0', '--data', 'data'], options);
    test.after(async () => {
        server.kill('SIGTERM');
        await new Promise((ended) => (server.exitCode === null ? server.once('exit', ended) : ended()));
        await rm(dir, { recursive: true, force: true });
    });
    const url = await listening(server);
    const system = new System(url, options);
    await system.regulars('mail', 'sender', '--from', 'hello@corner-bakery.example', '--owner',
        'maria@corner-bakery.example', '--postal-address', '5 Main Street, Springfield, NY 12345');
    await system.regulars('mail', 'live');
    await system.moveTo(nextTuesday(await system.now()));
    return system;
}

/** The address a server says it listens at. */
function listening(server) {
    let told = '';
    return new Promise((found, failed) => {
        const hear = (text) => {
            told += text;
            const address = /running at (http:\S+)\. [^]*\/api\/v1\//.exec(told);
            if (address) found(address[1]);
        };
        server.stdout.setEncoding('utf8').on('data', hear);
        server.stderr.setEncoding('utf8').on('data', hear);
        server.once('error', failed);
        server.once('exit', (code) => failed(new Error(`the server ended with ${code}: ${told}`)));
    });
}

/** A Tuesday in the late morning where the shop is: no quiet hours, a week just begun. */
function nextTuesday(now) {
    const day = new Date(now.getTime() + DAY_MS);
    while (day.getUTCDay() !== 2) day.setTime(day.getTime() + DAY_MS);
    day.setUTCHours(15, 0, 0, 0);
    return day;
}

class System {
    #options;
    #orders = 0;

    constructor(url, options) {
        this.url = url;
        this.#options = options;
    }

    /** Runs the command line beside the server; what it says. */
    async regulars(...args) {
        const { stdout } = await promisify(execFile)(REGULARS, args, this.#options);
        return stdout;
    }

    /** What the API answers about the shop. */
    async api(path) {
        const headers = { authorization: `Bearer ${TOKEN}` };
        const answer = await fetch(`${this.url}/api/v1/shops/${SHOP}/${path}`, { headers });
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return answer.json();
    }

    /** Tells the API something about the shop. */
    async post(path, body) {
        const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
        const options = { method: 'POST', headers, body: JSON.stringify(body) };
        const answer = await fetch(`${this.url}/api/v1/shops/${SHOP}/${path}`, options);
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return answer.json();
    }

    /** Applies the sample program as `change` makes it; it starts with the next day. */
    async applyProgram(change) {
        const sample = await readFile(join(ROOT, 'shared/loyalty/programs/corner-bakery.toml'), 'utf8');
        const file = join(this.#options.cwd, 'program.toml');
        await writeFile(file, change(sample));
        await this.regulars('program', 'apply', file, '--data', 'data');
    }

    async now() {
        const clock = await (await fetch(`${this.url}/_local/clock`)).json();
        return new Date(clock.now);
    }

    async moveTo(when) {
        const body = JSON.stringify({ now: when.toISOString() });
        const moved = await fetch(`${this.url}/_local/clock`, { method: 'POST', body });
        if (!moved.ok) throw new Error(await moved.text());
    }

    /** The Monday after, when the week's receipts have gone out. */
    async moveToMonday() {
        const monday = new Date((await this.now()).getTime() + DAY_MS);
        while (monday.getUTCDay() !== 1) monday.setTime(monday.getTime() + DAY_MS);
        monday.setUTCHours(15, 0, 0, 0);
        await this.moveTo(monday);
    }

    /** Sends a body as Shopify would, signed. */
    async #send(topic, body) {
        const file = join(this.#options.cwd, 'event.json');
        await writeFile(file, JSON.stringify(body));
        await this.regulars('send', file, '--topic', topic, '--shop', SHOP, '--url', this.url);
    }

    /** Somebody agrees to marketing mail at the shop's checkout. */
    async agrees(person) {
        const updated = (await this.now()).toISOString();
        await this.#send('customers/create', customer(person, updated));
        await this.#send('customers_email_marketing_consent/update', {
            customer_id: person.id,
            email_address: person.email,
            email_marketing_consent: {
                consent_updated_at: updated,
                opt_in_level: 'single_opt_in',
                state: 'subscribed',
            },
        });
    }

    /** Somebody buys something, paid `at` that moment or now. */
    async buys(person, price, at) {
        const now = at ?? (await this.now());
        const time = now.toISOString();
        const id = 5_000_000_000 + (this.#orders += 1);
        await this.#send('orders/paid', {
            id,
            name: `#${id}`,
            currency: 'USD',
            created_at: time,
            processed_at: time,
            updated_at: time,
            financial_status: 'paid',
            source_name: 'web',
            customer_locale: person.locale,
            customer: customer(person, time),
            email: person.email,
            total_price: price,
            line_items: [{ id, quantity: 1, price }],
        });
    }

    /** Everything the mailbox has for somebody, the newest last. */
    async mails(person) {
        const query = person ? `?to=${encodeURIComponent(person.email)}` : '';
        return (await fetch(`${this.url}/_local/mailbox${query}`)).json();
    }

    /** Waits for somebody's mail of a kind. */
    async mail(person, kind) {
        return until(`a mail of kind ${kind} for ${person.name}`, async () => {
            const mails = await this.mails(person);
            return mails.findLast((mail) => mail.kind === kind);
        });
    }

    /** A customer's id. */
    async id(person) {
        const found = await this.api(`customers?email=${encodeURIComponent(person.email)}`);
        return found.customers[0].id;
    }

    /** All that the API tells of somebody. */
    async everythingOf(person) {
        const id = await this.id(person);
        const of = (path) => this.api(`customers/${id}${path}`);
        return { customer: await of(''), ledger: await of('/ledger'), messages: await of('/messages') };
    }

    /** A link of the system's own making, for what no mail of these tests brings. */
    async link(door, person, subject = '', { shop = SHOP, expires = 0 } = {}) {
        const numbers = { u: 1, p: 2, why: 3, c: 4 };
        const parts = [shop, person ? await this.id(person) : 'nobody', subject];
        const token = signed(numbers[door], expires, parts);
        return `${this.url}/${door}/${token}`;
    }

    /** The question whether she would like mail, open for `days` from now. */
    async question(person, days = 30) {
        const ends = Math.floor((await this.now()).getTime() / 1000) + days * 24 * 60 * 60;
        return this.link('c', person, addressMark(person.email), { expires: ends });
    }
}

/** Shopify's picture of a customer. */
function customer(person, updated) {
    const [first, ...last] = person.name.split(' ');
    return {
        id: person.id,
        email: person.email,
        first_name: first,
        last_name: last.join(' '),
        locale: person.locale,
        verified_email: true,
        state: 'enabled',
        created_at: updated,
        updated_at: updated,
    };
}

/** A token as the links in mail end in: what it opens, and an HMAC over that. */
function signed(door, expires, parts) {
    const context = 'regulars link 1';
    const head = Buffer.alloc(6);
    head[0] = createHash('sha256').update(context + LINKS_KEY).digest()[0];
    head[1] = door;
    head.writeUInt32BE(expires, 2);
    const texts = parts.flatMap((part) => [Buffer.from([Buffer.byteLength(part)]), Buffer.from(part)]);
    const open = Buffer.concat([head, ...texts]);
    const mac = createHmac('sha256', LINKS_KEY).update(context).update(open).digest();
    return Buffer.concat([open, mac.subarray(0, 16)]).toString('base64url');
}

/** What stands for an address in a link: the first letters of its hash, five bits each. */
function addressMark(address) {
    const bits = [...createHash('sha256').update(address).digest()]
        .map((byte) => byte.toString(2).padStart(8, '0'))
        .join('');
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    const places = Array.from({ length: 13 }, (_, place) => bits.slice(place * 5, place * 5 + 5));
    return places.map((five) => letters[parseInt(five, 2)]).join('');
}

/** Asks until there is an answer. */
export async function until(what, ask) {
    const patience = Date.now() + PATIENCE_MS;
    for (;;) {
        const found = await ask();
        if (found) return found;
        if (Date.now() > patience) throw new Error(`waited in vain for ${what}`);
        await sleep(100);
    }
}

/** The links of a mail, in its headers, its text and its HTML. */
export function linksOf(mail) {
    const texts = [mail.text, mail.html, ...Object.values(mail.headers)].filter(Boolean);
    const found = texts.flatMap((text) => text.match(/https?:\/\/[^\s"'<>()\]]+/g) ?? []);
    return [...new Set(found.map((link) => link.replaceAll('&amp;', '&').replace(/[.,;]+$/, '')))];
}

/** The link of a mail through a door, such as `u`. */
export function linkOf(mail, door) {
    const link = linksOf(mail).find((one) => new URL(one).pathname.startsWith(`/${door}/`));
    if (!link) throw new Error(`the mail "${mail.subject}" has no link /${door}/: ${linksOf(mail)}`);
    return link;
}

/** Where the one-click header says to post. */
export function oneClick(mail) {
    const header = mail.headers['List-Unsubscribe'];
    const link = /<(https?:[^>]+)>/.exec(header ?? '')?.[1];
    if (!link) throw new Error(`the mail "${mail.subject}" has no List-Unsubscribe: ${header}`);
    return link;
}

let people = 7_300_000_000;

/** Somebody new. */
export function somebody(name, locale) {
    people += 1;
    const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}@example.com`;
    return { id: people, name, email, locale };
}
