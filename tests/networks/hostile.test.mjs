// Strangers and guests with bad intentions, over real sockets, while Chromium publishes and watches: nobody is answered who
// did not prove to belong to a session, no session is lost, and the others' pictures do not suffer.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { metric } from '../lib/gauges.mjs';
import { openLiveThroughRelays } from '../lib/live_through.mjs';
import { mediaPorts } from '../lib/bad_network.mjs';
import { framesMore, nowOf, samplesOf, seenBetween } from '../lib/rtc.mjs';
import { amount, seed } from '../lib/seed.mjs';
import { binary } from '../lib/server.mjs';

const fps = 15;
const forged = amount('NETWORK_FORGED', 200_000);
const forgedRate = 50_000; // a second
const bad = amount('NETWORK_BAD', 100_000);
const badRate = 20_000; // a second
const mostCpu = 0.25; // of a core, beside what the live itself costs
const mostLoss = 0.001; // of the others' packets

const run = promisify(execFile);
let live;
before(async () => (live = await openLiveThroughRelays({ fps })));
after(async () => live?.close());

/** Seconds of a core that the server has used (proc(5): utime and stime, in ticks of 10 ms). */
function cpuSeconds() {
    const fields = readFileSync(`/proc/${live.server.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
}
async function cpuShare(during) {
    const [cpu, at] = [cpuSeconds(), performance.now()];
    const result = await during();
    return { result, share: ((cpuSeconds() - cpu) * 1000) / (performance.now() - at) };
}
const usernameOf = (page) => page.evaluate(() => {
    const of = (sdp) => /a=ice-ufrag:(\S+)/.exec(sdp)[1];
    return `${of(window.rtc.connection.remoteDescription.sdp)}:${of(window.rtc.connection.localDescription.sdp)}`;
});

test(`${forged} forged STUN requests, half of them for sessions that are there`, { timeout: 120_000 }, async (t) => {
    const { udp } = await mediaPorts(live.server);
    const names = [await usernameOf(live.sending), await usernameOf(live.watching)];
    const idle = await cpuShare(() => framesMore(live.watching, 3 * fps));
    const before = await metric(live.server, 'confidente_media_dropped_unauthenticated_total');
    const from = await nowOf(live.watching);
    const flooded = await cpuShare(async () => {
        const { stdout } = await run(join(dirname(binary), 'network_flood'), ['127.0.0.1', udp, seed, forged, forgedRate, ...names].map(String));
        return JSON.parse(stdout);
    });
    const { heights, ...seen } = seenBetween(await samplesOf(live.watching), from, await nowOf(live.watching));
    const { sent, replies, seconds } = flooded.result;
    const share = flooded.share - idle.share;
    const refused = (await metric(live.server, 'confidente_media_dropped_unauthenticated_total')) - before;
    t.diagnostic(
        `FAULT_SEED=${seed}: ${sent} in ${seconds} s, ${replies} answered, ${refused} refused by their integrity or name; ` +
            `${(100 * share).toFixed(1)} % of a core above the live's own ${(100 * idle.share).toFixed(1)} %; ${JSON.stringify(seen)}`,
    );
    assert.ok(heights.size > 0);
    assert.equal(replies, 0);
    assert.ok(refused >= 0.5 * sent, 'the server saw them');
    assert.ok(share * (seconds * forgedRate) / sent <= mostCpu, `${(100 * share).toFixed(1)} % of a core`);
    assert.ok(seen.fps >= 0.4 * fps, `${seen.fps} pictures a second meanwhile`);
    await live.goesOn();
});

test(`${bad} datagrams that look like media, from a publisher's own address`, { timeout: 120_000 }, async (t) => {
    await framesMore(live.watching, fps);
    const from = await nowOf(live.watching);
    await live.relays.publisher.inject(bad, badRate);
    while ((await live.relays.publisher.stats()).injecting > 0) await framesMore(live.watching, fps / 2);
    const samples = await samplesOf(live.watching);
    const { heights, ...seen } = seenBetween(samples, from, await nowOf(live.watching));
    const packets = samples.at(-1).received - samples.find(({ at }) => at >= from).received;
    const refused = await metric(live.server, 'confidente_media_dropped_unauthenticated_total');
    t.diagnostic(`FAULT_SEED=${seed}: ${refused} refused; the viewer lost ${seen.lostPackets} of ${packets}; ${JSON.stringify(seen)}`);
    assert.ok(heights.size > 0);
    assert.ok(seen.lostPackets <= Math.max(1, mostLoss * packets), `the viewer lost ${seen.lostPackets} of ${packets} packets`);
    assert.ok(seen.fps >= 0.4 * fps, `${seen.fps} pictures a second`);
    await live.goesOn();
});

test('who moves without proof moves nothing: media from a new address is dropped until a check comes', { timeout: 60_000 }, async () => {
    await framesMore(live.watching, fps);
    const before = await metric(live.server, 'confidente_media_dropped_stray_total');
    await live.relays.publisher.rebind();
    await framesMore(live.watching, 2 * fps);
    assert.ok((await metric(live.server, 'confidente_media_dropped_stray_total')) > before, 'its media was a stranger\'s first');
    await live.goesOn();
});
