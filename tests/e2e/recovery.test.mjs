// A forgotten password in a real browser: from the sign-in page through the mail folder to the new password, in three
// languages and on two widths.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, signUp } from '../lib/browser.mjs';
import { linkIn, mailTo } from '../lib/mail.mjs';
import { startServer } from '../lib/server.mjs';

const pictures = 'test-results';
let server, browser, first;
const problems = [];

before(async () => {
    mkdirSync(pictures, { recursive: true });
    server = await startServer();
    browser = await openBrowser();
    first = await openPage(browser, { width: 1440, height: 900 });
    problems.push(first.problems);
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

const settled = (page) => page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))));
async function picture(page, name) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await settled(page);
    await page.screenshot({ path: `${pictures}/recovery-${name}-1440.png` });
    await page.setViewportSize({ width: 390, height: 844 });
    await settled(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${name} is ${wide} px wide on a phone`);
    await page.screenshot({ path: `${pictures}/recovery-${name}-390.png` });
    await page.setViewportSize({ width: 1440, height: 900 });
}

test('who forgot the password gets back in through the mail, and the old session ends', async () => {
    const email = await signUp(first.page, server.url, 'client', 'Ana');
    const second = await openPage(browser, { width: 1440, height: 900 });
    problems.push(second.problems);
    const { page } = second;
    await page.goto(`${server.url}/entrar`);
    await picture(page, 'sign-in');
    await page.getByTestId('forgot-link').click();
    await page.waitForURL(/\/esqueci-senha$/);
    await page.getByLabel('E-mail').fill('isto não é um e-mail');
    await page.getByTestId('submit').click();
    await page.getByText('Escreva um e-mail válido.').waitFor();
    await picture(page, 'ask');
    await page.getByLabel('E-mail').fill(email);
    await page.getByTestId('submit').click();
    await page.getByTestId('forgot-sent').waitFor();
    await picture(page, 'sent');

    const mail = await mailTo(server.dataDir, email);
    assert.equal(mail.subject, 'Redefina sua senha');
    const link = linkIn(mail);
    await page.goto(link);
    await page.getByLabel('Senha', { exact: true }).waitFor();
    assert.ok(!page.url().includes('token'), 'the token left the address bar');
    await page.getByLabel('Senha', { exact: true }).fill('password');
    await page.getByTestId('submit').click();
    await page.getByText('Muito comum', { exact: false }).first().waitFor();
    await picture(page, 'new');
    await page.getByLabel('Senha', { exact: true }).fill('uma nova senha bem longa');
    await page.getByTestId('submit').click();
    await page.getByTestId('reset-done').waitFor();
    await picture(page, 'done');
    await page.getByTestId('reset-done').click();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Senha', { exact: true }).fill('uma nova senha bem longa');
    await page.getByTestId('submit').click();
    await page.waitForURL((at) => at.pathname === '/');

    await first.page.goto(`${server.url}/conta`);
    await first.page.waitForURL(/\/entrar/);

    await page.goto(`${server.url}/entrar`);
    const late = await openPage(browser, { width: 1440, height: 900 });
    problems.push(late.problems);
    await late.page.goto(link);
    await late.page.getByLabel('Senha', { exact: true }).fill('ainda outra senha longa');
    await late.page.getByTestId('submit').click();
    await late.page.getByTestId('reset-dead').waitFor();
    await picture(late.page, 'dead');
});

for (const [language, title, mailed] of [
    ['en', 'Forgot your password?', 'Reset your password'],
    ['es', '¿Olvidaste tu contraseña?', 'Restablece tu contraseña'],
])
    test(`the pages and the mail speak ${language}`, async () => {
        const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: language });
        const page = await context.newPage();
        const email = `${language}-${Date.now()}@example.com`;
        const registration = { type: 'client', email, password: 'uma senha comprida 2026', name: 'Ana', birthDate: '1990-01-01', acceptTerms: true };
        const made = await fetch(`${server.url}/api/auth/register`, {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(registration),
        });
        assert.equal(made.status, 201);
        await page.goto(`${server.url}/esqueci-senha`);
        await page.getByRole('heading', { name: title }).waitFor();
        await page.locator('input[name="email"]').fill(email);
        await page.getByTestId('submit').click();
        await page.getByTestId('forgot-sent').waitFor();
        assert.equal((await mailTo(server.dataDir, email)).subject, mailed);
        await context.close();
    });

test('no page broke its Content-Security-Policy or threw', () => {
    assert.deepEqual(problems.flat(), []);
});
