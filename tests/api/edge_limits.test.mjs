// What an address may do before anybody knows who it is: open realtime connections, and tell of blocked scripts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, connect, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server;
before(async () => {
    server = await startServer({ settings: ['http.sockets_per_minute=2', 'http.trusted_proxies=127.0.0.1'] });
});
after(async () => assert.equal(await server.stop(), 0));

/** As a proxy sends it on for `address`. */
const open = (address, query = 'EIO=4&transport=polling') =>
    fetch(`${server.url}/socket.io/?${query}`, { headers: { 'x-forwarded-for': address } });

test('an address opens twice its rate at once, and is told then when to come again', async () => {
    const sids = [];
    for (let i = 0; i < 4; i++) {
        const answer = await open('203.0.113.7');
        assert.equal(answer.status, 200);
        sids.push(/"sid":"([^"]+)"/.exec(await answer.text())[1]);
    }
    const refused = await open('203.0.113.7');
    assert.equal(refused.status, 429);
    assert.equal((await refused.json()).code, 'rate_limited');
    assert.equal(refused.headers.get('ratelimit-policy'), '"socket";q=4;w=120');
    const seconds = Number(refused.headers.get('retry-after'));
    assert.ok(seconds > 20 && seconds <= 30, `${seconds} s`);
    assert.match(refused.headers.get('ratelimit'), /^"socket";r=0;t=\d+$/);
    // Sessions that are there go on, other calls too, and so do other addresses.
    const closing = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sids[0]}`, {
        method: 'POST', body: '1', headers: { 'x-forwarded-for': '203.0.113.7', 'content-type': 'text/plain' },
    });
    assert.equal(closing.status, 200);
    assert.equal((await open('203.0.113.8')).status, 200);
    assert.equal((await call(server.url, 'GET', '/api/gifts', { headers: { 'x-forwarded-for': '203.0.113.7' } })).status, 200);
    // An IPv6 /64 is one customer.
    for (let i = 1; i <= 4; i++) assert.equal((await open(`2001:db8::${i}`)).status, 200);
    assert.equal((await open('2001:db8::5')).status, 429);
    assert.equal((await open('2001:db8:0:1::5')).status, 200);
});

test('websockets count with the others, and the official client tells its user why', async () => {
    const davi = await register(server.url, 'client', 'Davi');
    const extraHeaders = { 'x-forwarded-for': '203.0.113.9' };
    const sockets = [];
    for (let i = 0; i < 4; i++) sockets.push(await connect(server.url, davi, { extraHeaders }));
    await assert.rejects(connect(server.url, davi, { extraHeaders }), /websocket error/);
    for (const socket of sockets) assert.equal(socket.connected, true);
    // Closing gives nothing back: what is limited is how often.
    for (const socket of sockets) socket.close();
    assert.equal((await open('203.0.113.9')).status, 429);
});

const report = (address, raw, type = 'application/reports+json') =>
    call(server.url, 'POST', '/api/csp-reports', { raw, headers: { 'content-type': type, 'x-forwarded-for': address } });
const counted = async (directive) => {
    const { text } = await call(server.url, 'GET', '/metrics');
    return Number(new RegExp(`^confidente_csp_reports_total\\{directive="${directive}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
};

test('what a browser reports is counted, and written down without what is private', async () => {
    const body = { effectiveDirective: 'script-src-elem', blockedURL: 'https://evil.example/ana@example.com', documentURL: `${server.url}/live/0190163d-8694-739b-aea5-966c26f8ad91?x=canary-of-a-link` };
    const list = [{ type: 'csp-violation', body, user_agent: 'canary-of-a-browser' }, { type: 'deprecation', body: {} }];
    assert.equal((await report('203.0.113.20', JSON.stringify(list))).status, 204);
    const line = JSON.parse(await server.logged('csp.report'));
    assert.equal(line['csp.directive'], 'script-src-elem');
    assert.equal(line['csp.blocked'], 'https://evil.example');
    assert.equal(line['csp.page'], '/live');
    const old = { 'csp-report': { 'violated-directive': 'img-src', 'blocked-uri': 'data', 'document-uri': 'x' } };
    assert.equal((await report('203.0.113.20', JSON.stringify(old), 'application/csp-report')).status, 204);
    assert.equal(await counted('script-src-elem'), 1);
    assert.equal(await counted('img-src'), 1);
    // A directive of the sender's own makes no series of its own.
    assert.equal((await report('203.0.113.20', JSON.stringify([{ type: 'csp-violation', body: { effectiveDirective: 'x"} 1\ny' } }]))).status, 204);
    assert.equal(await counted('other'), 1);
    for (const secret of ['ana@example.com', 'canary', '0190163d-8694'])
        assert.equal(server.log.some((logged) => logged.includes(secret)), false, secret);
});

test('reports are small, of their two kinds, and not many', async () => {
    const from = '203.0.113.21';
    assert.equal((await report(from, '[]', 'application/json')).body.code, 'unsupported_media_type');
    assert.equal((await report(from, '[')).body.code, 'malformed_json');
    assert.equal((await report(from, '{}')).body.code, 'validation_failed');
    assert.equal((await report(from, `[${' '.repeat(17_000)}]`)).body.code, 'payload_too_large');
    let sent = 4;
    while ((await report(from, '[]')).status === 204) sent++;
    assert.ok(sent >= 20 && sent <= 21, `${sent} were taken`);
    const refused = await report(from, '[]');
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal((await report('203.0.113.22', '[]')).status, 204);
});
