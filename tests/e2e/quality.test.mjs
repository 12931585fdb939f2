// The quality of the picture: what the viewer chooses, what is remembered, and what the studio leaves out when nobody
// needs it. Real browsers on both sides.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { framesDecoded, openBrowser, openPage, signUp, watchPeerConnections } from '../lib/browser.mjs';
import { startServer } from '../lib/server.mjs';

let server, modelBrowser, clientBrowser, model, client, liveUrl;

before(async () => {
    server = await startServer();
    [modelBrowser, clientBrowser] = await Promise.all([openBrowser(), openBrowser()]);
    model = await openPage(modelBrowser, { permissions: ['camera', 'microphone'] });
    client = await openPage(clientBrowser);
    await Promise.all([watchPeerConnections(model.context), watchPeerConnections(client.context)]);
});
after(async () => {
    await Promise.all([modelBrowser?.close(), clientBrowser?.close()]);
    assert.equal(await server.stop(), 0);
});

/** Asks the page's video statistics until `said` is true of them. */
async function stats(page, kind, said, wanted, timeoutMs = 30_000) {
    for (const until = performance.now() + timeoutMs; ; ) {
        const reports = await page.evaluate(async (kind) => {
            const found = [];
            for (const connection of window.testConnections ?? []) {
                if (connection.connectionState !== 'connected') continue;
                for (const report of (await connection.getStats()).values())
                    if (report.type === kind && report.kind === 'video') found.push(report);
            }
            // The next look is a frame later.
            await new Promise((resolve) => requestAnimationFrame(resolve));
            return found;
        }, kind);
        if (said(reports, wanted)) return;
        const seen = reports.map(({ rid, active, frameHeight }) => ({ rid, active, frameHeight }));
        assert.ok(performance.now() < until, `not ${JSON.stringify(wanted)}: ${JSON.stringify(seen)}`);
    }
}
const heightIs = (reports, wanted) => reports.some(({ frameHeight }) => frameHeight === wanted);
/** The layers that leave the camera, by rid. */
const activeAre = (reports, wanted) =>
    reports.filter(({ active }) => active).map(({ rid }) => rid).sort().join() === [...wanted].sort().join();

const menu = () => client.page.getByTestId('quality');
async function openMenu() {
    await menu().focus();
    await client.page.keyboard.press('Enter');
    await client.page.getByRole('menu').waitFor();
}

test('a model goes live in several layers', async () => {
    await signUp(model.page, server.url, 'model', 'Luna');
    await model.page.goto(`${server.url}/studio`);
    await framesDecoded(model.page, 'studio-preview', 5);
    await model.page.getByLabel('Título', { exact: false }).first().fill('Qualidade');
    await model.page.getByTestId('go-live').click();
    await model.page.getByTestId('end-live').waitFor({ timeout: 20_000 });
    await stats(model.page, 'outbound-rtp', activeAre, ['l', 'm', 'h']);
});

test('after a while without viewers the camera sends no best layer', async () => {
    await stats(model.page, 'outbound-rtp', activeAre, ['l', 'm'], 40_000);
});

test('it comes back for the first viewer', async () => {
    await signUp(client.page, server.url, 'client', 'Davi');
    const lives = await (await fetch(`${server.url}/api/lives?status=live`)).json();
    liveUrl = `${server.url}/live/${lives.items[0].id}`;
    await client.page.goto(liveUrl);
    await framesDecoded(client.page, 'player-video', 3);
    await stats(model.page, 'outbound-rtp', activeAre, ['l', 'm', 'h'], 10_000);
    await stats(client.page, 'inbound-rtp', heightIs, 720);
});

test('a lower quality is chosen by keyboard, named for screen readers, and remembered', async () => {
    await menu().waitFor();
    await client.page.getByRole('button', { name: 'Qualidade da imagem: automática, agora 720p' }).waitFor();
    await openMenu();
    const items = await client.page.getByRole('menuitemradio').allInnerTexts();
    assert.deepEqual(items.map((text) => text.split(/\s/)[0]), ['Automática', '720p', '360p', '180p']);
    assert.equal(await client.page.getByRole('menuitemradio', { checked: true }).count(), 1);
    await client.page.keyboard.press('End');
    await client.page.keyboard.press('Enter');
    await stats(client.page, 'inbound-rtp', heightIs, 180);
    await client.page.getByRole('button', { name: 'Qualidade da imagem: 180p' }).waitFor();

    await client.page.reload();
    await framesDecoded(client.page, 'player-video', 3);
    await stats(client.page, 'inbound-rtp', heightIs, 180);
    await client.page.getByRole('button', { name: 'Qualidade da imagem: 180p' }).waitFor();
});

test('the camera leaves out what nobody asks for, though somebody watches', async () => {
    await stats(model.page, 'outbound-rtp', activeAre, ['l', 'm'], 40_000);
});

test('what viewers see and what their paths carry is in /metrics', async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const value = (name) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    assert.equal(value('confidente_media_viewers_by_layer{layer="0"}'), 1);
    assert.equal(value('confidente_media_viewers_by_layer{layer="none"}'), 0);
    assert.ok(value('confidente_media_layer_switches_total') >= 1);
    const seconds = value('confidente_media_viewer_estimate_bits_per_second_count');
    assert.ok(seconds >= 10, `${seconds} observations`);
    assert.equal(value('confidente_media_viewer_estimate_bits_per_second_bucket{le="+Inf"}'), seconds);
    assert.ok(value('confidente_media_viewer_estimate_bits_per_second_sum') / seconds > 500_000);
});

test('automatic again, the best picture comes back', async () => {
    await openMenu();
    await client.page.keyboard.press('Home');
    await client.page.keyboard.press('Enter');
    await stats(client.page, 'inbound-rtp', heightIs, 720);
    await client.page.getByRole('button', { name: 'Qualidade da imagem: automática, agora 720p' }).waitFor();
});

test('no page broke its Content-Security-Policy or threw', () => {
    assert.deepEqual([...model.problems, ...client.problems], []);
});
