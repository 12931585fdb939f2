// Accounts against the running binary: recovery by mail, endings that act at once, limits, keys that roll, the audit log.
import assert from 'node:assert/strict';
import { argon2Sync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { mailTo, mailsIn, tokenIn } from '../lib/mail.mjs';
import { call, connect, goLive, password, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';

let server;
before(async () => (server = await startServer()));
after(async () => assert.equal(await server.stop(), 0));

const post = (path, body, options = {}) => call(server.url, 'POST', `/api/auth/${path}`, { body, ...options });
const gone = (socket) => new Promise((resolve) => socket.once('disconnect', resolve));

test('a forgotten password: one mail, one use, every session and socket ends, and a notice follows', async () => {
    const person = await register(server.url, 'client', 'Ana');
    const socket = await connect(server.url, person);
    const asked = await post('forgot-password', { email: person.email }, { headers: { 'accept-language': 'en' } });
    assert.equal(asked.status, 202);
    assert.equal(asked.body, '');
    const mail = await mailTo(server.dataDir, person.email);
    assert.equal(mail.subject, 'Reset your password');
    assert.ok(mail.html.includes('/redefinir-senha#token='));
    const token = tokenIn(mail);

    const weak = await post('reset-password', { token, password: 'password' });
    assert.equal(weak.status, 422);
    assert.equal(weak.body.errors[0].code, 'too_common');
    const closed = gone(socket);
    const fresh = 'outra senha bem longa';
    const reset = await post('reset-password', { token, password: fresh });
    assert.equal(reset.status, 204);
    await closed;
    assert.equal((await person.call('GET', '/api/auth/me')).status, 401, 'its access token is refused at once');
    assert.equal((await post('refresh-token', { refreshToken: person.refreshToken })).status, 401);
    await assert.rejects(connect(server.url, person), /invalid_token/);
    const again = await post('reset-password', { token, password: fresh });
    assert.equal(again.status, 422);
    assert.equal(again.body.code, 'invalid_reset_token');
    assert.equal(again.body.errors[0].field, 'token');
    assert.equal((await post('login', { email: person.email, password })).status, 401);
    assert.equal((await post('login', { email: person.email, password: fresh })).status, 200);
    assert.match((await mailTo(server.dataDir, person.email, 2)).subject, /senha foi alterada/);
});

test('an address that nobody has gets the same answer and no mail', async () => {
    const email = `nobody-${randomUUID()}@example.com`;
    const person = await register(server.url, 'client', 'Rui');
    const unknown = await post('forgot-password', { email });
    const known = await post('forgot-password', { email: person.email });
    assert.deepEqual([unknown.status, unknown.body], [known.status, known.body]);
    await mailTo(server.dataDir, person.email);
    assert.ok(!(await mailsIn(server.dataDir)).some((mail) => mail.to.value[0].address === email));
    for (const body of [{}, { email: 'a' }, { email: 7 }, { email: 'a@b.c\r\nBcc: x@y.z' }, { email: 'a@b.c', x: 1 }])
        assert.equal((await post('forgot-password', body)).status, 422, JSON.stringify(body));
});

test('the fourth request of an hour for one account is answered alike and sends nothing', async () => {
    const person = await register(server.url, 'client', 'Eva');
    for (let i = 0; i < 5; i++) assert.equal((await post('forgot-password', { email: person.email })).status, 202);
    const other = await register(server.url, 'client', 'Ivo');
    await post('forgot-password', { email: other.email });
    await mailTo(server.dataDir, other.email);
    const sent = (await mailsIn(server.dataDir)).filter((mail) => mail.to.value[0].address === person.email);
    assert.equal(sent.length, 3);
});

test('logout ends the session at once, sockets and access tokens included, and no other session', async () => {
    const person = await register(server.url, 'client', 'Leo');
    const other = (await post('login', { email: person.email, password })).body;
    const socket = await connect(server.url, person);
    const closed = gone(socket);
    assert.equal((await post('logout', { refreshToken: person.refreshToken })).status, 204);
    await closed;
    assert.equal((await person.call('GET', '/api/auth/me')).status, 401);
    assert.equal((await call(server.url, 'GET', '/api/auth/me', { token: other.accessToken })).status, 200);
});

test('a token of any earlier generation ends the family, its sockets, and its owner is told', async () => {
    const person = await register(server.url, 'client', 'Gil');
    const socket = await connect(server.url, person);
    const generations = [person.refreshToken];
    for (let i = 0; i < 4; i++) {
        const next = await post('refresh-token', { refreshToken: generations.at(-1) });
        assert.equal(next.status, 200);
        generations.push(next.body.refreshToken);
    }
    const closed = gone(socket);
    assert.equal((await post('refresh-token', { refreshToken: generations[1] })).status, 401);
    await closed;
    assert.equal((await post('refresh-token', { refreshToken: generations.at(-1) })).status, 401);
    assert.match((await mailTo(server.dataDir, person.email)).subject, /sessão por segurança/);
});

test('keys roll under load and nobody is refused', async () => {
    const person = await register(server.url, 'client', 'Max');
    let [calls, refused, done] = [0, 0, false];
    let refreshToken = person.refreshToken;
    let token = person.token;
    const kids = new Set();
    const load = async () => {
        while (!done) {
            const answer = await call(server.url, 'GET', '/api/auth/me', { token });
            calls++;
            if (answer.status !== 200) refused++;
        }
    };
    const renew = async () => {
        while (!done) {
            const answer = await post('refresh-token', { refreshToken });
            if (answer.status === 429) continue;
            if (answer.status !== 200) return refused++;
            ({ refreshToken, accessToken: token } = answer.body);
            kids.add(JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid);
            if (kids.size === 2) done = true;
        }
    };
    const limit = setTimeout(() => (done = true), 30_000);
    const working = Promise.all([load(), load(), renew()]);
    const rolled = await run('keys', 'roll', '--data-dir', server.dataDir);
    assert.equal(rolled.code, 0, rolled.err);
    await working;
    clearTimeout(limit);
    console.log(`# ${calls} calls while the key rolled, ${refused} refused`);
    assert.equal(refused, 0);
    assert.equal(kids.size, 2, 'the new key signs');
    assert.equal((await person.call('GET', '/api/auth/me')).status, 200, 'a token of the old key is still good');
    const files = readdirSync(join(server.dataDir, 'keys')).filter((name) => name.startsWith('tokens-'));
    assert.equal(files.length, 2);
});

test('sensitive acts are in the audit log, which verifies', async () => {
    const model = await register(server.url, 'model', 'Luna');
    const { live } = await goLive(model);
    await model.call('PUT', `/api/lives/${live.id}/end`);
    await model.call('PUT', `/api/users/${model.user.id}`, { body: { profile: { bio: 'nova' } } });
    const verified = await run('audit', 'verify', '--data-dir', server.dataDir);
    assert.equal(verified.code, 0, verified.err);
    assert.match(verified.out, /the audit log holds: \d+ rows/);
});

test('an edited row and a cut tail of the audit log are found and named', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'confidente-audit-'));
    const own = await startServer({ dataDir });
    const person = await register(own.url, 'client', 'Ana');
    await call(own.url, 'POST', '/api/auth/login', { body: { email: person.email, password: 'errada demais' } });
    assert.equal(await own.stop(), 0); // witnesses the last row
    const admin = await run('audit', 'verify', '--data-dir', dataDir);
    assert.match(admin.out, /holds: 3 rows/);
    const db = new DatabaseSync(join(dataDir, 'confidente.db'));
    assert.throws(() => db.exec('DELETE FROM audit_log'), /append only/);
    const rows = db.prepare('SELECT * FROM audit_log ORDER BY seq').all();
    assert.deepEqual(rows.map(({ action }) => action), ['auth.register', 'auth.login', 'auth.login_failed']);
    assert.ok(!JSON.stringify(rows).includes('@'), 'no e-mail address');
    db.exec(`DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;
             UPDATE audit_log SET address = '203.0.113.9' WHERE seq = 2`);
    const edited = await run('audit', 'verify', '--data-dir', dataDir);
    assert.equal(edited.code, 1);
    assert.match(edited.err, /row 2 its hash is not that of its content/);
    db.exec(`UPDATE audit_log SET address = '${rows[1].address}' WHERE seq = 2; DELETE FROM audit_log WHERE seq = 3;
             UPDATE audit_head SET seq = 2, hash = '${rows[1].hash}'`);
    db.close();
    const cut = await run('audit', 'verify', '--data-dir', dataDir);
    assert.equal(cut.code, 1);
    assert.match(cut.err, /row 3 is missing: a signed checkpoint saw more rows/);
    rmSync(dataDir, { recursive: true });
});

test('more passwords than two threads can hash are refused at once, with a time to come back', async () => {
    const body = { email: 'nobody@example.com', password: 'errada demais' };
    const answers = await Promise.all(Array.from({ length: 100 }, () => post('login', body)));
    const statuses = new Set(answers.map(({ status }) => status));
    assert.deepEqual([...statuses].sort(), [401, 429]);
    const busy = answers.find(({ status }) => status === 429);
    assert.equal(busy.body.code, 'busy');
    assert.ok(Number(busy.headers.get('retry-after')) >= 1);
    assert.ok(answers.filter(({ status }) => status === 401).length >= 32, 'those who waited were answered');
});

test('a key older than ninety days is replaced at start, and its tokens stay good', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'confidente-keys-'));
    const keys = () => readdirSync(join(dataDir, 'keys')).filter((name) => name.startsWith('tokens-')).sort();
    const own = await startServer({ dataDir });
    assert.equal(await own.stop(), 0);
    const old = `tokens-${Math.floor(Date.now() / 1000) - 91 * 86_400}.key`;
    renameSync(join(dataDir, 'keys', keys()[0]), join(dataDir, 'keys', old));
    const again = await startServer({ dataDir });
    assert.deepEqual(keys()[0], old);
    assert.equal(keys().length, 2);
    const person = await register(again.url, 'client', 'Ana'); // signed by the old key: the new one's time is to come
    await again.logged('keys.rolled');
    assert.equal((await call(again.url, 'GET', '/api/auth/me', { token: person.token })).status, 200);
    assert.equal(await again.stop(), 0);
    const db = new DatabaseSync(join(dataDir, 'confidente.db'));
    assert.deepEqual(db.prepare("SELECT reason FROM audit_log WHERE action = 'keys.roll'").all().map((row) => row.reason), ['age']);
    db.close();
    rmSync(dataDir, { recursive: true });
});

test('a password hashed with weaker parameters is hashed anew when its owner comes', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'confidente-hash-'));
    const database = () => new DatabaseSync(join(dataDir, 'confidente.db'));
    const own = await startServer({ dataDir });
    const person = await register(own.url, 'client', 'Ana');
    assert.equal(await own.stop(), 0);
    const nonce = randomBytes(16);
    const weak = argon2Sync('argon2id', { message: password, nonce, parallelism: 1, tagLength: 32, memory: 8192, passes: 2 });
    const b64 = (bytes) => bytes.toString('base64').replace(/=+$/, '');
    let db = database();
    db.prepare('UPDATE users SET password_hash = ?').run(`$argon2id$v=19$m=8192,t=2,p=1$${b64(nonce)}$${b64(weak)}`);
    db.close();
    const again = await startServer({ dataDir });
    const login = (attempt) => call(again.url, 'POST', '/api/auth/login', { body: { email: person.email, password: attempt } });
    assert.equal((await login('errada demais')).status, 401);
    assert.equal((await login(password)).status, 200);
    assert.equal((await login(password)).status, 200);
    assert.equal(await again.stop(), 0);
    db = database();
    assert.match(db.prepare('SELECT password_hash FROM users').get().password_hash, /^\$argon2id\$v=19\$m=47104,t=1,p=1\$/);
    db.close();
    rmSync(dataDir, { recursive: true });
});

test('sending is counted by model and receiving by viewer, whatever credential they show', async () => {
    const limits = ['media.publishes_per_minute=2', 'media.plays_per_minute=2', 'auth.registrations_per_hour=50'];
    const strict = await startServer({ limits });
    const offer = { raw: 'v=0\r\n', headers: { 'content-type': 'application/sdp' } };
    try {
        const model = await register(strict.url, 'model', 'Luna');
        const { live, publish } = await goLive(model);
        const whip = (token) => call(strict.url, 'POST', `/api/lives/${live.id}/whip`, { ...offer, token });
        const whep = (token) => call(strict.url, 'POST', `/api/lives/${live.id}/whep`, { ...offer, token });
        assert.ok((await whip(publish.streamKey)).status < 429);
        assert.ok((await whip(model.token)).status < 429);
        const third = await whip(publish.streamKey);
        assert.equal(third.status, 429);
        assert.equal(third.headers.get('ratelimit-policy'), '"publish";q=2;w=60');
        const tokens = [];
        for (const name of ['Davi', 'Rui']) {
            const viewer = await register(strict.url, 'client', name);
            tokens.push((await viewer.call('POST', `/api/lives/${live.id}/join`)).body.playback.token);
            tokens.push((await viewer.call('POST', `/api/lives/${live.id}/join`)).body.playback.token);
        }
        for (const token of tokens.slice(0, 2)) assert.notEqual((await whep(token)).status, 429);
        const limited = await whep(tokens[0]);
        assert.equal(limited.status, 429);
        assert.equal(limited.headers.get('ratelimit-policy'), '"play";q=2;w=60');
        assert.notEqual((await whep(tokens[2])).status, 429, 'another viewer at the same address');
    } finally {
        await strict.stop();
    }
});

test('limits by address and by account say what they are, and lower with the settings', async () => {
    const strict = await startServer({
        limits: ['auth.registrations_per_hour=4', 'auth.login_attempts_per_account=3', 'auth.resets_per_hour=2',
            'auth.refreshes_per_minute=2', 'auth.login_attempts_per_minute=9'],
    });
    const ask = (path, body, headers) => call(strict.url, 'POST', `/api/auth/${path}`, { body, headers });
    try {
        const person = await register(strict.url, 'client', 'Ana');
        const wrong = { email: person.email, password: 'errada demais' };
        for (let i = 0; i < 3; i++) assert.equal((await ask('login', wrong)).status, 401);
        const limited = await ask('login', wrong);
        assert.equal(limited.status, 429);
        assert.equal(limited.body.code, 'rate_limited');
        assert.equal(limited.headers.get('ratelimit-policy'), '"login-account";q=3;w=900');
        assert.match(limited.headers.get('ratelimit'), /^"login-account";r=0;t=\d+$/);
        assert.ok(Number(limited.headers.get('retry-after')) > 200);
        const other = await register(strict.url, 'client', 'Rui');
        for (let i = 0; i < 4; i++) {
            const answer = await ask('login', { email: other.email, password });
            assert.equal(answer.status, 200, 'right passwords count nothing');
            assert.match(answer.headers.get('ratelimit'), /^"route";r=\d+;t=\d+$/);
        }
        const flooded = await Promise.all(Array.from({ length: 5 }, () => ask('login', { email: other.email, password })));
        assert.ok(flooded.some((answer) => answer.status === 429), 'the address has its limit');

        assert.equal((await ask('forgot-password', { email: other.email })).status, 202);
        assert.equal((await ask('forgot-password', { email: 'x@example.com' })).status, 202);
        const third = await ask('forgot-password', { email: 'y@example.com' }, { authorization: `Bearer ${other.token}` });
        assert.equal(third.status, 429, 'an account does not multiply the tries');

        let { refreshToken } = other;
        for (let i = 0; i < 2; i++) {
            const renewed = await ask('refresh-token', { refreshToken });
            assert.equal(renewed.status, 200);
            refreshToken = renewed.body.refreshToken;
        }
        const tooSoon = await ask('refresh-token', { refreshToken });
        assert.equal(tooSoon.status, 429);
        assert.match(tooSoon.headers.get('ratelimit-policy'), /^"refresh";q=2;w=60$/);
        await register(strict.url, 'client', 'Teo');
        await register(strict.url, 'client', 'Lia');
        await assert.rejects(register(strict.url, 'client', 'Bia'), /429/);
    } finally {
        await strict.stop();
    }
});
