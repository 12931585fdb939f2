// One live with a publisher and a viewer in Chromium, each behind a relay of its own: what the tests of bad networks
// begin with.
import assert from 'node:assert/strict';
import { openBrowser } from './browser.mjs';
import { goLive, register } from './people.mjs';
import { mediaPorts, startRelay, throughRelay } from './bad_network.mjs';
import { emptyPage, framesMore, publishFrom, watchFrom } from './rtc.mjs';
import { seed } from './seed.mjs';
import { startServer } from './server.mjs';

export async function openLiveThroughRelays({ fps = 15, settings = [], layers, width, height } = {}) {
    const server = await startServer({ settings });
    const browser = await openBrowser();
    const { udp } = await mediaPorts(server);
    const publisher = await startRelay({ port: udp, seed });
    const viewer = await startRelay({ port: udp, seed: seed + 1000 });
    const [model, client] = [await register(server.url, 'model', 'Luna'), await register(server.url, 'client', 'Davi')];
    const { live, publish } = await goLive(model);
    const sending = await emptyPage(browser, server, (sdp) => throughRelay(sdp, publisher));
    const watching = await emptyPage(browser, server, (sdp) => throughRelay(sdp, viewer));
    await publishFrom(sending.page, { url: publish.whipUrl, token: publish.streamKey, fps, layers, width, height });
    const joined = await client.call('POST', `/api/lives/${live.id}/join`);
    await watchFrom(watching.page, { url: joined.body.playback.whepUrl, token: joined.body.playback.token });
    await framesMore(watching.page, 3 * fps);
    return {
        server,
        relays: { publisher, viewer },
        sending: sending.page,
        watching: watching.page,
        /** That nobody's session ended, and the live is on. */
        async goesOn() {
            const gone = server.log.filter((line) => /live\.(publisher|viewer)_gone/.test(line));
            assert.deepEqual(gone, []);
            assert.equal((await model.call('GET', `/api/lives/${live.id}`)).body.status, 'live');
        },
        async close() {
            await browser.close();
            await Promise.all([publisher.stop(), viewer.stop()]);
            assert.equal(await server.stop(), 0);
            assert.deepEqual(server.bugs(), []);
        },
    };
}
