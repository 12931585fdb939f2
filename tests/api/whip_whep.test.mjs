// WHIP (RFC 9725) and WHEP with the offers that real browsers made: the session's whole life, and who may touch it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { buyTokens, call, goLive, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const folder = new URL('../corpus/sdp/', import.meta.url).pathname;
const sdp = (name) => readFileSync(folder + name, 'utf8').replace(/\r?\n/g, '\r\n');
const publisher = sdp('chromium-publish-simulcast-h264.sdp');
const viewer = sdp('chromium156-recvonly-viewer.sdp');
let server, model, client;

before(async () => {
    // Each offer comes from an address of its own: how often one may offer is another test's matter.
    server = await startServer({ settings: ['http.trusted_proxies=127.0.0.1'] });
    [model, client] = await Promise.all([register(server.url, 'model', 'Luna'), register(server.url, 'client', 'Davi')]);
});
after(async () => assert.equal(await server.stop(), 0));

const path = (url) => new URL(url, server.url).pathname;
let address = 0;
const offer = (url, token, raw) =>
    call(server.url, 'POST', path(url), {
        raw, token, headers: { 'content-type': 'application/sdp', 'x-forwarded-for': `198.51.100.${++address}` },
    });
const line = (text, start) => text.split('\r\n').filter((one) => one.startsWith(start));

test('every recorded publisher gets an answer that an ICE-lite, DTLS-passive receiver gives', async () => {
    const names = readdirSync(folder).filter((name) => name.includes('publish'));
    assert.ok(names.length >= 5);
    for (const name of names) {
        const { live, publish } = await goLive(model, { title: name });
        const answer = await offer(publish.whipUrl, publish.streamKey, sdp(name));
        assert.equal(answer.status, 201, `${name}: ${JSON.stringify(answer.body)}`);
        assert.match(answer.headers.get('content-type'), /^application\/sdp/);
        assert.match(answer.headers.get('location'), new RegExp(`^/api/lives/${live.id}/whip/`));
        assert.ok(answer.headers.get('etag'));
        assert.deepEqual(line(answer.body, 'a=ice-lite'), ['a=ice-lite']);
        assert.ok(line(answer.body, 'a=setup:').every((one) => one === 'a=setup:passive'));
        assert.ok(line(answer.body, 'a=recvonly').length >= 1);
        assert.ok(!answer.body.includes('webrtc-datachannel'));
        assert.ok(line(answer.body, 'a=candidate:').every((one) => one.includes('127.0.0.1')), 'only its own address');
        const ended = await model.call('PUT', `/api/lives/${live.id}/end`);
        assert.equal(ended.status, 200);
    }
});

test('candidates trickle in, and the session ends once, for whoever opened it alone', async () => {
    const { live, publish } = await goLive(model);
    const opened = await offer(publish.whipUrl, publish.streamKey, publisher);
    const session = path(opened.headers.get('location'));
    const ufrag = line(publisher, 'a=ice-ufrag:')[0];
    const pwd = line(publisher, 'a=ice-pwd:')[0];
    const fragment = [ufrag, pwd, 'm=audio 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0',
        'a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host', 'a=end-of-candidates', ''].join('\r\n');
    const patch = (token, raw, type = 'application/trickle-ice-sdpfrag') =>
        call(server.url, 'PATCH', session, { token, raw, headers: { 'content-type': type } });
    assert.equal((await patch(publish.streamKey, fragment)).status, 204);
    assert.equal((await patch(publish.streamKey, fragment, 'text/plain')).status, 415);
    assert.equal((await patch(client.token, fragment)).status, 404);
    assert.equal((await call(server.url, 'DELETE', session)).status, 401);
    assert.equal((await call(server.url, 'DELETE', session, { token: client.token })).status, 404);
    const bad = await patch(publish.streamKey, '\0'.repeat(400));
    assert.ok(bad.status === 400 || bad.status === 422, `${bad.status}`);
    assert.equal((await call(server.url, 'DELETE', session, { token: publish.streamKey })).status, 200);
    await model.call('PUT', `/api/lives/${live.id}/end`);
});

test('new credentials restart ICE on the same session, under a tag of their own', async () => {
    const { live, publish } = await goLive(model);
    const opened = await offer(publish.whipUrl, publish.streamKey, publisher);
    const session = path(opened.headers.get('location'));
    const tag = opened.headers.get('etag');
    const patch = (fragment, ifMatch, token = publish.streamKey) =>
        call(server.url, 'PATCH', session, {
            token, raw: [...fragment, ''].join('\r\n'),
            headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...(ifMatch ? { 'if-match': ifMatch } : {}) },
        });
    const fresh = (n) => [`a=ice-ufrag:fresh${n}`, 'a=ice-pwd:a.password.of.twenty.two'.replaceAll('.', '+')];
    const candidate = ['a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host'];
    const first = [line(publisher, 'a=ice-ufrag:')[0], line(publisher, 'a=ice-pwd:')[0], ...candidate];

    assert.equal((await patch(fresh(1), '*', client.token)).status, 404, 'not for others');
    const restarted = await patch(fresh(1), '*');
    assert.equal(restarted.status, 200, JSON.stringify(restarted.body));
    assert.equal(restarted.type, 'application/trickle-ice-sdpfrag');
    const [ufrag] = line(restarted.body, 'a=ice-ufrag:');
    assert.ok(ufrag && !opened.body.includes(ufrag), 'a new user fragment');
    assert.ok(line(restarted.body, 'a=ice-pwd:')[0]);
    assert.deepEqual(line(restarted.body, 'a=candidate:'), [...new Set(line(opened.body, 'a=candidate:'))]);
    const next = restarted.headers.get('etag');
    assert.notEqual(next, tag);

    const late = await patch(first, tag);
    assert.deepEqual([late.status, late.body.code], [412, 'precondition_failed'], 'a candidate of the session before');
    assert.equal((await patch([...fresh(1), ...candidate], next)).status, 204, 'one of this session');
    const half = await patch(['a=ice-ufrag:half'], '*');
    assert.deepEqual([half.status, half.body.code], [422, 'bad_fragment']);
    const again = await patch(fresh(2), next);
    assert.equal(again.status, 200);
    assert.equal((await call(server.url, 'DELETE', session, { token: publish.streamKey })).status, 200);
    assert.equal((await patch(fresh(3), '*')).status, 404);
    await model.call('PUT', `/api/lives/${live.id}/end`);
});

test('no answer tells where anybody else is', async () => {
    const { live, publish } = await goLive(model);
    const hidden = publisher.replaceAll('a=ice-ufrag:', 'a=candidate:9 1 udp 2113937151 198.18.77.77 50077 typ host\r\na=ice-ufrag:');
    assert.ok(hidden.includes('198.18.77.77'));
    assert.equal((await offer(publish.whipUrl, publish.streamKey, hidden)).status, 201);
    const joined = await client.call('POST', `/api/lives/${live.id}/join`);
    const { token, whepUrl } = joined.body.playback;
    const answer = await offer(whepUrl, token, viewer);
    assert.equal(answer.status, 201);
    const own = /^a=candidate:\d+ 1 (udp|tcp) \d+ 127\.0\.0\.1 \d+ typ host( tcptype passive)?$/;
    assert.deepEqual(line(answer.body, 'a=candidate:').filter((one) => !own.test(one)), []);
    assert.ok(!/198\.18\.77\.77|\.local|typ (srflx|relay)/.test(answer.body));
    assert.ok(!/sctp|webrtc-datachannel/.test(answer.body), 'no data channels either');
    await model.call('PUT', `/api/lives/${live.id}/end`);
});

test('a live is published by its model alone: other keys, other people and other lives are refused', async () => {
    const { live, publish } = await goLive(model);
    for (const token of [undefined, 'not-a-key', publish.streamKey.slice(0, -1), client.token]) {
        const answer = await offer(publish.whipUrl, token, publisher);
        assert.ok([401, 403].includes(answer.status), `${answer.status}`);
    }
    await model.call('PUT', `/api/lives/${live.id}/end`);
    const late = await offer(publish.whipUrl, publish.streamKey, publisher);
    assert.ok([401, 409].includes(late.status), `${late.status}`);
});

test('a viewer plays with the token of this live and of no other, and pays before', async () => {
    const { live, publish } = await goLive(model, { price: 30 });
    assert.equal((await offer(publish.whipUrl, publish.streamKey, publisher)).status, 201);
    const unpaid = await client.call('POST', `/api/lives/${live.id}/join`, { headers: { 'idempotency-key': 'k1' } });
    assert.deepEqual([unpaid.status, unpaid.body.code], [402, 'insufficient_tokens']);
    const whep = `/api/lives/${live.id}/whep`;
    for (const token of [undefined, client.token, publish.streamKey])
        assert.equal((await offer(whep, token, viewer)).status, 401);
    await model.call('PUT', `/api/lives/${live.id}/end`);

    const free = await goLive(model);
    assert.equal((await offer(free.publish.whipUrl, free.publish.streamKey, publisher)).status, 201);
    const joined = await client.call('POST', `/api/lives/${free.live.id}/join`);
    const { token, whepUrl } = joined.body.playback;
    assert.equal((await offer(whep, token, viewer)).status, 401, "another live's token");
    const playing = await offer(whepUrl, token, viewer);
    assert.equal(playing.status, 201, JSON.stringify(playing.body));
    assert.ok(line(playing.body, 'a=sendonly').length >= 1);
    assert.equal((await call(server.url, 'DELETE', path(playing.headers.get('location')), { token })).status, 200);
    await model.call('PUT', `/api/lives/${free.live.id}/end`);
});

test('joining again with the same key pays once, shows the live as it is, and gives another token', async () => {
    const { live } = await goLive(model, { price: 5 });
    const rich = await register(server.url, 'client', 'Rui');
    await buyTokens(rich);
    const join = (id) => rich.call('POST', `/api/lives/${id}/join`, { headers: { 'idempotency-key': 'once' } });
    const balance = async () => (await rich.call('GET', '/api/wallet')).body.balance;
    const before = await balance();
    const [first, second] = [await join(live.id), await join(live.id)];
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.equal(await balance(), before - 5);
    assert.notEqual(first.body.playback.token, second.body.playback.token);
    assert.equal(second.body.live.id, live.id);
    await model.call('PUT', `/api/lives/${live.id}/end`);
    assert.equal((await join(live.id)).body.code, 'live_not_live', 'no token for what is over');

    const { live: other } = await goLive(model);
    const reused = await join(other.id);
    assert.deepEqual([reused.status, reused.body.code], [422, 'idempotency_key_reused']);
    await model.call('PUT', `/api/lives/${other.id}/end`);
});

test("a viewer chooses among the live's layers at the address that the answer names; nobody else does", async () => {
    const { live, publish } = await goLive(model);
    assert.equal((await offer(publish.whipUrl, publish.streamKey, publisher)).status, 201);
    const { token, whepUrl } = (await client.call('POST', `/api/lives/${live.id}/join`)).body.playback;
    const playing = await offer(whepUrl, token, viewer);
    const [, layer] = /^<([^>]+)>; rel="urn:ietf:params:whep:ext:core:layer"$/.exec(playing.headers.get('link'));
    assert.equal(layer, `${playing.headers.get('location')}/layer`);
    const choose = (body, as = token) => call(server.url, 'POST', layer, { token: as, body });

    const seen = await call(server.url, 'GET', layer, { token });
    // No packet has come yet: there is nothing to choose among.
    assert.deepEqual([seen.status, seen.body], [200, { layers: [], chosen: null, shown: null }]);
    assert.equal(seen.headers.get('cache-control'), 'no-store');
    for (const body of [{}, { encodingId: null }, { encodingId: null, mediaId: '0' }])
        assert.equal((await choose(body)).status, 200);
    const unknown = await choose({ encodingId: 'h' });
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'layer_not_found']);
    for (const body of [{ encodingId: 7 }, { encodingId: '' }, { encodingId: 'x'.repeat(17) }, { layer: 'h' }])
        assert.equal((await choose(body)).body.code, 'validation_failed', JSON.stringify(body));
    for (const as of [client.token, model.token, publish.streamKey])
        assert.deepEqual([(await choose({}, as)).body.code, (await call(server.url, 'GET', layer, { token: as })).body.code],
            ['session_not_found', 'session_not_found']);
    assert.equal((await call(server.url, 'POST', layer, { body: {} })).status, 401);

    await call(server.url, 'DELETE', playing.headers.get('location'), { token });
    assert.equal((await call(server.url, 'GET', layer, { token })).body.code, 'session_not_found');
    await model.call('PUT', `/api/lives/${live.id}/end`);
});
