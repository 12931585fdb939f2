// What people write is text, wherever it is shown: every text of lib/hostile_texts.mjs through every field, on every page
// that shows it, for those who watch and for those who are watched. None runs, each is shown to the letter, and the
// Content-Security-Policy has nothing to report; that it would report is tried first.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { enterAs, openBrowser, openPage } from '../lib/browser.mjs';
import { hostileTexts, isRefusedInOneLine, kinds } from '../lib/hostile_texts.mjs';
import { ask, buyTokens, call, connect, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';
import { trustedCertificate } from '../lib/tls.mjs';

// Reports go over HTTPS alone, and a minute late unless told otherwise.
const flags = ['--ignore-certificate-errors', '--short-reporting-delay'];
// Chromium sends them in the background, which a window of the tests must be allowed.
const permissions = ['background-sync'];
const nameLimit = 80;
const isName = (text) => !isRefusedInOneLine(text) && [...text].length <= nameLimit;
const names = hostileTexts.filter(isName);
const titles = hostileTexts.filter((text) => !isRefusedInOneLine(text));

let certificate, server, browser;
const models = []; // one a kind of text, and some for the variants: {person, text, others, one, name, live}
const clients = []; // some of the names

before(async () => {
    certificate = trustedCertificate();
    server = await startServer({ settings: certificate.settings });
    browser = await openBrowser({ flags });
    // A few at a time: each registration is a costly hash.
    for (let at = 0; at < kinds.length; at += 4)
        models.push(...(await Promise.all(kinds.slice(at, at + 4).map((text) => makeModel(text)))));
    const variants = hostileTexts.slice(kinds.length);
    for (let at = 0; at < variants.length; at += 8)
        models.push(await makeModel(variants[at], variants.slice(at + 1, at + 8)));
    const picked = ['<img src=x onerror=xss()>', '{{name}} $t(app.name)', '</script><script>xss()</script>', '" autofocus onfocus=xss() "',
        '<svg><animate onbegin=xss() attributeName=x dur=1s>', 'javascript:xss()', '__proto__', '&lt;script&gt;xss()&lt;/script&gt;',
        '<iframe srcdoc="<script>parent.xss()</script>">', 'Ｌｕｎａ Lunа'];
    for (const name of picked) {
        assert.ok(names.includes(name), name);
        clients.push({ name, ...(await register(server.url, 'client', name)) });
    }
    for (let at = picked.length; at < 24; ++at)
        clients.push({ name: names[at], ...(await register(server.url, 'client', names[at])) });
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
    certificate.remove();
});

/** Says `text` in every field, and `others` as further services. */
async function makeModel(text, others = []) {
    const name = isName(text) ? text : 'Luna';
    const person = await register(server.url, 'model', name);
    const one = isRefusedInOneLine(text) ? 'x' : text;
    const put = await person.call('PUT', `/api/users/${person.user.id}`, {
        body: {
            profile: {
                bio: text, location: one, services: [text, { name: `${text} ` }, ...others], pricing: { [text]: 7 },
                schedule: [text, { day: `${text} day`, from: `${text} from`, to: text }],
            },
        },
    });
    assert.equal(put.status, 200, `${text}: ${put.text}`);
    const planned = await person.call('POST', '/api/lives', {
        body: { title: one, description: text, price: 0, scheduledFor: new Date(Date.now() + 86_400_000).toISOString() },
    });
    assert.equal(planned.status, 201, `${text}: ${planned.text}`);
    return { text, others, one, name, person, live: planned.body };
}

/** A window in which nothing of this may run; `path` is where it begins. */
async function open(path, person) {
    const { page, context, problems } = await openPage(browser, { width: 1440, height: 900, permissions: [...permissions, 'camera', 'microphone'] });
    const seen = { page, context, problems, dialogs: [], requests: [] };
    await context.addInitScript(() => {
        window.xssRuns = 0;
        window.xss = () => window.xssRuns++;
    });
    page.on('dialog', (dialog) => (seen.dialogs.push(dialog.message()), dialog.dismiss()));
    page.on('request', (request) => request.url().includes('xss.invalid') && seen.requests.push(request.url()));
    if (person)
        await enterAs(context, { user: person.user, accessToken: person.token, refreshToken: person.refreshToken, expiresIn: 600 });
    await page.goto(server.url + path);
    return seen;
}

/** Within the app, without loading it again. */
const walk = (page, path) =>
    page.evaluate((to) => {
        history.pushState({ idx: 1 }, '', to);
        dispatchEvent(new PopStateEvent('popstate', { state: { idx: 1 } }));
    }, path);

/** Waits until each text is all that some element says, or a part of what one says, and is a field's value. */
async function shows(page, { texts = [], parts = [], values = [] }, what) {
    const missing = await page.evaluate(
        async ({ wanted, limitMs }) => {
            const left = () => {
                const all = new Set([...document.querySelectorAll('body *')].map((element) => element.textContent));
                const fields = new Set([...document.querySelectorAll('input, textarea')].map((field) => field.value));
                const whole = document.body.textContent;
                return [...wanted.texts.filter((text) => !all.has(text)), ...wanted.parts.filter((text) => !whole.includes(text)),
                    ...wanted.values.filter((text) => !fields.has(text))];
            };
            if (left().length === 0) return [];
            return new Promise((resolve) => {
                const limit = setTimeout(() => resolve(left()), limitMs);
                new MutationObserver((_, observer) => {
                    if (left().length > 0) return;
                    observer.disconnect();
                    clearTimeout(limit);
                    resolve([]);
                }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
            });
        },
        { wanted: { texts, parts, values }, limitMs: 15_000 },
    );
    assert.deepEqual(missing, [], `${what}: is not shown as it was written`);
}

/** Nothing ran in it; it is closed then. */
async function untouched({ page, context, problems, dialogs, requests }, what) {
    assert.equal(await page.evaluate(() => window.xssRuns), 0, `${what}: something ran`);
    assert.deepEqual({ problems, dialogs, requests }, { problems: [], dialogs: [], requests: [] }, what);
    assert.equal(new URL(page.url()).origin, server.url, what);
    await context.close();
}

const reports = async () => {
    const { text } = await call(server.url, 'GET', '/metrics');
    return [...text.matchAll(/^confidente_csp_reports_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
};

test('a script in a page does not run, and the server hears of it', async () => {
    const { page, context, problems } = await openPage(browser, { permissions });
    await page.goto(`${server.url}/entrar`);
    const debug = await context.newCDPSession(page);
    const { frameTree } = await debug.send('Page.getFrameTree');
    const html = '<p id="there">x</p><script>window.ran = true</script>';
    await debug.send('Page.setDocumentContent', { frameId: frameTree.frame.id, html });
    await page.locator('#there').waitFor();
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.match(problems[0], /Content Security Policy/);
    const line = JSON.parse(await server.logged('csp.report'));
    assert.deepEqual([line['csp.directive'], line['csp.blocked'], line['csp.page']], ['script-src-elem', 'inline', '/entrar']);
    await context.close();
});

test('profiles and planned lives of every text', async () => {
    const before = await reports();
    const viewer = await open('/', clients[0]);
    for (const { text, others, one, name, person, live } of models) {
        await walk(viewer.page, `/modelo/${person.user.id}`);
        const texts = [name, text, ...others, one, `${text} `, `${text} day`, `${text} from – ${text}`];
        await shows(viewer.page, { texts }, `the profile of ${text}`);
        await walk(viewer.page, `/live/${live.id}`);
        await shows(viewer.page, { texts: [one, text] }, `the planned live ${text}`);
    }
    await untouched(viewer, 'profiles');
    // The same, loaded as the first page, by somebody who is not signed in.
    for (const { text, name, person, live } of models.filter((_, index) => index % 9 === 0)) {
        const stranger = await open(`/modelo/${person.user.id}`);
        await shows(stranger.page, { texts: [name, text] }, `the profile of ${text}, loaded`);
        await stranger.page.goto(`${server.url}/live/${live.id}`);
        await shows(stranger.page, { texts: [text] }, `the planned live ${text}, loaded`);
        await untouched(stranger, text);
    }
    assert.equal(await reports(), before);
});

test('names and titles that turn the page around are refused', async () => {
    const { person } = models[0];
    const turned = hostileTexts.filter(isRefusedInOneLine);
    assert.ok(turned.length >= 2);
    for (const text of turned) {
        const fields = [
            ['PUT', `/api/users/${person.user.id}`, { profile: { name: text } }, 'name'],
            ['PUT', `/api/users/${person.user.id}`, { profile: { location: text } }, 'location'],
            ['POST', '/api/lives', { title: text, description: '', price: 0 }, 'title'],
        ];
        for (const [method, path, body, field] of fields) {
            const answer = await person.call(method, path, { body });
            assert.equal(answer.status, 422, `${path} took ${JSON.stringify(text)}`);
            assert.deepEqual(answer.body.errors.map(({ code }) => code), ['bad_characters'], field);
        }
        const body = { type: 'client', email: `${randomUUID()}@example.com`, password: 'uma senha comprida 2026', name: text, birthDate: '1995-05-05', acceptTerms: true };
        assert.equal((await call(server.url, 'POST', '/api/auth/register', { body })).status, 422);
    }
});

test('a live: its title, its chat and its gifts, in the studio and among the viewers', async () => {
    const before = await reports();
    const host = models.find(({ text }) => text === '<svg onload=xss()//');
    const title = '<details/open/ontoggle=xss()>';
    const description = hostileTexts.slice(0, 20).join('\n');
    const studio = await open('/studio', host.person);
    await studio.page.getByTestId('mic-level').waitFor();
    await studio.page.getByLabel('Título', { exact: false }).first().fill(title);
    await studio.page.getByLabel('Descrição', { exact: false }).first().fill(description);
    await studio.page.getByTestId('go-live').click();
    await studio.page.getByTestId('end-live').waitFor({ timeout: 30_000 });
    const { body } = await call(server.url, 'GET', '/api/lives?status=live');
    const live = body.items[0];
    assert.equal(live.title, title);
    const viewer = await open(`/live/${live.id}`, clients[0]);
    await shows(viewer.page, { texts: [title, host.name, description] }, 'the live');
    await viewer.page.getByTestId('chat-input').waitFor();

    // One sends what the next does not: each has a pace to keep.
    for (const [index, client] of clients.entries()) {
        assert.equal((await client.call('POST', `/api/lives/${live.id}/join`)).status, 200);
        const share = hostileTexts.filter((_, at) => at % clients.length === index);
        for (const content of share) {
            const sent = await client.call('POST', `/api/chats/${live.chatId}/messages`, { body: { content, type: 'text' } });
            assert.equal(sent.status, 201, `${content}: ${sent.text}`);
            assert.equal(sent.body.content, content.trim());
        }
        for (const seen of [viewer, studio])
            await shows(seen.page, { texts: share, parts: [client.name] }, `the chat of the live, by ${client.name}`);
        await buyTokens(client);
        const socket = await connect(server.url, client);
        const ack = await ask(socket, 'gift:send', { liveId: live.id, giftType: 'rosa', amount: 1, idempotencyKey: randomUUID() });
        assert.equal(ack.ok, true, JSON.stringify(ack));
        // The card over the picture and the list in the studio both name the sender.
        await viewer.page.getByTestId('gift-toast').filter({ hasText: client.name }).first().waitFor();
        await shows(studio.page, { texts: [client.name] }, `the gift of ${client.name}`);
        socket.close();
    }
    const home = await open('/', clients[1]);
    await shows(home.page, { texts: [title, host.name] }, 'the front page');
    for (const seen of [viewer, home]) await untouched(seen, seen.page.url());
    await studio.page.getByTestId('end-live').click();
    await untouched(studio, 'the studio');
    const earnings = await open('/carteira', host.person);
    await shows(earnings.page, { texts: clients.map(({ name }) => ` · ${name}`) }, "the model's wallet");
    const wallet = await open('/carteira', clients[2]);
    await shows(wallet.page, { texts: [` · ${host.name}`] }, "the client's wallet");
    for (const seen of [earnings, wallet]) await untouched(seen, 'wallets');
    assert.equal(await reports(), before);
});

test('conversations, from both ends', async () => {
    const before = await reports();
    const { person: luna, name } = models[3];
    let last;
    for (const [index, client] of clients.entries()) {
        const { body: chat } = await client.call('POST', '/api/chats', { body: { participantId: luna.user.id } });
        const share = hostileTexts.filter((_, at) => at % clients.length === index);
        for (const content of share)
            assert.equal((await client.call('POST', `/api/chats/${chat.id}/messages`, { body: { content, type: 'text' } })).status, 201);
        last = { chat, client, share };
        const model = await open(`/conversas/${chat.id}`, luna);
        await shows(model.page, { texts: [client.name, ...share] }, `the conversation with ${client.name}`);
        await untouched(model, client.name);
    }
    const list = await open('/conversas', luna);
    await shows(list.page, { texts: [...clients.map((client) => client.name), last.share.at(-1)] }, 'the list of conversations');
    const own = await open(`/conversas/${last.chat.id}`, last.client);
    await shows(own.page, { texts: [name, ...last.share] }, "the client's conversation");
    for (const seen of [list, own]) await untouched(seen, 'conversations');
    assert.equal(await reports(), before);
});

test("one's own account", async () => {
    const before = await reports();
    for (const { text, name, one, person } of models.filter((_, index) => index % 12 === 1)) {
        const account = await open('/conta', person);
        await shows(account.page, { texts: [name], values: [name, text, one] }, `the account of ${text}`);
        await untouched(account, text);
    }
    assert.equal(await reports(), before);
});
