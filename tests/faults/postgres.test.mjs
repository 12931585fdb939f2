// PostgreSQL goes away under load, several ways: nothing acknowledged is lost, nothing happens twice, and the server
// heals by itself. What was not acknowledged is asked again with the same key, as every client does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Auditor } from '../lib/audit.mjs';
import { Crowd } from '../lib/load.mjs';
import { call } from '../lib/people.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { amount, percentile, randomFrom, seed } from '../lib/seed.mjs';
import { startServer } from '../lib/server.mjs';

const cycles = amount('FAULT_POSTGRES_CYCLES', 50);
const healLimitMs = 5000;
let postgres, server, crowd, auditor;

before(async () => {
    postgres = startPostgres();
    server = await startServer({ settings: [`database.url=${postgres.url}`, 'log.level=error'] });
    crowd = await Crowd.gather(server.url, { size: 24, seed });
    auditor = new Auditor(crowd, { dataDir: server.dataDir, url: postgres.url });
});
after(async () => {
    crowd?.leave();
    await server?.stop();
    postgres?.remove();
    assert.deepEqual(server?.bugs(), []);
});

const read = () => call(server.url, 'GET', '/api/wallet', { token: crowd.model.token });
/** A small write; people take turns, since each may change a profile only so often. */
let turn = 0;
const write = () => {
    const { client } = crowd.people[turn++ % crowd.people.length];
    return client.call('PUT', `/api/users/${client.user.id}`, { body: { profile: { bio: `${turn}` } } });
};

/** The milliseconds from when PostgreSQL serves again until reads and writes work. */
async function healed() {
    await postgres.ready();
    const begun = performance.now();
    for (;;) {
        if ((await read()).status === 200 && (await write()).status === 200) return performance.now() - begun;
        assert.ok(performance.now() - begun < healLimitMs, 'it does not heal');
        await pause(20);
    }
}

async function whileAway() {
    for (const answer of [await read(), await write(), await call(server.url, 'GET', '/api/health/ready')])
        assert.equal(answer.status, 503, JSON.stringify(answer.body));
    const { headers, body } = await read();
    assert.equal(body.code, 'database_unavailable');
    assert.ok(Number(headers.get('retry-after')) > 0, 'it says when to come again');
    assert.equal((await call(server.url, 'GET', '/api/health/live')).status, 200, 'the process lives');
}

async function stopAndStart(how) {
    postgres.stop(how);
    try {
        await whileAway();
    } finally {
        postgres.start();
    }
}

const faults = [
    ['stopped fast', () => stopAndStart('fast')],
    ['stopped at once, without a checkpoint', () => stopAndStart('immediate')],
    ['a connection killed', async () => postgres.killBackend()],
];

test(`PostgreSQL goes away ${cycles} times under load`, { timeout: 60_000 + cycles * 20_000 }, async (t) => {
    t.diagnostic(`FAULT_SEED=${seed}`);
    const random = randomFrom(seed);
    const took = faults.map(() => []);
    crowd.act();
    for (let cycle = 0; cycle < cycles; ++cycle) {
        await crowd.untilAcknowledged(10 + Math.floor(random() * 40));
        const [name, hurt] = faults[cycle % faults.length];
        await hurt();
        took[cycle % faults.length].push(await healed());
        await crowd.untilAcknowledged(10).catch((error) => assert.fail(`cycle ${cycle}, ${name}: ${error.message}`));
        auditor.quick();
        if (cycle % 10 === 9) await auditor.whole();
    }
    await crowd.rest();
    const unknown = crowd.pending.length;
    await crowd.settle();
    await auditor.balances();
    const books = await auditor.whole();
    const figures = faults.map(([name], i) => `${name}: p99 ${Math.round(percentile(took[i], 0.99))} ms`).join('; ');
    t.diagnostic(`serving after PostgreSQL does, ${figures}`);
    t.diagnostic(
        `${cycles} cycles, ${crowd.acknowledged} acknowledged, ${crowd.refused('database_unavailable')} refused and ` +
            `asked again, ${unknown} settled at the end; ${books}`,
    );
});

test('a restart while nobody writes costs nobody an error', async () => {
    postgres.stop('fast');
    postgres.start();
    assert.equal((await read()).status, 200);
    assert.equal((await write()).status, 200);
});
