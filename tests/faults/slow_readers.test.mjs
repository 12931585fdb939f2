// Most of a room stops reading. What waits for each of them has a bound and an end: they are closed as slow, the
// memory that they hold up is bounded, and the others hear what is said as if they were alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Auditor } from '../lib/audit.mjs';
import { metric, residentKiB } from '../lib/gauges.mjs';
import { Crowd } from '../lib/load.mjs';
import { ask, register } from '../lib/people.mjs';
import { amount, percentile, seed } from '../lib/seed.mjs';
import { slowReader } from '../lib/slow_reader.mjs';
import { startServer } from '../lib/server.mjs';

const count = amount('FAULT_SLOW_READERS', 1000);
const perUser = 20; // sockets that one account may have
const listeners = 5; // of the crowd: this process has to keep up with all that they hear
const together = 16; // registrations at a time
const mostQueued = 256; // KiB for each (server/platform/socketio/server.hpp)
const elsewhere = 64 * 1024; // KiB that the server may grow by for other reasons
const closedLimitMs = 60_000; // most of it is the kernel's buffers filling
const deliveryLimitMs = 1500;
let server, crowd;

before(async () => {
    server = await startServer({ settings: ['log.level=error'] });
    // Two thousand characters of four bytes each: what fills buffers soonest.
    crowd = await Crowd.gather(server.url, { size: 20, seed, words: '🌹'.repeat(1900) });
});
after(async () => {
    crowd?.leave();
    await server?.stop();
    assert.deepEqual(server?.bugs(), []);
});

async function slowReaders() {
    const all = [];
    while (all.length < count) {
        const accounts = Math.min(together, Math.ceil((count - all.length) / perUser));
        const people = await Promise.all(Array.from({ length: accounts }, (_, i) => register(server.url, 'client', `Lento ${i}`)));
        for (const person of people) {
            assert.equal((await person.call('POST', `/api/lives/${crowd.live.id}/join`)).status, 200);
            const some = Math.min(perUser, count - all.length);
            all.push(...(await Promise.all(Array.from({ length: some }, () => slowReader(server.url, person.token, crowd.live.id)))));
        }
    }
    return all;
}

test(`${count} of a room stop reading`, { timeout: 300_000 }, async (t) => {
    // How long after it was sent each of the others heard it, in milliseconds.
    let delays = [];
    const lost = [];
    for (const { socket } of crowd.people.slice(0, listeners)) {
        assert.equal((await ask(socket, 'live:join', { liveId: crowd.live.id })).ok, true);
        socket.on('disconnect', (reason) => lost.push(reason));
        socket.on('chat:message', ({ message }) => delays.push(performance.now() - crowd.wishOf(message.content).askedAt));
    }
    crowd.act();
    await crowd.untilAcknowledged(200);
    const alone = percentile(delays, 0.99);
    await crowd.rest();
    await crowd.settle();

    const slow = await slowReaders();
    const before = residentKiB(server);
    let peak = before;
    delays = [];
    crowd.act();
    const began = performance.now();
    while ((await metric(server, 'confidente_sockets_open')) > crowd.people.length) {
        peak = Math.max(peak, residentKiB(server));
        assert.ok(performance.now() - began < closedLimitMs, `${await metric(server, 'confidente_sockets_open')} are still open`);
        await crowd.untilAcknowledged(5);
    }
    const closedAsSlow = await metric(server, 'confidente_sockets_dropped_slow_total');
    assert.ok(closedAsSlow >= count * 0.9, `${closedAsSlow} were closed as slow`); // on a busy machine a heartbeat is first
    const took = performance.now() - began;
    const beside = percentile(delays, 0.99);
    const listened = delays.length;
    assert.deepEqual(lost, [], 'whoever reads stays');
    await crowd.rest();
    await crowd.settle();
    assert.equal(await metric(server, 'confidente_sockets_open'), crowd.people.length, 'only they were closed');

    for (const one of slow) one.resume();
    const codes = new Map();
    for (const { closed } of slow) codes.set(await closed, (codes.get(await closed) ?? 0) + 1);
    t.diagnostic(
        `${closedAsSlow} closed as slow, the last ${Math.round(took)} ms after the first word, as they see it ${JSON.stringify([...codes])}; resident ` +
            `${before} KiB before, ${peak} KiB at most: ${Math.round((peak - before) / count)} KiB each`,
    );
    t.diagnostic(`others heard ${listened} messages, p99 after ${Math.round(alone)} ms alone, ${Math.round(beside)} ms beside them`);
    assert.ok(peak - before <= count * mostQueued + elsewhere, `${peak - before} KiB`);
    assert.ok(beside < deliveryLimitMs, `others heard after ${Math.round(beside)} ms`);
    const auditor = new Auditor(crowd, { dataDir: server.dataDir });
    await auditor.balances();
    t.diagnostic(`${crowd.acknowledged} acknowledged; ${await auditor.whole()}`);
});
