// The bad network itself: that it does what it says, and the same again for the same seed.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startRelay } from '../lib/bad_network.mjs';

const opened = [];
after(() => opened.forEach((close) => close()));

const bound = async (socket) => {
    socket.bind(0, '127.0.0.1');
    await new Promise((resolve) => socket.once('listening', resolve));
    opened.push(() => socket.close());
    return socket;
};

/** Sends numbered datagrams through a relay of this profile and gathers what arrives, in its order, with its delay. */
async function through(profile, { seed, count = 500, size = 200, everyMs = 0, before = async () => {} }) {
    const target = await bound(createSocket('udp4'));
    const source = await bound(createSocket('udp4'));
    const relay = await startRelay({ port: target.address().port, seed });
    await relay.up(profile);
    await before(relay);
    const [sentAt, arrived] = [[], []];
    let told = () => {};
    target.on('message', (bytes) => {
        const number = bytes.readUInt32BE(0);
        arrived.push({ number, ms: performance.now() - sentAt[number] });
        told();
    });
    const began = performance.now();
    for (let number = 0; number < count; ++number) {
        const bytes = Buffer.alloc(size);
        bytes.writeUInt32BE(number, 0);
        const early = number * everyMs - (performance.now() - began);
        if (early > 0) await pause(early);
        // No socket's buffer on the way is to overflow for want of a turn.
        if (number % 20 === 19) await relay.stats();
        sentAt.push(performance.now());
        await new Promise((resolve) => source.send(bytes, relay.port, relay.ip, resolve));
    }
    let stats = await relay.stats();
    while (stats.held > 0 || stats.up.taken < count) {
        await pause(5);
        stats = await relay.stats();
    }
    // What left the relay is in the target's socket by now.
    await new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`${arrived.length} of ${stats.up.given} arrived`)), 10_000);
        told = () => {
            if (arrived.length < stats.up.given) return;
            clearTimeout(limit);
            resolve();
        };
        told();
    });
    await relay.stop();
    return { arrived, stats: stats.up, seconds: (performance.now() - began) / 1000 };
}
const numbers = ({ arrived }) => arrived.map(({ number }) => number);
const runs = (lost) => lost.reduce((all, number, i) => all + (i === 0 || number !== lost[i - 1] + 1 ? 1 : 0), 0);

test('a network without a profile changes nothing', async () => {
    const perfect = await through({}, { seed: 1 });
    assert.deepEqual(numbers(perfect), [...Array(500).keys()]);
});

test('the same seed loses, reorders and doubles the same datagrams, another one others', async () => {
    const profile = { loss: 10, reorder: 5, reorder_ms: 20, duplicate: 5 };
    const fate = ({ arrived }) => {
        const seen = new Map();
        for (const { number } of arrived) seen.set(number, (seen.get(number) ?? 0) + 1);
        return JSON.stringify([...seen].sort(([a], [b]) => a - b));
    };
    const [first, again, other] = [await through(profile, { seed: 7 }), await through(profile, { seed: 7 }), await through(profile, { seed: 8 })];
    assert.equal(fate(first), fate(again));
    assert.notEqual(fate(first), fate(other));
    assert.deepEqual([first.stats.lost, first.stats.duplicated, first.stats.reordered], [again.stats.lost, again.stats.duplicated, again.stats.reordered]);
});

test('as many are lost as it says, each for itself or in bursts', async (t) => {
    for (const burst of [1, 5]) {
        const run = await through({ loss: 20, burst }, { seed: 3, count: 3000 });
        const got = new Set(numbers(run));
        const lost = [...Array(3000).keys()].filter((number) => !got.has(number));
        const length = lost.length / runs(lost);
        t.diagnostic(`bursts of ${burst}: ${lost.length} of 3000 lost, ${length.toFixed(2)} in a row`);
        assert.ok(lost.length > 450 && lost.length < 750, `${lost.length} of 3000`);
        assert.ok(burst === 1 ? length < 1.6 : length > 3.5 && length < 7, `${length} in a row`);
        assert.equal(lost.length, run.stats.lost);
    }
});

test('jitter keeps the order, reordering does not, and both delay no longer than they say', async (t) => {
    const even = await through({ delay: 20, jitter: 50 }, { seed: 4, count: 300, everyMs: 2 });
    assert.deepEqual(numbers(even), [...Array(300).keys()]);
    const delays = even.arrived.map(({ ms }) => ms).sort((a, b) => a - b);
    t.diagnostic(`delays from ${delays[0].toFixed(1)} to ${delays.at(-1).toFixed(1)} ms, median ${delays[150].toFixed(1)}`);
    assert.ok(delays[0] >= 19.5 && delays[150] < 95);
    const mixed = await through({ reorder: 10, reorder_ms: 15 }, { seed: 5, count: 300, everyMs: 2 });
    assert.notDeepEqual(numbers(mixed), [...Array(300).keys()]);
    assert.deepEqual(numbers(mixed).sort((a, b) => a - b), [...Array(300).keys()]);
});

test('a rate is held, and what its queue has no room for is dropped', async (t) => {
    // 500 datagrams of 1000 bytes at once through 2 Mbit/s with a queue of 500 ms: some 125 of them fit.
    const narrow = await through({ rate: 2000, queue: 500 }, { seed: 6, size: 1000 });
    t.diagnostic(`${narrow.arrived.length} arrived, ${narrow.stats.overflowed} overflowed, queue at most ${narrow.stats.longestQueueMs} ms`);
    assert.ok(narrow.arrived.length >= 120 && narrow.arrived.length < 200, `${narrow.arrived.length} arrived`);
    assert.equal(narrow.stats.overflowed, 500 - narrow.arrived.length);
    assert.ok(narrow.stats.longestQueueMs <= 510);
    const paced = await through({ rate: 2000, queue: 500 }, { seed: 6, size: 1000, count: 200, everyMs: 4.1 });
    assert.equal(paced.arrived.length, 200, 'what keeps to the rate passes');
});

test('nothing passes a blackout', async () => {
    const dark = await through({}, { seed: 9, before: (relay) => relay.blackout(60) });
    assert.deepEqual([dark.arrived.length, dark.stats.blackedOut], [0, 500]);
});

test('every client has a way back of its own, and another port to the target after it moved', async () => {
    const target = await bound(createSocket('udp4'));
    target.on('message', (bytes, from) => target.send(`${bytes} from ${from.port}`, from.port, from.address));
    const relay = await startRelay({ port: target.address().port, seed: 10 });
    const clients = [await bound(createSocket('udp4')), await bound(createSocket('udp4'))];
    const ask = (client, word) => new Promise((resolve) => {
        client.once('message', (bytes) => resolve(String(bytes)));
        client.send(word, relay.port, relay.ip);
    });
    const ports = [];
    for (const [i, client] of clients.entries()) {
        const [, word, port] = /^(\S+) from (\d+)$/.exec(await ask(client, `word${i}`));
        assert.equal(word, `word${i}`);
        ports.push(port);
    }
    assert.notEqual(ports[0], ports[1]);
    await relay.rebind();
    assert.notEqual(/(\d+)$/.exec(await ask(clients[0], 'again'))[1], ports[0]);
    await relay.stop();
});
