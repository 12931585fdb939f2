// Canaries: secrets that go through the whole API and must sing nowhere: not in the log, the metrics, an error's body,
// nor readable in the database.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mailTo, tokenIn } from '../lib/mail.mjs';
import { ask, buyTokens, call, connect, goLive } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server;
const errorBodies = [];
const canaries = {};

before(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'confidente-canary-'));
    server = await startServer({ settings: ['log.level=debug'], dataDir });
});
after(() => rmSync(server.dataDir, { recursive: true, force: true }));

/** Like call(), and keeps what a refusal said. */
async function seen(method, path, options) {
    const answer = await call(server.url, method, path, options);
    if (answer.status >= 400) errorBodies.push(JSON.stringify(answer.body) + JSON.stringify([...answer.headers]));
    return answer;
}

const post = (path, body, options = {}) => seen('POST', path, { body, ...options });

function filesUnder(folder) {
    return readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        return statSync(path).isDirectory() ? filesUnder(path) : [path];
    });
}

test('secrets go through every call that takes one, rightly and wrongly', async () => {
    const mark = randomUUID().slice(0, 8);
    canaries.email = `canary-${mark}@example.com`;
    canaries.modelEmail = `canary-model-${mark}@example.com`;
    canaries.password = `canary password ${mark}`;
    canaries.wrongPassword = `canary wrong ${mark}`;
    canaries.newPassword = `canary changed ${mark}`;
    canaries.otp = `otp${mark}`;
    const registration = { password: canaries.password, name: 'Ana', birthDate: '1990-01-01', acceptTerms: true };
    const client = (await post('/api/auth/register', { ...registration, type: 'client', email: canaries.email })).body;
    const model = (await post('/api/auth/register', { ...registration, type: 'model', email: canaries.modelEmail })).body;
    assert.equal((await post('/api/auth/register', { ...registration, type: 'client', email: canaries.email })).status, 409);
    for (const field of ['email', 'password', 'name', 'birthDate', 'type'])
        await post('/api/auth/register', { ...registration, type: 'client', email: canaries.email, [field]: { secret: canaries.password } });
    await post('/api/auth/login', { email: canaries.email, password: canaries.wrongPassword, otp: canaries.otp });
    await post('/api/auth/login', { email: `x${canaries.email}`, password: canaries.wrongPassword });
    await post('/api/auth/login', { email: canaries.email, password: [canaries.password] });
    await seen('POST', '/api/auth/login', { raw: `{"email":"${canaries.email}","password":"${canaries.password}"` });
    await seen('GET', `/api/nothing?token=${client.accessToken}&password=${encodeURIComponent(canaries.password)}`);
    const login = (await post('/api/auth/login', { email: canaries.email, password: canaries.password, otp: canaries.otp })).body;
    Object.assign(canaries, { access: login.accessToken, refresh: login.refreshToken, first: client.refreshToken });
    const renewed = (await post('/api/auth/refresh-token', { refreshToken: canaries.refresh })).body;
    Object.assign(canaries, { renewedAccess: renewed.accessToken, renewedRefresh: renewed.refreshToken });
    await post('/api/auth/refresh-token', { refreshToken: canaries.refresh });
    await post('/api/auth/refresh-token', { refreshToken: canaries.refresh, extra: canaries.access });
    await seen('GET', '/api/wallet', { token: `${canaries.access}x` });

    const person = (token) => ({ token, call: (method, path, options = {}) => seen(method, path, { token, ...options }) });
    await buyTokens(person(client.accessToken));
    const { live, publish } = await goLive(person(model.accessToken), { price: 5 });
    canaries.streamKey = publish.streamKey;
    const once = { token: client.accessToken, headers: { 'idempotency-key': randomUUID() } };
    const joined = await seen('POST', `/api/lives/${live.id}/join`, once);
    canaries.playbackAgain = (await seen('POST', `/api/lives/${live.id}/join`, once)).body.playback.token;
    canaries.playback = joined.body.playback.token;
    const sdp = { raw: 'v=0\r\n', headers: { 'content-type': 'application/sdp' } };
    await seen('POST', `/api/lives/${live.id}/whip`, { ...sdp, token: canaries.streamKey });
    await seen('POST', `/api/lives/${live.id}/whip`, { ...sdp, token: `${canaries.streamKey}x` });
    await seen('POST', `/api/lives/${live.id}/whep`, { ...sdp, token: canaries.playback });
    await seen('POST', `/api/lives/${live.id}/whep`, { ...sdp, token: `${canaries.playback}x` });
    const socket = await connect(server.url, person(client.accessToken));
    await ask(socket, 'gift:send', { liveId: live.id, giftType: 'nothing', amount: 1, token: canaries.access });
    socket.close();
    await assert.rejects(connect(server.url, person(`${canaries.access}x`)));

    await post('/api/auth/forgot-password', { email: canaries.email });
    canaries.reset = tokenIn(await mailTo(server.dataDir, canaries.email, 2));
    await post('/api/auth/reset-password', { token: `${canaries.reset}x`, password: canaries.newPassword });
    await post('/api/auth/reset-password', { token: canaries.reset, password: canaries.newPassword });
    await post('/api/auth/reset-password', { token: canaries.reset, password: canaries.newPassword });
    await post('/api/auth/logout', { refreshToken: canaries.first });
    const scraped = await call(server.url, 'GET', '/metrics');
    assert.equal(scraped.status, 200);
    for (const [name, value] of Object.entries(canaries)) {
        assert.ok(value?.length > 7, `${name} was used`);
        assert.ok(!scraped.body.includes(value), `${name} in the metrics`);
    }
    assert.ok(errorBodies.length > 15, `${errorBodies.length} refusals were looked at`);
});

test('no canary sings in the log or in what a refusal says', async () => {
    assert.equal(await server.stop(), 0);
    const log = server.log.join('\n');
    assert.ok(server.log.length > 25, `${server.log.length} lines were looked at`);
    for (const [name, value] of Object.entries(canaries)) {
        assert.ok(!log.includes(value), `${name} in the log`);
        for (const body of errorBodies) assert.ok(!body.includes(value), `${name} in ${body}`);
    }
});

test('no secret lies readable in the data folder', () => {
    for (const file of filesUnder(server.dataDir)) {
        if (file.endsWith('.eml')) continue; // a mailbox is where the link belongs
        const text = readFileSync(file).toString('latin1');
        for (const [name, value] of Object.entries(canaries))
            if (!/email/i.test(name)) assert.ok(!text.includes(value), `${name} in ${file}`);
        if (file.includes('audit')) assert.ok(!text.includes(canaries.email));
    }
});
