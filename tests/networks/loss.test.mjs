// Chromium publishes and Chromium watches, each through a bad network of its own: packets are lost, come late, out of
// order and twice. One live goes through all of it; after each hardship the network is good again and the picture must be
// too. Chance comes from a seed; docs/contributing/networks.md lists the amounts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { metric } from '../lib/gauges.mjs';
import { openLiveThroughRelays } from '../lib/live_through.mjs';
import { nowOf, recoveredAfter, samplesOf, seenBetween, shownOfSent } from '../lib/rtc.mjs';
import { amount, seed } from '../lib/seed.mjs';

const fps = 15;
const hardMs = amount('NETWORK_HARD_MS', 3_500);
const goodMs = 2_500; // between two hardships: time to see the picture move again
/** A second with so many pictures is one in which the picture moves. */
const movingFps = 0.5 * fps;
const recoverMs = 1_500; // until the picture moves again in a good network

/**
 * What must be seen while it lasts: `frozen`, percent of the time at most, and `shown`, percent of the pictures sent at
 * least. The machine's own hiccups are within them: two pages and a server share two cores.
 */
const hardships = [
    { name: 'nothing', profile: {}, frozen: 10, shown: 85 },
    { name: '2 % loss', profile: { loss: 2, delay: 20 }, frozen: 20, shown: 80 },
    { name: '5 % loss', profile: { loss: 5, delay: 20 }, frozen: 25, shown: 75 },
    { name: '10 % loss', profile: { loss: 10, delay: 20 }, frozen: 60, shown: 45 },
    // A quarter of the path for repetitions does not mend all of it: some seeds freeze for most of the time.
    { name: '20 % loss', profile: { loss: 20, delay: 20 }, frozen: 100, shown: 20 },
    { name: '5 % loss in bursts of 4', profile: { loss: 5, burst: 4, delay: 20 }, frozen: 40, shown: 60 },
    { name: '30 ms jitter', profile: { delay: 10, jitter: 30 }, frozen: 20, shown: 80 },
    { name: '200 ms jitter', profile: { delay: 10, jitter: 200 }, frozen: 80, shown: 25 },
    {
        name: '5 % out of order, 10 % twice', frozen: 25, shown: 75,
        profile: { delay: 20, reorder: 5, reorder_ms: 40, duplicate: 10 },
    },
];

let live;
before(async () => (live = await openLiveThroughRelays({ fps })));
after(async () => live?.close());

async function countLost() {
    const all = await Promise.all(Object.values(live.relays).map((relay) => relay.stats()));
    return all.reduce((sum, { up, down }) => sum + up.lost + down.lost, 0);
}

/** Both legs through the profile for a while; what was seen, and how soon after the end the picture moved again. */
async function endure(profile) {
    const relays = Object.values(live.relays);
    const [before, pauses] = [await countLost(), await metric(live.server, 'confidente_media_video_pauses_total')];
    const from = await nowOf(live.watching);
    await Promise.all(relays.map((relay) => relay.both(profile)));
    await pause(hardMs);
    const to = await nowOf(live.watching);
    await Promise.all(relays.map((relay) => relay.clear()));
    await pause(goodMs);
    const samples = await samplesOf(live.watching);
    const seen = seenBetween(samples, from, to);
    const share = shownOfSent(await samplesOf(live.sending), seen.frames, from, to);
    const paused = (await metric(live.server, 'confidente_media_video_pauses_total')) - pauses;
    return { ...seen, ...share, paused, relayLost: (await countLost()) - before, recoveredMs: recoveredAfter(samples, to, movingFps) };
}

for (const { name, profile, frozen, shown } of hardships)
    test(`${name} on both legs`, async (t) => {
        const { heights, ...seen } = await endure(profile);
        t.diagnostic(`FAULT_SEED=${seed} ${name}: ${JSON.stringify(seen)}`);
        assert.ok(heights.size > 0);
        if (profile.loss) assert.ok(seen.relayLost > 0, 'the network was bad');
        assert.ok(seen.frozenPercent <= frozen, `frozen for ${seen.frozenPercent} % of the time`);
        assert.ok(seen.shownPercent >= shown, `${seen.shownPercent} % of the pictures were shown`);
        assert.ok(seen.recoveredMs <= recoverMs, `the picture moved again after ${seen.recoveredMs} ms`);
    });

test('nobody had to connect again, and the live goes on', () => live.goesOn());
