// What people read when something is missing or refused: camera, microphone, network, tokens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { framesDecoded, openBrowser, openPage, signUp } from '../lib/browser.mjs';
import { startServer } from '../lib/server.mjs';

let server, browser;
const opened = [];

before(async () => {
    server = await startServer({ args: ['--demo'] });
    browser = await openBrowser();
});
after(async () => {
    await Promise.all([browser, ...opened].map((one) => one?.close()));
    assert.equal(await server.stop(), 0);
});

async function studioWith(camera, prepare) {
    const special = camera === 'granted' ? browser : await openBrowser({ camera });
    if (special !== browser) opened.push(special);
    const { page, problems } = await openPage(special);
    await page.addInitScript(prepare ?? (() => undefined));
    await signUp(page, server.url, 'model', 'Luna');
    await page.goto(`${server.url}/studio`);
    return { page, problems };
}

test('a refused camera is explained, with a way to try again, and no live can start', async () => {
    const { page } = await studioWith('refused');
    await page.getByText('O navegador não deixou usar a câmera').waitFor();
    await page.getByRole('button', { name: 'Tentar de novo' }).waitFor();
    assert.ok(await page.getByTestId('go-live').isDisabled());
});

test('a device without a camera is told so', async () => {
    const { page } = await studioWith('missing');
    await page.getByText('Nenhuma câmera encontrada').waitFor();
    assert.ok(await page.getByTestId('go-live').isDisabled());
});

test('without a microphone the model is warned and may go live all the same', async () => {
    // Chromium's fake microphone cannot be unplugged, so its absence is what the browser would answer.
    const { page } = await studioWith('granted', () => {
        const { mediaDevices } = navigator;
        const open = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = (wanted) =>
            wanted.audio ? Promise.reject(new DOMException('none', 'NotFoundError')) : open(wanted);
    });
    await framesDecoded(page, 'studio-preview', 3);
    await page.getByText('Nenhum microfone encontrado').waitFor();
    await page.getByLabel('Título', { exact: false }).first().fill('Sem som');
    await page.getByTestId('go-live').click();
    await page.getByTestId('end-live').waitFor({ timeout: 20_000 });
});

test('being offline is told, and gone when the network is back', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(server.url);
    await page.getByTestId('live-card').first().waitFor();
    await context.setOffline(true);
    await page.getByText('Você está sem internet').waitFor();
    await context.setOffline(false);
    await page.getByText('Você está sem internet').waitFor({ state: 'detached' });
});

test('a gift without funds moves nothing and shows where tokens are bought', async () => {
    const { page } = await openPage(browser);
    await signUp(page, server.url, 'client', 'Davi');
    await page.goto(server.url);
    await page.getByTestId('live-card').filter({ hasText: 'Luzes da noite' }).click();
    await framesDecoded(page, 'player-video', 3);
    await page.getByTestId('gift-open').click();
    await page.getByTestId('gift-item-rosa').click();
    await page.getByRole('dialog').getByRole('link', { name: /comprar tokens/i }).click();
    await page.waitForURL(/\/carteira/);
    assert.equal(await page.getByTestId('balance').innerText(), '0');
});

test('addresses that lead nowhere say so', async () => {
    const { page } = await openPage(browser);
    for (const path of ['/nada', '/live/01a2123c-0000-7000-8000-000000000000', '/modelo/nao-existe']) {
        await page.goto(server.url + path);
        await page.getByRole('heading', { name: /não/i }).first().waitFor();
    }
});
