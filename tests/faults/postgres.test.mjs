// PostgreSQL goes away under load, several ways: nothing acknowledged is lost, nothing happens twice, and the server
// heals by itself. What was not acknowledged is asked again with the same key, as every client does.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { buyTokens, call, connect, goLive, register } from '../lib/people.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { run, startServer } from '../lib/server.mjs';

const clients = 12;
const healLimitMs = 5000;
let postgres, server, model, live, people;

before(async () => {
    postgres = startPostgres();
    server = await startServer({ settings: [`database.url=${postgres.url}`] });
    model = await register(server.url, 'model', 'Luna');
    ({ live } = await goLive(model));
    people = await Promise.all(Array.from({ length: clients }, (_, i) => newClient(`Cliente ${i}`)));
});
after(async () => {
    for (const person of people ?? []) person.socket.close();
    await server?.stop();
    postgres?.remove();
});

async function newClient(name) {
    const client = await register(server.url, 'client', name);
    let tokens = 0;
    for (let i = 0; i < 5; ++i) tokens += (await buyTokens(client)).tokens;
    assert.equal((await client.call('POST', `/api/lives/${live.id}/join`)).status, 200);
    const socket = await connect(server.url, client, { reconnection: true });
    return { client, socket, tokens, gifts: new Map(), messages: new Map() };
}

/** One request with its key; what came back, or nothing when no answer came in time. */
async function send(person, event, payload) {
    try {
        return await person.socket.timeout(8000).emitWithAck(event, payload);
    } catch {
        return undefined;
    }
}

/** Sends what has no answer yet; keeps the answer. Refusals other than "not now" are errors of the test. */
async function settle(person, key) {
    const isGift = person.gifts.has(key);
    const answer = isGift
        ? await send(person, 'gift:send', { liveId: live.id, giftType: 'rosa', amount: 1, idempotencyKey: key })
        : await send(person, 'message:send', { chatId: live.chatId, content: `olá ${key}`, type: 'text', clientId: key });
    if (answer?.ok) {
        const id = (answer.gift ?? answer.message).id;
        const known = isGift ? person.gifts : person.messages;
        const before = known.get(key);
        assert.ok(before === null || before === id, 'a repeat has the first answer');
        known.set(key, id);
        return true;
    }
    const code = answer?.error?.code ?? 'no_answer';
    const passing = ['database_unavailable', 'busy', 'rate_limited', 'too_many_requests', 'no_answer'];
    assert.ok(passing.includes(code), `${isGift ? 'gift' : 'message'}: ${JSON.stringify(answer)}`);
    return false;
}

/** Every person gives and talks until told to stop; what is refused is sent again later, with its key. */
function load() {
    let stopping = false;
    let acknowledged = 0;
    const loops = people.map(async (person) => {
        while (!stopping) {
            const key = randomUUID();
            (Math.random() < 0.4 ? person.gifts : person.messages).set(key, null);
            while (!(await settle(person, key)) && !stopping) await pause(100);
            ++acknowledged;
            await pause(60); // no wait for something to happen: the pace of a person
        }
    });
    return {
        acknowledged: () => acknowledged,
        async stop() {
            stopping = true;
            await Promise.all(loops);
        },
    };
}

const read = () => call(server.url, 'GET', '/api/wallet', { token: model.token });
/** A small write; people take turns, since each may change a profile only so often. */
let turn = 0;
const write = () => {
    const { client } = people[turn++ % people.length];
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
    const refused = [];
    for (const answer of [await read(), await write(), await call(server.url, 'GET', '/api/health/ready')]) {
        refused.push(answer.status);
        assert.equal(answer.status, 503, JSON.stringify(answer.body));
    }
    const { headers, body } = await read();
    assert.equal(body.code, 'database_unavailable');
    assert.ok(Number(headers.get('retry-after')) > 0, 'it says when to come again');
    assert.equal((await call(server.url, 'GET', '/api/health/live')).status, 200, 'the process lives');
    return refused;
}

const faults = [
    ['stopped fast', async () => stopAndStart('fast')],
    ['stopped at once, without a checkpoint', async () => stopAndStart('immediate')],
    ['a connection is killed', async () => postgres.killBackend()],
];

async function stopAndStart(how) {
    postgres.stop(how);
    try {
        await whileAway();
    } finally {
        postgres.start();
    }
}

for (const [name, hurt] of [...faults, ...faults]) {
    test(`PostgreSQL under load: ${name}`, { timeout: 60_000 }, async (t) => {
        const running = load();
        try {
            while (running.acknowledged() < 20) await pause(20);
            await hurt();
            const took = await healed();
            const before = running.acknowledged();
            while (running.acknowledged() < before + 20) await pause(20);
            t.diagnostic(`serving ${Math.round(took)} ms after PostgreSQL; ${running.acknowledged()} acknowledged`);
        } finally {
            await running.stop();
        }
    });
}

test('a restart while nobody writes costs nobody an error', async () => {
    postgres.stop('fast');
    postgres.start();
    assert.equal((await read()).status, 200);
    assert.equal((await write()).status, 200);
});

test('what had no answer is settled by its key, each thing is there once, and the books verify', async () => {
    for (const person of people) {
        for (const known of [person.gifts, person.messages]) {
            for (const [key, id] of known) {
                if (id === null) while (!(await settle(person, key))) await pause(300);
            }
        }
    }
    const total = people.reduce((sum, person) => sum + person.gifts.size, 0);
    for (const person of people) {
        const { body } = await person.client.call('GET', '/api/wallet');
        assert.equal(body.balance, person.tokens - 10 * person.gifts.size, 'each gift was paid once');
        assert.equal(new Set(person.gifts.values()).size, person.gifts.size);
    }
    const heard = new Map();
    for (let cursor; ; ) {
        const query = cursor ? `?limit=100&cursor=${encodeURIComponent(cursor)}` : '?limit=100';
        const page = await model.call('GET', `/api/chats/${live.chatId}/messages${query}`);
        assert.equal(page.status, 200, JSON.stringify(page.body));
        for (const item of page.body.items) heard.set(item.id, (heard.get(item.id) ?? 0) + 1);
        cursor = page.body.nextCursor;
        if (!cursor) break;
    }
    for (const person of people) {
        for (const id of person.messages.values()) assert.equal(heard.get(id), 1, 'each message is there once');
    }
    const verified = await run('ledger', 'verify', '--data-dir', server.dataDir, '--set', `database.url=${postgres.url}`);
    assert.equal(verified.code, 0, verified.out + verified.err);
    assert.ok(total > 100, `${total} gifts`);
});
