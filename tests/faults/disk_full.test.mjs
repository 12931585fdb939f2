// The disk runs full at every kind of moment under a load: writes are refused in words, reads go on, nothing that was
// acknowledged is lost, and with space it goes on by itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Auditor } from '../lib/audit.mjs';
import { Crowd } from '../lib/load.mjs';
import { call, register } from '../lib/people.mjs';
import { amount, percentile, randomFrom, seed } from '../lib/seed.mjs';
import { startServer } from '../lib/server.mjs';
import { smallDisk } from '../lib/small_disk.mjs';

const runs = amount('FAULT_DISK_FULL', 200);
const kills = amount('FAULT_DISK_FULL_KILLS', 6);
const healLimitMs = 5000;
const mostLeft = 384 * 1024; // bytes: some tens of writes
const random = randomFrom(seed);
let disk, server, crowd, auditor;

const start = () => startServer({ dataDir: disk.folder, settings: ['log.level=error'] });

before(async () => {
    disk = smallDisk(512 * 1024 * 1024); // sparse; what all runs together write must fit
    server = await start();
    crowd = await Crowd.gather(server.url, { size: 24, seed });
    auditor = new Auditor(crowd, { dataDir: disk.folder });
});
after(async () => {
    crowd?.leave();
    await server?.stop();
    disk?.remove();
    assert.deepEqual(server?.bugs(), []);
});

/** Resolves when somebody was told that the storage is full. */
async function full() {
    const before = crowd.refused('storage_full');
    disk.fill(Math.floor(random() * mostLeft));
    await crowd.until(() => crowd.refused('storage_full') > before, 'a full disk');
}

async function readsGoOn() {
    const { token } = crowd.model;
    for (const path of ['/api/wallet', `/api/chats/${crowd.live.chatId}/messages?limit=1`, '/api/health/ready', '/api/lives'])
        assert.equal((await call(server.url, 'GET', path, { token })).status, 200, `${path} on a full disk`);
}

test(`a disk that runs full ${runs} times under load`, { timeout: 60_000 + runs * 10_000 }, async (t) => {
    t.diagnostic(`FAULT_SEED=${seed}, ${disk.kind}`);
    const healed = [];
    crowd.act();
    for (let run = 1; run <= runs; ++run) {
        await full();
        await readsGoOn();
        const began = performance.now();
        disk.free();
        await crowd.untilAcknowledged(3);
        healed.push(performance.now() - began);
        assert.ok(healed.at(-1) <= healLimitMs, `healed after ${Math.round(healed.at(-1))} ms, run ${run}`);
        auditor.quick();
    }
    await crowd.rest();
    await crowd.settle();
    await auditor.balances();
    const books = await auditor.whole();
    t.diagnostic(
        `full ${runs} times, ${crowd.refused('storage_full')} refused, ${crowd.acknowledged} acknowledged; ` +
            `healed p99 ${Math.round(percentile(healed, 0.99))} ms; ${books}`,
    );
});

test(`killed on a full disk ${kills} times, it starts with space and has everything`, { timeout: 120_000 }, async (t) => {
    let refusedToStart = 0;
    crowd.act();
    for (let kill = 1; kill <= kills; ++kill) {
        await full();
        server.child.kill('SIGKILL');
        await server.exited;
        // Without space it may serve reads, or say why it cannot start; either way nothing is harmed.
        const tight = await start().catch((error) => assert.match(error.message, /error: .*(space|full|disk)/s));
        if (tight) assert.equal(await tight.stop(), 0);
        else ++refusedToStart;
        disk.free();
        server = await start();
        auditor.quick();
        await crowd.arrive(server.url);
        await crowd.untilAcknowledged(3);
    }
    await crowd.rest();
    await crowd.settle();
    await auditor.balances();
    t.diagnostic(`${kills} kills, ${refusedToStart} times it would not start without space; ${await auditor.whole()}`);
});

test('what is not in the database is refused in the same words, and leaves nothing behind', async () => {
    const person = await register(server.url, 'model', 'Vera');
    const picture = readFileSync(new URL('../../docs/pictures/live.webp', import.meta.url));
    const upload = () =>
        person.call('PUT', `/api/users/${person.user.id}/avatar`, { raw: picture, headers: { 'content-type': 'image/webp' } });
    disk.fill(0);
    const refused = await upload();
    disk.free();
    assert.deepEqual([refused.status, refused.body.code], [503, 'storage_full']);
    assert.equal((await upload()).status, 200);
});
