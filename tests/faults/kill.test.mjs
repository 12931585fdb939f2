// kill -9 of the server at any moment, on both databases: it is back at once, and every message, gift and purchase
// that was acknowledged is there exactly once. What had no answer is wholly there or not at all, and asking again with
// the same key makes it be there once.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Auditor } from '../lib/audit.mjs';
import { Crowd } from '../lib/load.mjs';
import { call } from '../lib/people.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { amount, percentile, randomFrom, seed } from '../lib/seed.mjs';
import { startServer } from '../lib/server.mjs';

const readyLimitMs = 2000;
const longestLifeMs = 1000;
const wholeEvery = 10; // kills between two looks at everything

const engines = [
    { name: 'SQLite', kills: amount('FAULT_KILLS_SQLITE', 60), database: () => ({ remove() {} }) },
    { name: 'PostgreSQL', kills: amount('FAULT_KILLS_POSTGRES', 40), database: startPostgres },
];

for (const { name, kills, database } of engines) {
    test(`kill -9 under load, on ${name}`, { timeout: 60_000 + kills * 10_000 }, async (t) => {
        t.diagnostic(`FAULT_SEED=${seed}`);
        const postgres = database();
        const dataDir = mkdtempSync(join(tmpdir(), 'confidente-kill-'));
        const settings = postgres.url ? [`database.url=${postgres.url}`] : [];
        const start = () => startServer({ dataDir, settings: [...settings, 'log.level=error'] });
        let server = await start();
        let crowd;
        try {
            crowd = await Crowd.gather(server.url, { size: amount('FAULT_PEOPLE', 40), seed });
            const auditor = new Auditor(crowd, { dataDir, url: postgres.url });
            const random = randomFrom(seed);
            const ready = [];
            let cutOff = 0;
            crowd.act();
            for (let kill = 1; kill <= kills; ++kill) {
                // Some die while everyone is still arriving, some in the middle of it.
                await pause(random() * longestLifeMs);
                server.child.kill('SIGKILL');
                await server.exited;
                const pending = new Set(crowd.pending);
                const began = performance.now();
                server = await start();
                assert.equal((await call(server.url, 'GET', '/api/health/ready')).status, 200);
                ready.push(performance.now() - began);
                assert.ok(ready.at(-1) <= readyLimitMs, `ready after ${Math.round(ready.at(-1))} ms, kill ${kill}`);
                // Nobody has connected again, so nothing moves while we look.
                if (kill % wholeEvery === 0) await auditor.whole();
                else auditor.quick();
                const live = await call(server.url, 'GET', `/api/lives/${crowd.live.id}`);
                assert.equal(live.body.status, 'live', 'a live waits for its model');
                cutOff += pending.size;
                await crowd.arrive(server.url);
            }
            await crowd.untilAcknowledged(50);
            await crowd.rest();
            await crowd.settle();
            await auditor.balances();
            const books = await auditor.whole();
            t.diagnostic(
                `${kills} kills, ${crowd.acknowledged} acknowledged, ${cutOff} cut off and settled; ready again: ` +
                    `p50 ${Math.round(percentile(ready, 0.5))} ms, p99 ${Math.round(percentile(ready, 0.99))} ms; ${books}`,
            );
            assert.ok(crowd.acknowledged > kills * 10, 'there was a load');
        } finally {
            crowd?.leave();
            await server.stop();
            postgres.remove();
            rmSync(dataDir, { recursive: true, force: true });
        }
    });
}
