// Our own studio and player on bad networks: they take the TURN server that they are told, and mend a session whose path
// died instead of making another.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { enterAs, framesDecoded, openBrowser, openPage, watchPeerConnections } from '../lib/browser.mjs';
import { call, password, register } from '../lib/people.mjs';
import { changeAnswers, mediaPorts, startRelay, throughRelay } from '../lib/bad_network.mjs';
import { seed } from '../lib/seed.mjs';
import { startServer } from '../lib/server.mjs';
import { startTurn, turnSecret } from '../lib/turn.mjs';

const darkSeconds = 13; // Chromium takes up to 8 to call a connection broken, the page waits 3 more
let browser;
before(async () => (browser = await openBrowser()));
after(async () => browser?.close());

/** The studio on air and a player, each in a window of its own; `prepare` sees both contexts before anything is open. */
async function onAir(server, prepare) {
    const enter = async (type, name, permissions) => {
        const person = await register(server.url, type, name);
        const { body } = await call(server.url, 'POST', '/api/auth/login', { body: { email: person.email, password } });
        const opened = await openPage(browser, { permissions });
        await enterAs(opened.context, body);
        await watchPeerConnections(opened.context);
        await prepare(opened, type);
        return opened;
    };
    const studio = await enter('model', 'Luna', ['camera', 'microphone']);
    await studio.page.goto(`${server.url}/studio`);
    await framesDecoded(studio.page, 'studio-preview', 5);
    await studio.page.getByLabel('Título', { exact: false }).first().fill('Noite de violão');
    await studio.page.getByTestId('go-live').click();
    await studio.page.getByTestId('end-live').waitFor({ timeout: 20_000 });
    const player = await enter('client', 'Davi');
    const { items } = (await call(server.url, 'GET', '/api/lives')).body;
    await player.page.goto(`${server.url}/live/${items[0].id}`);
    await framesDecoded(player.page, 'player-video', 10);
    return { studio, player, close: () => Promise.all([studio.context.close(), player.context.close()]) };
}

/** What a page asked of WHIP or WHEP: `POST 201`, `PATCH 200`, … */
function exchanges(page) {
    const all = [];
    page.on('response', (response) => {
        const method = response.request().method();
        if (method !== 'GET' && /\/wh[ie]p(\/|$)/.test(new URL(response.url()).pathname)) all.push(`${method} ${response.status()}`);
    });
    return all;
}

test(`a player whose link dies for ${darkSeconds} s mends its session, and the studio too`, { timeout: 120_000 }, async (t) => {
    const server = await startServer();
    const { udp } = await mediaPorts(server);
    const relays = { model: await startRelay({ port: udp, seed }), client: await startRelay({ port: udp, seed: seed + 1 }) };
    const asked = {};
    const live = await onAir(server, async ({ page }, type) => {
        asked[type] = exchanges(page);
        await changeAnswers(page, (sdp) => throughRelay(sdp, relays[type]));
    });
    for (const type of ['client', 'model']) {
        await relays[type].blackout(darkSeconds);
        await pause(darkSeconds * 1000);
        const began = performance.now();
        await framesDecoded(live.player.page, 'player-video', 20);
        t.diagnostic(`FAULT_SEED=${seed} ${type}: 20 pictures within ${Math.round(performance.now() - began)} ms of the link's return; asked ${asked[type].join(', ')}`);
        assert.deepEqual([asked[type][0], [...new Set(asked[type].slice(1))]], ['POST 201', ['PATCH 200']], 'the same session, restarted');
    }
    assert.deepEqual(server.log.filter((line) => /live\.(publisher|viewer)_gone/.test(line)), []);
    await live.close();
    await Promise.all(Object.values(relays).map((relay) => relay.stop()));
    assert.equal(await server.stop(), 0);
});

test('with nothing but TURN the studio goes on air and the player plays', { timeout: 60_000 }, async () => {
    const turn = await startTurn();
    const server = await startServer({ settings: [`turn.urls=${turn.urls('tcp')}`, `turn.secret=${turnSecret}`] });
    const live = await onAir(server, ({ context }) => context.addInitScript(() => {
        const Native = window.RTCPeerConnection;
        window.RTCPeerConnection = class extends Native {
            constructor(config = {}, ...rest) {
                super({ ...config, iceTransportPolicy: 'relay' }, ...rest);
            }
        };
    }));
    const localTypes = await live.player.page.evaluate(async () => {
        const stats = await window.testConnections.at(-1).getStats();
        return [...stats.values()].filter(({ type }) => type === 'local-candidate').map(({ candidateType }) => candidateType);
    });
    assert.ok(localTypes.length > 0 && localTypes.every((type) => type === 'relay'), localTypes.join());
    await live.close();
    assert.equal(await server.stop(), 0);
    await turn.stop();
});
