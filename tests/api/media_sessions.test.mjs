// Media ends with what let it in: when a session is signed out or a password is reset, what was being sent and watched
// with it stops within two seconds, and does not begin again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { mailTo, tokenIn } from '../lib/mail.mjs';
import { call, goLive, password, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const folder = new URL('../corpus/sdp/', import.meta.url).pathname;
const sdp = (name) => readFileSync(folder + name, 'utf8').replace(/\r?\n/g, '\r\n');
const publisher = sdp('chromium-publish-simulcast-h264.sdp');
const viewer = sdp('chromium156-recvonly-viewer.sdp');
const limitMs = 2000;
let server;
before(async () => (server = await startServer()));
after(async () => assert.equal(await server.stop(), 0));

const path = (url) => new URL(url, server.url).pathname;
const offer = (url, token, raw) =>
    call(server.url, 'POST', path(url), { raw, token, headers: { 'content-type': 'application/sdp' } });

/** Opens a session; `alive()` asks the media engine itself, by a candidate that changes nothing. */
async function open(url, token, raw) {
    const answer = await offer(url, token, raw);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const session = path(answer.headers.get('location'));
    const of = (start) => raw.split('\r\n').find((line) => line.startsWith(start));
    const fragment = [of('a=ice-ufrag:'), of('a=ice-pwd:'), 'a=end-of-candidates', ''].join('\r\n');
    const headers = { 'content-type': 'application/trickle-ice-sdpfrag' };
    return {
        async alive() {
            const { status } = await call(server.url, 'PATCH', session, { token, raw: fragment, headers });
            assert.ok([204, 404].includes(status), `${status}`);
            return status === 204;
        },
    };
}

async function endsInTime(media) {
    const began = performance.now();
    while (await media.alive()) assert.ok(performance.now() - began < limitMs, 'still there after two seconds');
}

const signIn = async ({ email }) =>
    (await call(server.url, 'POST', '/api/auth/login', { body: { email, password } })).body;
const signOut = (refreshToken) => call(server.url, 'POST', '/api/auth/logout', { body: { refreshToken } });
const playbackOf = async (live, token) =>
    (await call(server.url, 'POST', `/api/lives/${live.id}/join`, { token })).body.playback;

async function resetPassword({ email }) {
    await call(server.url, 'POST', '/api/auth/forgot-password', { body: { email } });
    const token = tokenIn(await mailTo(server.dataDir, email));
    const reset = await call(server.url, 'POST', '/api/auth/reset-password', { body: { token, password: `${password}!` } });
    assert.equal(reset.status, 204, JSON.stringify(reset.body));
}

test('signing out ends what was watched in that session, and in no other', async () => {
    const [model, client] = [await register(server.url, 'model', 'Luna'), await register(server.url, 'client', 'Davi')];
    const { live, publish } = await goLive(model);
    const sending = await open(publish.whipUrl, publish.streamKey, publisher);
    const phone = await signIn(client);
    const tickets = [await playbackOf(live, client.token), await playbackOf(live, phone.accessToken)];
    const [here, there] = [await open(tickets[0].whepUrl, tickets[0].token, viewer), await open(tickets[1].whepUrl, tickets[1].token, viewer)];
    assert.ok(await there.alive());
    await signOut(phone.refreshToken);
    await endsInTime(there);
    const again = await offer(tickets[1].whepUrl, tickets[1].token, viewer);
    assert.deepEqual([again.status, again.body.code], [401, 'invalid_token'], 'a token that has not expired');
    assert.ok(await here.alive());
    assert.ok(await sending.alive());
});

test('a new password ends everything its owner watched, and was sending with a stream key', async () => {
    const [model, client] = [await register(server.url, 'model', 'Sol'), await register(server.url, 'client', 'Ana')];
    const { live, publish } = await goLive(model);
    const sending = await open(publish.whipUrl, publish.streamKey, publisher);
    const ticket = await playbackOf(live, client.token);
    const watching = await open(ticket.whepUrl, ticket.token, viewer);

    await resetPassword(client);
    await endsInTime(watching);
    assert.ok(await sending.alive());

    await resetPassword(model);
    await endsInTime(sending);
    assert.equal((await offer(publish.whipUrl, publish.streamKey, publisher)).status, 401, 'the key ended with it');
});

test('a stream key outlives one of two sessions and ends with the last', async () => {
    const model = await register(server.url, 'model', 'Mar');
    const { publish } = await goLive(model);
    const sending = await open(publish.whipUrl, publish.streamKey, publisher);
    const phone = await signIn(model);
    await signOut(model.refreshToken);
    assert.equal((await model.call('GET', '/api/auth/me')).status, 401);
    assert.ok(await sending.alive());
    await signOut(phone.refreshToken);
    await endsInTime(sending);
});

test('an account watches in three places, and a fourth ends the one that never came or the oldest', async () => {
    const few = await startServer({ settings: ['media.playbacks_per_account=3'] });
    const [before, mine] = [server, few];
    server = mine;
    try {
        const [model, client] = [await register(few.url, 'model', 'Luna'), await register(few.url, 'client', 'Davi')];
        const { live, publish } = await goLive(model);
        await open(publish.whipUrl, publish.streamKey, publisher);
        const places = [];
        for (let i = 0; i < 4; ++i) {
            const { whepUrl, token } = await playbackOf(live, client.token);
            places.push(await open(whepUrl, token, viewer));
        }
        await endsInTime(places[0]);
        for (const place of places.slice(1)) assert.ok(await place.alive());
        const other = await register(few.url, 'client', 'Ana');
        const { whepUrl, token } = await playbackOf(live, other.token);
        const hers = await open(whepUrl, token, viewer);
        assert.ok((await hers.alive()) && (await places[1].alive()), "other people's places are their own");
    } finally {
        server = before;
        assert.equal(await few.stop(), 0);
    }
});
