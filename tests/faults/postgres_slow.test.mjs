// PostgreSQL is there, but of little use: slow, silent in the middle of a write, locked by somebody else, all readers
// taken, or full. Nobody waits for long: whoever cannot be served is told when to come again, whoever needs none of it is
// served as ever, nothing acknowledged is lost, and when it is over it is over.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Auditor } from '../lib/audit.mjs';
import { Crowd } from '../lib/load.mjs';
import { call } from '../lib/people.mjs';
import { openSession, sql, startPostgres } from '../lib/postgres.mjs';
import { startRelay } from '../lib/relay.mjs';
import { amount, percentile, seed } from '../lib/seed.mjs';
import { startServer } from '../lib/server.mjs';

const runs = amount('FAULT_POSTGRES_SLOW', 20); // over all kinds
const answerLimitMs = 8000; // the longest that anybody waits for a yes or a no, on two busy cores
const healLimitMs = 10_000; // from when it is over until writes are acknowledged again
const connections = 20; // that PostgreSQL allows in all
let postgres, relay, server, crowd, auditor;

before(async () => {
    postgres = startPostgres([`max_connections = ${connections}`, 'superuser_reserved_connections = 0']);
    relay = await startRelay(postgres.socket);
    server = await startServer({ settings: [`database.url=${postgres.through(relay.folder)}`, 'log.level=error'] });
    crowd = await Crowd.gather(server.url, { size: 24, seed });
    auditor = new Auditor(crowd, { dataDir: server.dataDir, url: postgres.url });
    sql(postgres.url, `CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(2.2); RETURN NEW; END $$`);
});
after(async () => {
    crowd?.leave();
    await server?.stop();
    await relay?.stop();
    postgres?.remove();
    assert.deepEqual(server?.bugs(), []);
});

const wallet = () => call(server.url, 'GET', '/api/wallet', { token: crowd.model.token });
const history = () => call(server.url, 'GET', `/api/chats/${crowd.live.chatId}/messages?limit=1`, { token: crowd.model.token });

async function timed(ask) {
    const began = performance.now();
    const answer = await ask();
    return { status: answer.status, code: answer.body.code, headers: answer.headers, took: performance.now() - began };
}

async function livesOn() {
    const { status, took } = await timed(() => call(server.url, 'GET', '/api/health/live'));
    assert.equal(status, 200);
    assert.ok(took < 1000, `alive after ${Math.round(took)} ms`);
}

/** Resolves when people were told "not now" that many times more. */
const refusedAgain = (code, times = 1) => {
    const goal = crowd.refused(code) + times;
    return crowd.until(() => crowd.refused(code) >= goal, code);
};

async function slow() {
    sql(postgres.url, 'CREATE TRIGGER slow BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION nap()');
    await refusedAgain('busy', 8);
    assert.equal((await timed(wallet)).status, 200, 'reads go on');
    await livesOn();
    return () => sql(postgres.url, 'SET lock_timeout = 0; DROP TRIGGER slow ON messages');
}

/** The connection that writes says nothing any more, as behind a network that swallows packets; and holds its lock. */
async function silent() {
    await relay.silenceAfter('pg_advisory_xact_lock');
    await refusedAgain('busy', 8);
    assert.equal((await timed(wallet)).status, 200, 'reads go on');
    await livesOn();
    return () => relay.cutSilent();
}

async function locked() {
    const session = openSession(postgres.url);
    await session.ask('BEGIN');
    await session.ask('LOCK TABLE messages IN ACCESS EXCLUSIVE MODE');
    await refusedAgain('busy');
    const read = await timed(history);
    assert.deepEqual([read.status, read.code], [503, 'busy'], 'who needs the table is told');
    assert.ok(Number(read.headers.get('retry-after')) > 0);
    assert.equal((await timed(wallet)).status, 200, 'who does not is served');
    await livesOn();
    return () => session.close();
}

/** Every reader waits for the lock, and many more reads wait for a reader. */
async function exhausted() {
    const session = openSession(postgres.url);
    await session.ask('BEGIN');
    await session.ask('LOCK TABLE chats IN ACCESS EXCLUSIVE MODE');
    const answers = await Promise.all(Array.from({ length: 200 }, () => timed(history)));
    for (const { status, code, took, headers } of answers) {
        assert.deepEqual([status, code], [503, 'busy']);
        assert.ok(Number(headers.get('retry-after')) > 0);
        assert.ok(took < answerLimitMs, `a read waited ${Math.round(took)} ms`);
    }
    await livesOn();
    return () => session.close();
}

/** Others take every connection that there is, ours as soon as they are ended. */
async function tooMany() {
    const held = [openSession(postgres.url)];
    const ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'confidente'";
    const take = async () => {
        const session = openSession(postgres.url, { quiet: true });
        if (await session.ask('SELECT 1').catch(() => null)) held.push(session);
    };
    while (held.length < connections) {
        const free = connections - held.length;
        await Promise.all([held[0].ask(ours), ...Array.from({ length: free }, take)]);
    }
    await refusedAgain('database_unavailable');
    assert.equal((await timed(wallet)).code, 'database_unavailable');
    await livesOn();
    return () => Promise.all(held.map((session) => session.close()));
}

const faults = { slow, silent, locked, exhausted, tooMany };

test(`PostgreSQL is of little use ${runs} times`, { timeout: 60_000 + runs * 30_000 }, async (t) => {
    t.diagnostic(`FAULT_SEED=${seed}`);
    const kinds = Object.entries(faults);
    const healed = [];
    for (let run = 0; run < runs; ++run) {
        const [name, hurt] = kinds[run % kinds.length];
        crowd.slowest = 0;
        crowd.act();
        await crowd.untilAcknowledged(5);
        const heal = await hurt();
        const began = performance.now();
        await heal();
        await crowd.untilAcknowledged(30).catch((error) => assert.fail(`${name}: ${error.message}`));
        healed.push(performance.now() - began);
        assert.ok(healed.at(-1) < healLimitMs, `${name}: healed after ${Math.round(healed.at(-1))} ms`);
        await crowd.rest();
        t.diagnostic(`${name}: slowest answer ${Math.round(crowd.slowest)} ms, healed ${Math.round(healed.at(-1))} ms`);
        assert.ok(crowd.slowest < answerLimitMs, `${name}: somebody waited ${Math.round(crowd.slowest)} ms`);
        auditor.quick();
    }
    await crowd.settle();
    await auditor.balances();
    t.diagnostic(
        `${runs} runs, ${crowd.acknowledged} acknowledged, refused ${JSON.stringify([...crowd.refusals])}; ` +
            `healed p99 ${Math.round(percentile(healed, 0.99))} ms; ${await auditor.whole()}`,
    );
});
