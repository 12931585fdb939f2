// Thousands of clients that begin and never finish: a connection that says nothing, a header or a body a byte at a
// time, a websocket that never connects, a poller that never comes back. The server lets each of them wait for its
// limit and no longer, goes on serving everybody else, and gives their memory back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Auditor } from '../lib/audit.mjs';
import { metric, residentKiB } from '../lib/gauges.mjs';
import { kinds, open } from '../lib/half_open.mjs';
import { Crowd } from '../lib/load.mjs';
import { call } from '../lib/people.mjs';
import { amount, percentile, seed } from '../lib/seed.mjs';
import { startServer } from '../lib/server.mjs';

const count = amount('FAULT_HALF_OPEN', 1000); // of each kind
const waves = amount('FAULT_HALF_OPEN_WAVES', 3); // of the short-lived kinds
const marginMs = 8000; // on two busy cores
/** How long each kind may stay (server/platform/http/server.hpp, server/platform/socketio/server.hpp). */
const limitsMs = {
    'says nothing': 10_000,
    'a header a byte a second': 10_000 + 2000, // and the answer's linger
    'a body a byte a second': 30_000 + 2000,
    'a websocket that never connects': 45_000 + 5000, // and its closing handshake
    'a poller that never polls again': 2000, // its connection; its session has the heartbeat's 45 s
};
const sessionLimitMs = 45_000;
const answerLimitMs = 1000;
const mostGrowth = 12 * 1024; // KiB between the first wave and the last
const mostPerClient = 64; // KiB while it is there

let server, crowd;

before(async () => {
    server = await startServer({ settings: ['log.level=error'] });
    crowd = await Crowd.gather(server.url, { size: 20, seed });
});
after(async () => {
    crowd?.leave();
    await server?.stop();
    assert.deepEqual(server?.bugs(), []);
});

/** The 99th percentile of the crowd's acknowledgements while `during` goes on. */
async function latency(during) {
    crowd.latencies = [];
    await during();
    return percentile(crowd.latencies, 0.99);
}

function report(t, kind, { lives, heard }) {
    const longest = Math.max(...lives);
    t.diagnostic(`${kind}: ${lives.length} closed, the last after ${Math.round(longest)} ms; ${JSON.stringify([...heard])}`);
    assert.ok(longest <= limitsMs[kind] + marginMs, `${kind}: still open after ${Math.round(longest)} ms`);
}

test(`${count} of each kind of half-open client`, { timeout: 600_000 }, async (t) => {
    crowd.act();
    const idle = await latency(() => crowd.untilAcknowledged(200));
    const before = residentKiB(server);
    const resident = [];
    let peak = 0;
    const loaded = await latency(async () => {
        const long = ['a body a byte a second', 'a websocket that never connects', 'a poller that never polls again'];
        const slow = await Promise.all(long.map(async (kind) => [kind, await open(server.url, kind, count)]));
        const begun = performance.now();
        for (let wave = 0; wave < waves; ++wave) {
            const short = ['says nothing', 'a header a byte a second'];
            const opened = await Promise.all(short.map(async (kind) => [kind, await open(server.url, kind, count)]));
            peak = Math.max(peak, residentKiB(server));
            const live = await call(server.url, 'GET', '/api/lives');
            assert.equal(live.status, 200, 'new people are let in');
            for (const [kind, { closed }] of opened) report(t, kind, await closed);
            resident.push(residentKiB(server));
        }
        for (const [kind, { closed }] of slow) report(t, kind, await closed);
        // A session without a connection ends with its heartbeat.
        while ((await metric(server, 'confidente_sockets_open')) > crowd.people.length) {
            assert.ok(performance.now() - begun < sessionLimitMs + marginMs, 'the sessions of the pollers are still there');
            await crowd.untilAcknowledged(20);
        }
    });
    await crowd.rest();
    await crowd.settle();
    assert.deepEqual(Object.keys(limitsMs), Object.keys(kinds), 'every kind is tried');
    const after = residentKiB(server);
    const perClient = (peak - before) / (5 * count);
    t.diagnostic(
        `acknowledgements p99 ${Math.round(idle)} ms before, ${Math.round(loaded)} ms beside them; resident ${before} KiB ` +
            `before, ${peak} KiB at most (${perClient.toFixed(1)} each), ${resident.join(', ')} KiB after the waves, ${after} KiB at the end`,
    );
    assert.ok(loaded < answerLimitMs, `others waited ${Math.round(loaded)} ms`);
    assert.ok(perClient <= mostPerClient, `${perClient} KiB for each`);
    assert.ok(resident.at(-1) - resident[0] <= mostGrowth, 'the memory of one wave serves the next');
    assert.equal(await metric(server, 'confidente_sockets_open'), crowd.people.length);
    const auditor = new Auditor(crowd, { dataDir: server.dataDir });
    await auditor.balances();
    t.diagnostic(`${crowd.acknowledged} acknowledged; ${await auditor.whole()}`);
});
