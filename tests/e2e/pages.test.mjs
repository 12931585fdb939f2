// Every page as people find it: on a phone and on a wide screen, dark and light. Nothing wider than the screen, no
// accessibility fault that axe knows, nothing against the Content-Security-Policy. The pictures are in test-results/.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { enterAs, openBrowser, openPage } from '../lib/browser.mjs';
import { call } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = 'test-results/pages';
const screens = [
    { width: 360, height: 780, theme: 'dark' }, { width: 390, height: 844, theme: 'light' },
    { width: 1440, height: 900, theme: 'dark' }, { width: 1440, height: 900, theme: 'light' },
];
let server, browser, ids;
const sessions = {};

before(async () => {
    mkdirSync(folder, { recursive: true });
    server = await startServer({ args: ['--demo'] });
    browser = await openBrowser();
    for (const name of ['davi', 'maya', 'luna']) {
        const answer = await call(server.url, 'POST', '/api/auth/login', {
            body: { email: `${name}@demo.invalid`, password: 'demonstracao-local' },
        });
        sessions[name] = answer.body;
    }
    const first = async (path) => (await call(server.url, 'GET', path)).body.items[0];
    ids = {
        live: (await first('/api/lives?status=live')).id,
        planned: (await first('/api/lives?status=scheduled')).id,
    };
    const token = sessions.davi.accessToken;
    const chat = await call(server.url, 'POST', '/api/chats', { token, body: { participantId: sessions.luna.user.id } });
    ids.chat = chat.body.id;
    await call(server.url, 'POST', `/api/chats/${ids.chat}/messages`, {
        token, body: { type: 'text', content: 'Oi, Luna! A live de ontem foi linda.' },
    });
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

/** A page is ready when what it is about is on it. */
const pages = [
    ['home', null, () => '/', (page) => page.getByTestId('live-card').first()],
    ['live', 'davi', () => `/live/${ids.live}`, (page) => page.getByTestId('chat-input')],
    ['planned', 'davi', () => `/live/${ids.planned}`, (page) => page.getByText('Ainda não começou')],
    ['model', 'davi', () => `/modelo/${sessions.luna.user.id}`, (page) => page.getByTestId('open-chat')],
    ['chats', 'davi', () => '/conversas', (page) => page.getByText('A live de ontem').first()],
    ['chat', 'davi', () => `/conversas/${ids.chat}`, (page) => page.getByTestId('chat-input')],
    ['wallet', 'davi', () => '/carteira', (page) => page.getByTestId('package-buy').first()],
    ['earnings', 'luna', () => '/carteira', (page) => page.getByTestId('earnings')],
    ['studio', 'maya', () => '/studio', (page) => page.getByTestId('mic-level')],
    ['account', 'maya', () => '/conta', (page) => page.getByTestId('avatar-file')],
    ['sign-in', null, () => '/entrar', (page) => page.getByTestId('submit')],
    ['sign-up', null, () => '/cadastrar', (page) => page.getByTestId('accept-terms')],
    ['docs', null, () => '/api/docs#joinLive', (page) => page.locator('#joinLive h3').first()],
    ['nowhere', null, () => '/nada', (page) => page.getByRole('heading').first()],
];

for (const [name, who, path, ready] of pages)
    test(`${name}: fits every screen, and axe finds no fault`, async () => {
        for (const screen of screens) {
            const { page, context, problems } = await openPage(browser, {
                ...screen, permissions: ['camera', 'microphone'],
            });
            if (who) await enterAs(context, sessions[who]);
            await page.goto(server.url + path());
            await ready(page).waitFor({ state: name === 'account' ? 'attached' : 'visible' });
            await page.evaluate(() => document.fonts.ready);
            const where = `${name} ${screen.width} ${screen.theme}`;
            await page.screenshot({ path: `${folder}/${name}-${screen.width}-${screen.theme}.png` });
            const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            assert.ok(over <= 0, `${where}: ${over} px wider than the screen`);
            // Through the debugger: the page's own policy lets no foreign script in.
            const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
            const faults = found.violations.map(
                ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
            assert.deepEqual(faults, [], where);
            assert.deepEqual(problems, [], where);
            await context.close();
        }
    });
