// What bad input gets: a precise error, nothing stored, and a server that goes on.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { createSocket } from 'node:dgram';
import { after, before, test } from 'node:test';
import { ask, call, connect, goLive, password, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';

let server, model, client;
const nobody = '0190163d-8694-739b-aea5-966c26f8ad91';

before(async () => {
    server = await startServer();
    model = await register(server.url, 'model', 'Luna');
    client = await register(server.url, 'client', 'Davi');
});
after(async () => assert.equal(await server.stop(), 0));

const registration = { type: 'client', email: 'a@example.com', password, name: 'A', birthDate: '1990-01-01', acceptTerms: true };

for (const [story, change, code] of [
    ['a minor', { birthDate: new Date(Date.now() - 17 * 365 * 864e5).toISOString().slice(0, 10) }, 'under_age'],
    ['a short password', { password: 'curta' }, 'validation_failed'],
    ['no terms', { acceptTerms: false }, 'validation_failed'],
    ['an e-mail that is none', { email: 'a@' }, 'validation_failed'],
    ['an unknown kind', { type: 'admin' }, 'validation_failed'],
    ['an object for a password', { password: { $ne: '' } }, 'validation_failed'],
    ['an unknown field', { isAdmin: true }, 'validation_failed'],
])
    test(`registration is refused: ${story}`, async () => {
        const answer = await call(server.url, 'POST', '/api/auth/register', { body: { ...registration, ...change } });
        assert.equal(answer.status, 422, JSON.stringify(answer.body));
        const codes = [answer.body.code, ...(answer.body.errors ?? []).map((error) => error.code)];
        assert.ok(codes.includes(code), JSON.stringify(answer.body));
        assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    });

test('login tells a wrong password and an unknown account alike', async () => {
    const wrong = await call(server.url, 'POST', '/api/auth/login', { body: { email: client.email, password: 'errada demais' } });
    const unknown = await call(server.url, 'POST', '/api/auth/login', { body: { email: 'x@example.com', password: 'errada demais' } });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.code, 'invalid_credentials');
    assert.deepEqual({ ...wrong.body, instance: 0 }, { ...unknown.body, instance: 0 });
});

test('a refresh token works once; used again it ends its whole family', async () => {
    const fresh = await register(server.url, 'client', 'Rui');
    const refresh = (refreshToken) => call(server.url, 'POST', '/api/auth/refresh-token', { body: { refreshToken } });
    const second = await refresh(fresh.refreshToken);
    assert.equal(second.status, 200);
    assert.equal((await refresh(fresh.refreshToken)).status, 401);
    assert.equal((await refresh(second.body.refreshToken)).status, 401);
});

test('broken bodies, types, sizes, methods and paths have their own answers', async () => {
    const login = '/api/auth/login';
    const answers = {
        malformed: await call(server.url, 'POST', login, { raw: '{"email":' }),
        form: await call(server.url, 'POST', login, { raw: 'a=b', headers: { 'content-type': 'text/plain' } }),
        huge: await call(server.url, 'POST', login, { raw: `{"email":"${'a'.repeat(200_000)}"}` }),
        method: await call(server.url, 'DELETE', login),
        path: await call(server.url, 'GET', '/api/nothing/here'),
        id: await call(server.url, 'GET', '/api/lives/not-a-uuid'),
        unknown: await call(server.url, 'GET', `/api/lives/${nobody}`),
    };
    const statuses = Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, answer.status]));
    assert.deepEqual(statuses, { malformed: 400, form: 415, huge: 413, method: 405, path: 404, id: 404, unknown: 404 });
    for (const answer of Object.values(answers)) assert.ok(answer.body.code, JSON.stringify(answer.body));
});

test('forged, foreign and missing tokens are refused on both transports', async () => {
    const [head, payload, signature] = client.token.split('.');
    const other = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    for (const token of ['x', `${head}.${payload}.`, `${none}.${payload}.`, `${head}.${payload}.${other}`, `${client.token}=`]) {
        assert.equal((await call(server.url, 'GET', '/api/auth/me', { token })).status, 401, token);
        await assert.rejects(connect(server.url, { token }), /invalid_token/);
    }
    assert.equal((await call(server.url, 'GET', '/api/wallet')).status, 401);
});

test('what belongs to others stays theirs', async () => {
    const { live } = await goLive(model);
    const rival = await register(server.url, 'model', 'Sol');
    assert.equal((await client.call('POST', '/api/lives', { body: { title: 'x', description: '', price: 0 } })).status, 403);
    assert.ok([403, 404].includes((await rival.call('PUT', `/api/lives/${live.id}/end`)).status));
    assert.ok([403, 404].includes((await client.call('PUT', `/api/users/${model.user.id}`, { body: { profile: { bio: 'x' } } })).status));
    const sdp = { raw: 'v=0\r\n', headers: { 'content-type': 'application/sdp' } };
    assert.ok([401, 403, 404].includes((await rival.call('POST', `/api/lives/${live.id}/whip`, sdp)).status));
    assert.ok([401, 403].includes((await client.call('POST', `/api/lives/${live.id}/whep`, sdp)).status));
    const seen = await client.call('GET', `/api/users/${model.user.id}`);
    assert.equal(seen.body.email, undefined);
    assert.equal((await model.call('PUT', `/api/lives/${live.id}/end`)).status, 200);
});

test('broken SDP is told, and stray UDP is silence', async () => {
    const { live, publish } = await goLive(model);
    const post = (raw) => call(server.url, 'POST', new URL(publish.whipUrl, server.url).pathname, {
        raw, token: publish.streamKey, headers: { 'content-type': 'application/sdp' },
    });
    for (const raw of ['', 'v=0\r\n', 'x'.repeat(5000), 'v=0\r\nm=video 9 RTP/AVP 96\r\n', '\0\0\0']) {
        const answer = await post(raw);
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} for ${JSON.stringify(raw.slice(0, 20))}`);
        assert.match(answer.body.detail, /\(.+\)$/, 'the reason follows the words, in every language');
    }
    const udp = createSocket('udp4');
    const port = Number(/"media\.port":(\d+)/.exec(server.log.find((line) => line.includes('media.port')) ?? '')?.[1]);
    assert.ok(port > 0, 'the log names the media port');
    let replies = 0;
    udp.on('message', () => replies++);
    for (let size = 0; size < 200; size++)
        await new Promise((resolve) => udp.send(Buffer.alloc(size, size % 4 === 0 ? 0x80 : size), port, '127.0.0.1', resolve));
    assert.equal((await call(server.url, 'GET', '/api/health/ready')).status, 200);
    assert.equal(replies, 0);
    udp.close();
    await model.call('PUT', `/api/lives/${live.id}/end`);
});

test('broken socket frames close that socket and no other', async () => {
    const good = await connect(server.url, client);
    const { port } = new URL(server.url);
    for (const frame of ['zzz', '451-["a",{"_placeholder":true,"num":0}]', '42["x"', '42' + '['.repeat(50_000)]) {
        const ws = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
        const closed = new Promise((resolve) => ws.addEventListener('close', resolve));
        await new Promise((resolve) => ws.addEventListener('open', resolve));
        ws.send(`40${JSON.stringify({ token: client.token })}`);
        ws.send(frame);
        await closed;
    }
    const unknown = await ask(good, 'no:such', {});
    assert.equal(unknown.ok, false);
    assert.ok((await ask(good, 'gift:send', { liveId: 7 })).error.code);
    good.close();
});

test('a request that never ends does not hold the server', async () => {
    const { port } = new URL(server.url);
    const slow = connectTcp(Number(port), '127.0.0.1');
    const closed = new Promise((resolve) => slow.once('close', resolve));
    slow.on('data', () => {}).on('error', () => {});
    slow.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    await closed;
});

test('a port in use and an unknown setting are told in one line', async () => {
    const { host } = new URL(server.url);
    const taken = await run('serve', '--data-dir', `${server.dataDir}/other`, '--http', host, '--media-port', '0');
    assert.notEqual(taken.code, 0);
    assert.match(taken.err, /error: .*already in use/);
    const typo = await run('config', '--set', 'http.prot=1');
    assert.notEqual(typo.code, 0);
    assert.match(typo.err, /there is no setting "http\.prot"/);
});

test('a second server in one data folder is refused in one line; commands that read go on, and the next server starts', async () => {
    const settings = ['database.url='];
    const one = await startServer({ settings });
    const place = ['--data-dir', one.dataDir, '--set', 'database.url='];
    const other = await run('serve', ...place, '--http', '127.0.0.1:0', '--media-port', '0');
    assert.notEqual(other.code, 0);
    assert.match(other.err, /^error: Another server \(process \d+\) uses the data folder .*\n$/);
    assert.ok(other.err.includes(`(process ${one.child.pid})`), other.err);
    for (const what of ['ledger', 'audit']) {
        const verified = await run(what, 'verify', ...place);
        assert.equal(verified.code, 0, verified.err);
    }
    // However a server ends, its folder is free again.
    one.child.kill('SIGKILL');
    await one.exited;
    const again = await startServer({ settings, dataDir: one.dataDir });
    assert.equal(await again.stop(), 0);
    rmSync(one.dataDir, { recursive: true, force: true });
});

test('secrets and tokens never reach the log', () => {
    const log = server.log.join('\n');
    for (const secret of [password, client.token, client.refreshToken, client.email]) assert.ok(!log.includes(secret));
    for (const line of server.log) assert.doesNotThrow(() => JSON.parse(line), line);
});
