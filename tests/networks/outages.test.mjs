// Links that get narrow and wide again, that die for ten seconds, and that change their address: Chromium behind relays
// of its own. Nothing of that ends a live; what was seen of it is told and bounded.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openLiveThroughRelays } from '../lib/live_through.mjs';
import { dtlsOf, framesMore, nowOf, recoveredAfter, restartFrom, samplesOf, seenBetween, shownOfSent } from '../lib/rtc.mjs';
import { amount, seed } from '../lib/seed.mjs';

const fps = 15;
const movingFps = 0.5 * fps;
const narrowMs = amount('NETWORK_NARROW_MS', 4_000);
const darkSeconds = amount('NETWORK_DARK_SECONDS', 10);
const topMs = 60_000; // the best layer again: the estimate rises step by step
const recoverMs = 5_000; // of a link that comes back: a check every 2.5 s at worst, then a keyframe

let live;
before(async () => (live = await openLiveThroughRelays({ fps })));
after(async () => live?.close());

/** Until the picture moves for good, at most so long after `moment`. */
async function untilMoving(moment, limitMs) {
    for (;;) {
        const samples = await samplesOf(live.watching);
        const after = recoveredAfter(samples, moment, movingFps);
        if (after !== Infinity) return { samples, after };
        assert.ok((await nowOf(live.watching)) - moment < limitMs, `the picture did not move ${limitMs} ms later`);
        await framesMore(live.watching, 1, limitMs).catch(() => {});
    }
}

/** Which layer the viewer sees now: `l`, `h`, or nothing that is sent at this moment. */
async function layerSeen() {
    const { height } = (await samplesOf(live.watching)).at(-1);
    const { heights } = (await samplesOf(live.sending)).at(-1);
    return Object.keys(heights).find((rid) => heights[rid] === height);
}

/** One step: what was seen while the link was as wide as that. */
async function endure(leg, direction, profile) {
    const from = await nowOf(live.watching);
    await live.relays[leg][direction](profile);
    await pause(narrowMs);
    const to = await nowOf(live.watching);
    const { heights, ...seen } = seenBetween(await samplesOf(live.watching), from, to);
    assert.ok(heights.size > 0);
    return { ...seen, ...shownOfSent(await samplesOf(live.sending), seen.frames, from, to), layer: await layerSeen() };
}

async function untilTop(limitMs) {
    const began = performance.now();
    while ((await layerSeen()) !== 'h') {
        assert.ok(performance.now() - began < limitMs, `still the layer ${await layerSeen()} after ${limitMs} ms`);
        await framesMore(live.watching, 5);
    }
    return Math.round(performance.now() - began);
}

test("a viewer's link narrows and widens again, and the layer follows", { timeout: 180_000 }, async (t) => {
    await untilTop(60_000);
    // Layers of 150 and 500 kbit/s: room for either, for the lower one alone, and for either again.
    // The second step is the fall itself, of which only the end is bounded.
    for (const [kbps, least] of [[1500, 60], [330, 0], [330, 50], [1500, 50]]) {
        const seen = await endure('viewer', 'down', { rate: kbps, queue: 200, delay: 10 });
        const { down } = await live.relays.viewer.stats();
        t.diagnostic(`FAULT_SEED=${seed} ${kbps} kbit/s: ${JSON.stringify(seen)}; its queue dropped ${down.overflowed} so far`);
        assert.ok(seen.shownPercent >= least, `${seen.shownPercent} % of the pictures at ${kbps} kbit/s`);
        if (kbps === 330 && least > 0) assert.notEqual(seen.layer, 'h', 'the layer went down with the link');
    }
    const from = await nowOf(live.watching);
    await live.relays.viewer.clear();
    const { after: moving } = await untilMoving(from, recoverMs + 10_000);
    const top = await untilTop(topMs);
    t.diagnostic(`wide again: moving after ${moving} ms, the best layer after ${top} ms more`);
    assert.ok(moving <= recoverMs);
});

test("a publisher's link narrows and widens again", { timeout: 60_000 }, async (t) => {
    for (const [kbps, least] of [[400, 25], [5000, 50]]) {
        const seen = await endure('publisher', 'up', { rate: kbps, queue: 200, delay: 10 });
        t.diagnostic(`FAULT_SEED=${seed} up ${kbps} kbit/s: ${JSON.stringify(seen)}`);
        assert.ok(seen.shownPercent >= least, `${seen.shownPercent} % of the pictures at ${kbps} kbit/s`);
    }
    await live.relays.publisher.clear();
});

test(`both links die for ${darkSeconds} s and come back`, { timeout: 90_000 }, async (t) => {
    await framesMore(live.watching, fps);
    await Promise.all(Object.values(live.relays).map((relay) => relay.blackout(darkSeconds)));
    await pause(darkSeconds * 1000);
    const back = await nowOf(live.watching);
    const { after, samples } = await untilMoving(back, recoverMs + 10_000);
    const { heights, ...seen } = seenBetween(samples, back - darkSeconds * 1000, back);
    t.diagnostic(`FAULT_SEED=${seed} dark: ${JSON.stringify(seen)}; moving again ${after} ms after the links came back`);
    assert.ok(heights.size > 0);
    assert.ok(seen.stillMs > (darkSeconds - 1.5) * 1000, 'it was dark');
    assert.ok(after <= recoverMs, `moving again after ${after} ms`);
    await live.goesOn();
});

test('both move to other addresses, as behind a NAT that forgot them, and the media follows', { timeout: 60_000 }, async (t) => {
    for (const relay of Object.values(live.relays)) {
        await framesMore(live.watching, fps);
        const moved = await nowOf(live.watching);
        await relay.rebind();
        await pause(250); // what was on its way
        const { after } = await untilMoving(moved, recoverMs + 10_000);
        t.diagnostic(`moving again ${after} ms after the move`);
        assert.ok(after <= recoverMs, `moving again after ${after} ms`);
    }
    await live.goesOn();
});

test('ICE restarts on either side keep the session, its keys and the picture', { timeout: 60_000 }, async (t) => {
    for (const [name, page] of [['publisher', live.sending], ['viewer', live.watching]]) {
        const before = await dtlsOf(page);
        const from = await nowOf(live.watching);
        const { etag, before: first } = await restartFrom(page);
        assert.notEqual(etag, first, 'another ICE session has another tag');
        await framesMore(live.watching, 2 * fps);
        const after = await dtlsOf(page);
        assert.notEqual(after.ufrag, before.ufrag);
        assert.deepEqual([after.state, after.cipher, after.remote], ['connected', before.cipher, before.remote]);
        const { heights, ...seen } = seenBetween(await samplesOf(live.watching), from, await nowOf(live.watching));
        t.diagnostic(`restart of the ${name}: ${JSON.stringify(seen)}`);
        assert.ok(heights.size > 0 && seen.fps >= movingFps, `${seen.fps} pictures a second`);
    }
    await live.goesOn();
});
