// The clock is set on, back, by a day, by a second, and stops. Wall time decides what wall time should: tokens end when
// it says so, and a token of the future is none. All else goes on: connections and their timers, limits, the order of
// messages, money. Nothing that was ended comes back.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fakeClock } from '../lib/fake_clock.mjs';
import { ask, buyTokens, call, connect, goLive, next, password, register } from '../lib/people.mjs';
import { amount, randomFrom, seed } from '../lib/seed.mjs';
import { run, startServer } from '../lib/server.mjs';

const each = amount('FAULT_CLOCK', 20); // times for each kind
const hour = 3600;
const tokenLife = 600; // seconds
const leeway = 60; // seconds by which a token may be of the future
const toleranceMs = 1500;
/** Seconds by which the clock is set; null stops it. */
const kinds = { 'an hour on': hour, 'an hour back': -hour, 'a day on': 24 * hour, 'a leap second': -1, stopped: null };

let clock, dataDir, server, model, client, socket, live, chat;
const sent = [];
let balance = 0;
let given = 0;

before(async () => {
    clock = fakeClock();
    dataDir = mkdtempSync(join(tmpdir(), 'confidente-test-'));
    await start();
    model = await register(server.url, 'model', 'Luna');
    ({ live } = await goLive(model));
    client = await register(server.url, 'client', 'Davi');
    assert.equal((await client.call('POST', `/api/lives/${live.id}/join`)).status, 200);
    for (let i = 0; i < 5; ++i) balance += (await buyTokens(client)).tokens;
    chat = (await client.call('POST', '/api/chats', { body: { participantId: model.user.id } })).body;
    socket = await connect(server.url, client);
});
after(async () => {
    socket?.close();
    const code = await server?.stop();
    clock?.remove();
    rmSync(dataDir, { recursive: true, force: true });
    assert.equal(code, 0);
});

async function start() {
    server = await startServer({ dataDir, env: clock.environment, settings: ['auth.login_attempts_per_account=5', 'log.level=error'] });
}

/** The server's own time, in milliseconds. */
async function serverTime() {
    const { headers } = await call(server.url, 'GET', '/api/health/live');
    return Date.parse(headers.get('date'));
}

const login = (person, secret = password) =>
    call(server.url, 'POST', '/api/auth/login', { body: { email: person.email, password: secret } });

async function signIn(person) {
    const { status, body } = await login(person);
    assert.equal(status, 200, JSON.stringify(body));
    return { token: body.accessToken, refreshToken: body.refreshToken };
}
const me = (token) => call(server.url, 'GET', '/api/auth/me', { token });

/** What a token that was made `ahead` seconds before this time is worth now. */
function worth(ahead) {
    if (ahead >= tokenLife) return [401, 'expired_token'];
    if (ahead < -leeway) return [401, 'invalid_token'];
    return [200, undefined];
}

async function say() {
    const content = `mensagem ${sent.length}`;
    const answer = await ask(socket, 'message:send', { chatId: chat.id, content, type: 'text', clientId: randomUUID() });
    assert.equal(answer.ok, true, JSON.stringify(answer));
    sent.push(answer.message);
}

async function give() {
    const answer = await ask(socket, 'gift:send', { liveId: live.id, giftType: 'rosa', amount: 1, idempotencyKey: randomUUID() });
    assert.equal(answer.ok, true, JSON.stringify(answer));
    balance -= 10;
    given += 10;
}

/** Somebody who has signed out, and somebody whose account was guessed at until that was refused. */
async function leftovers() {
    const gone = await signIn(client);
    const out = await call(server.url, 'POST', '/api/auth/logout', { token: gone.token, body: { refreshToken: gone.refreshToken } });
    assert.ok(out.status < 300, JSON.stringify(out.body));
    const target = await register(server.url, 'client', 'Alvo');
    for (let i = 0; i < 5; ++i) assert.equal((await login(target, 'palpite errado aqui')).status, 401);
    assert.equal((await login(target, 'palpite errado aqui')).status, 429);
    return { gone, target };
}

async function jump(seconds) {
    if (seconds === null) clock.freeze();
    else clock.jump(seconds);
    for (let tries = 0; Math.abs((await serverTime()) - clock.now()) > toleranceMs; ++tries) {
        assert.ok(tries < 100, 'the server sees another clock');
        await pause(10);
    }
}

async function once(kind, seconds, { gone, target }) {
    const [old, unseen] = [await signIn(client), await signIn(client)];
    const connected = await connect(server.url, { ...client, token: old.token });
    await jump(seconds);
    const ahead = seconds ?? 0;
    // Tokens are as good as wall time says, on both transports.
    const fresh = await me(unseen.token);
    assert.deepEqual([fresh.status, fresh.body.code], worth(ahead), `${kind}: a token from before`);
    // One that has been shown already was not of the future then.
    const shown = await me(old.token);
    assert.deepEqual([shown.status, shown.body.code], worth(Math.max(ahead, 0)), `${kind}: a token shown before`);
    if (ahead >= tokenLife) {
        const expired = next(connected, 'auth:expired');
        connected.emit('typing:start', { chatId: chat.id });
        await expired;
    } else {
        const answer = await ask(connected, 'message:send', { chatId: chat.id, content: 'ainda aqui', type: 'text', clientId: randomUUID() });
        assert.equal(answer.ok, true, `${kind}: a connection goes on`);
        sent.push(answer.message);
    }
    connected.close();
    // The session itself lives for days, and can be renewed.
    const renewed = await call(server.url, 'POST', '/api/auth/refresh-token', { body: { refreshToken: old.refreshToken } });
    assert.equal(renewed.status, 200, JSON.stringify(renewed.body));
    assert.equal((await me(renewed.body.accessToken)).status, 200);
    // What was ended stays ended; a limit is neither lifted nor kept for ever.
    assert.notEqual((await me(gone.token)).status, 200, `${kind}: a session that was ended`);
    const again = await call(server.url, 'POST', '/api/auth/refresh-token', { body: { refreshToken: gone.refreshToken } });
    assert.equal(again.status, 401, `${kind}: the refresh token of a session that was ended`);
    const guess = await login(target, 'palpite errado aqui');
    assert.equal(guess.status, 429, `${kind}: the limit on guesses`);
    assert.ok(Number(guess.headers.get('retry-after')) <= 900);
    // People go on, with their money, in order.
    socket.close();
    socket = await connect(server.url, { ...client, token: renewed.body.accessToken });
    await say();
    await give();
    await say();
    const wallet = await call(server.url, 'GET', '/api/wallet', { token: renewed.body.accessToken });
    assert.equal(wallet.body.balance, balance, `${kind}: the wallet`);
    const { token } = await signIn(model);
    const { earnings } = (await call(server.url, 'GET', '/api/wallet', { token })).body;
    assert.equal(earnings.available, 0, `${kind}: nothing is paid out early`);
    assert.equal(earnings.pending, given - Math.floor(given * 0.3), `${kind}: earnings`);
    if (seconds === null) clock.jump(0);
    if (balance < 100) {
        balance += (await buyTokens({ call: (method, path, options) => call(server.url, method, path, { token: renewed.body.accessToken, ...options }) })).tokens;
    }
}

for (const [kind, seconds] of Object.entries(kinds)) {
    test(`the clock, ${kind}, ${each} times`, { timeout: 120_000 + each * 10_000 }, async () => {
        const left = await leftovers();
        for (let i = 0; i < each; ++i) await once(kind, seconds, left);
    });
}

test('the clock, by anything at any moment', { timeout: 120_000 + each * 10_000 }, async (t) => {
    t.diagnostic(`FAULT_SEED=${seed}`);
    const random = randomFrom(seed);
    const left = await leftovers();
    const names = Object.keys(kinds);
    for (let i = 0; i < each; ++i) {
        const kind = names[Math.floor(random() * names.length)];
        await once(kind, kinds[kind], left);
    }
});

test('timers do not look at the clock: with it stopped, a silent connection is closed as ever', { timeout: 60_000 }, async () => {
    await jump(null);
    const began = performance.now();
    const silent = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
    silent.resume();
    await new Promise((resolve) => silent.once('close', resolve));
    const took = performance.now() - began;
    assert.ok(took > 9000 && took < 20_000, `after ${Math.round(took)} ms`);
    clock.jump(0);
});

test('a server that starts before the times in its database serves them, and goes on behind them', async (t) => {
    socket.close();
    await server.stop();
    clock.jump(-48 * hour);
    await start();
    const { token } = await signIn(client);
    socket = await connect(server.url, { ...client, token });
    await say();
    const heard = [];
    for (let cursor = ''; cursor !== null; ) {
        const page = await call(server.url, 'GET', `/api/chats/${chat.id}/messages?limit=100${cursor && `&cursor=${cursor}`}`, { token });
        heard.unshift(...page.body.items.toReversed());
        cursor = page.body.nextCursor && encodeURIComponent(page.body.nextCursor);
    }
    assert.deepEqual(heard.map(({ id }) => id), sent.map(({ id }) => id), 'each message once, in the order they were sent');
    // Of one process, each id is of the time of the one before or later, whatever the clock said.
    const time = (id) => parseInt(id.replace('-', '').slice(0, 12), 16);
    const times = sent.slice(0, -1).map(({ id }) => time(id));
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    for (const what of ['ledger', 'audit']) {
        const verified = await run(what, 'verify', '--data-dir', dataDir);
        assert.equal(verified.code, 0, verified.out + verified.err);
        t.diagnostic(verified.out.trim());
    }
    t.diagnostic(`${each} times each kind and ${each} mixed; ${sent.length} messages in order`);
});
