// One model, one client, two browsers: from signing up to the end of the live.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
    framesDecoded, openBrowser, openPage, pictureMoves, receiverStats, signUp, watchPeerConnections,
} from '../lib/browser.mjs';
import { startServer } from '../lib/server.mjs';

const pictures = 'test-results';
let server, modelBrowser, clientBrowser, model, client, liveUrl;

before(async () => {
    mkdirSync(pictures, { recursive: true });
    server = await startServer();
    [modelBrowser, clientBrowser] = await Promise.all([openBrowser(), openBrowser()]);
    model = await openPage(modelBrowser, { permissions: ['camera', 'microphone'] });
    client = await openPage(clientBrowser);
    await watchPeerConnections(client.context);
});
after(async () => {
    await Promise.all([modelBrowser?.close(), clientBrowser?.close()]);
    assert.equal(await server.stop(), 0);
});

const number = async (locator) => Number((await locator.innerText()).replace(/\D/g, ''));

test('a model registers, sees her camera and her microphone, and goes live', async () => {
    await signUp(model.page, server.url, 'model', 'Luna');
    await model.page.goto(`${server.url}/studio`);
    await framesDecoded(model.page, 'studio-preview', 5);
    await model.page.getByTestId('mic-level').waitFor();
    await model.page.getByLabel('Título', { exact: false }).first().fill('Noite de violão');
    await model.page.getByTestId('go-live').click();
    await model.page.getByTestId('end-live').waitFor({ timeout: 20_000 });
});

test('a client finds the live with a picture and sees and hears it', async () => {
    await signUp(client.page, server.url, 'client', 'Davi');
    await client.page.goto(server.url);
    const card = client.page.getByTestId('live-card').first();
    await card.waitFor();
    await card.locator('img[src*="thumbnail"]').first().waitFor({ timeout: 20_000 });
    await client.page.screenshot({ path: `${pictures}/home.png` });
    await card.click();
    await client.page.waitForURL(/\/live\//);
    liveUrl = client.page.url();
    await framesDecoded(client.page, 'player-video', 30);
    assert.ok(await pictureMoves(client.page, 'player-video'), 'the picture moves');
    const stats = await receiverStats(client.page);
    assert.equal(stats.mimeType, 'video/H264');
    assert.ok(stats.framesDecoded >= 30, `${stats.framesDecoded} frames decoded`);
    assert.ok(stats.audioPackets > 10 && stats.audioEnergy > 0, `sound: ${JSON.stringify(stats)}`);
    await client.page.screenshot({ path: `${pictures}/live.png` });
});

test('a late viewer sees the first frame within a second', async () => {
    const late = await openPage(clientBrowser);
    await signUp(late.page, server.url, 'client', 'Rui');
    await late.context.addInitScript(() => {
        window.addEventListener('loadeddata', () => (window.firstFrameAt ??= performance.now()), true);
        const { fetch } = window;
        window.fetch = (...request) => {
            const url = String(request[0]?.url ?? request[0]);
            if (url.includes('/whep')) window.whepAt ??= performance.now();
            return fetch(...request);
        };
    });
    await late.page.goto(liveUrl);
    await framesDecoded(late.page, 'player-video', 1);
    const ms = await late.page.evaluate(() => window.firstFrameAt - window.whepAt);
    console.log(`# first frame ${Math.round(ms)} ms after the WHEP offer`);
    assert.ok(ms < 1000, `${ms} ms`);
    await late.context.close();
});

test('a viewer sees how the picture arrives', async () => {
    const { page } = client;
    await page.getByTestId('player-video').hover();
    await page.getByTestId('stats-button').click();
    const panel = page.getByTestId('player-stats');
    await panel.getByText(/\d+ × \d+, \d+ q\/s/).waitFor();
    await panel.getByText('Direto (UDP)').waitFor();
    await panel.getByText('H264').waitFor();
    await panel.getByRole('img', { name: /últimos ([3-9]|\d\d) segundos/ }).waitFor();
    await page.screenshot({ path: `${pictures}/stats-1280.png` });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: `${pictures}/stats-390.png` });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
});

test("both talk in the live's chat", async () => {
    await client.page.getByTestId('chat-input').fill('Boa noite, Luna!');
    await client.page.getByTestId('chat-send').click();
    await model.page.getByTestId('chat-message').filter({ hasText: 'Boa noite, Luna!' }).waitFor();
    await model.page.getByTestId('chat-input').fill('Boa noite!');
    await model.page.getByTestId('chat-send').click();
    await client.page.getByTestId('chat-message').filter({ hasText: /^.*Boa noite!$/s }).last().waitFor();
});

test('tokens are bought, a gift is sent, seen by all, and earned', async () => {
    await client.page.goto(`${server.url}/carteira`);
    await client.page.getByTestId('package-buy').first().click();
    await client.page.getByTestId('purchase-confirm').click();
    await client.page.waitForFunction(() => /[1-9]/.test(document.querySelector('[data-testid="balance"]')?.textContent ?? ''));
    const before = await number(client.page.getByTestId('balance').first());
    await client.page.goto(liveUrl);
    await framesDecoded(client.page, 'player-video', 5);
    await client.page.getByTestId('gift-open').click();
    await client.page.getByTestId('gift-item-rosa').click();
    await client.page.getByTestId('gift-send').click();
    await client.page.getByTestId('gift-toast').first().waitFor();
    await model.page.getByTestId('gift-toast').first().waitFor();
    await client.page.goto(`${server.url}/carteira`);
    await client.page.waitForFunction(
        (old) => Number(document.querySelector('[data-testid="balance"]')?.textContent.replace(/\D/g, '')) === old - 10, before);
    await model.page.waitForFunction(
        () => Number(document.querySelector('[data-testid="earnings"]')?.textContent.replace(/\D/g, '')) === 7);
});

test('the model ends the live and every viewer sees it at once', async () => {
    await client.page.goto(liveUrl);
    await framesDecoded(client.page, 'player-video', 5);
    await model.page.getByTestId('end-live').click();
    const confirm = model.page.getByRole('alertdialog').or(model.page.getByRole('dialog'));
    await confirm.getByRole('button', { name: /encerrar/i }).last().click();
    await client.page.getByTestId('live-ended').waitFor({ timeout: 3000 });
    const id = liveUrl.split('/').pop();
    const live = await (await fetch(`${server.url}/api/lives/${id}`)).json();
    assert.equal(live.status, 'ended');
    await client.page.goto(`${server.url}/modelo/${live.modelId}`);
    await client.page.getByTestId('ended-card').filter({ hasText: live.title }).getByText('Encerrada').waitFor();
});

test('a private chat shows typing, receipts, and its history after a reload', async () => {
    const chat = await client.page.evaluate(async () => location.origin);
    assert.equal(chat, server.url);
    const lives = await (await fetch(`${server.url}/api/models`)).json();
    await client.page.goto(`${server.url}/modelo/${lives.items[0].id}`);
    await client.page.getByTestId('open-chat').click();
    await client.page.waitForURL(/\/conversas\//);
    await model.page.goto(client.page.url());
    await model.page.getByTestId('chat-input').waitFor();
    await client.page.getByTestId('chat-input').pressSequentially('Oi', { delay: 20 });
    await model.page.getByTestId('typing-indicator').waitFor();
    await client.page.getByTestId('chat-send').click();
    await model.page.getByTestId('chat-message').filter({ hasText: 'Oi' }).waitFor();
    await client.page.locator('[data-testid="message-status"][data-status="read"]').last().waitFor();
    await client.page.reload();
    await client.page.getByTestId('chat-message').filter({ hasText: 'Oi' }).waitFor();
    await client.page.screenshot({ path: `${pictures}/chat.png` });
});

test('no page broke its Content-Security-Policy or threw', () => {
    assert.deepEqual([...model.problems, ...client.problems], []);
});
