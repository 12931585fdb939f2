// The ways into the server where UDP does not pass, and over IPv6: Chromium publishes and watches over each of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser } from '../lib/browser.mjs';
import { metric } from '../lib/gauges.mjs';
import { call, goLive, register } from '../lib/people.mjs';
import { withoutCandidates } from '../lib/bad_network.mjs';
import { emptyPage, framesMore, pathOf, publishFrom, samplesOf, watchFrom } from '../lib/rtc.mjs';
import { startServer } from '../lib/server.mjs';
import { deniedRanges, startTurn, turnCredential, TurnClient, turnSecret } from '../lib/turn.mjs';

const fps = 15;
let browser;
before(async () => (browser = await openBrowser()));
after(async () => browser?.close());

/** A live over ways of their own for both ends; {publisher, viewer}: what the browser says of the way it took. */
async function liveOver(server, change, t, { policy } = {}) {
    const [model, client] = [await register(server.url, 'model', 'Luna'), await register(server.url, 'client', 'Davi')];
    const { live, publish } = await goLive(model);
    const configOf = async (person) => {
        const { iceServers } = (await person.call('GET', '/api/rtc/config')).body;
        return { iceServers, ...(policy ? { iceTransportPolicy: policy } : {}) };
    };
    const [sending, watching] = [await emptyPage(browser, server, change), await emptyPage(browser, server, change)];
    await publishFrom(sending.page, { url: publish.whipUrl, token: publish.streamKey, fps, config: await configOf(model) });
    const joined = await client.call('POST', `/api/lives/${live.id}/join`);
    const began = performance.now();
    await watchFrom(watching.page, { url: joined.body.playback.whepUrl, token: joined.body.playback.token, config: await configOf(client) });
    await framesMore(watching.page, 1);
    const firstMs = performance.now() - began;
    await framesMore(watching.page, fps);
    const ways = { publisher: await pathOf(sending.page), viewer: await pathOf(watching.page) };
    const last = (await samplesOf(watching.page)).at(-1);
    t.diagnostic(`first picture after ${Math.round(firstMs)} ms; ${JSON.stringify(ways)}; ${last.frames} frames, ${last.freezes} freezes`);
    assert.ok(last.audioPackets > 0, 'there is sound');
    return { ...ways, leave: () => Promise.all([sending.context.close(), watching.context.close()]) };
}

test('over UDP where it passes, though TCP is offered too', async (t) => {
    const server = await startServer();
    const ways = await liveOver(server, undefined, t);
    assert.deepEqual([ways.publisher.protocol, ways.viewer.protocol], ['udp', 'udp']);
    await ways.leave();
    assert.equal(await server.stop(), 0);
});

test('over TCP where UDP is blocked, and it ends with the session', async (t) => {
    const server = await startServer();
    const ways = await liveOver(server, (sdp) => withoutCandidates(sdp, 'udp'), t);
    assert.deepEqual([ways.publisher.protocol, ways.viewer.protocol], ['tcp', 'tcp']);
    assert.ok((await metric(server, 'confidente_media_tcp_open')) >= 2);
    assert.equal(await metric(server, 'confidente_media_tcp_closed_total'), 0);
    await ways.leave();
    const began = performance.now();
    while ((await metric(server, 'confidente_media_tcp_open')) > 0) assert.ok(performance.now() - began < 5000, 'still open');
    assert.equal(await server.stop(), 0);
    assert.deepEqual(server.bugs(), []);
});

test('without media over TCP there is no such candidate', async () => {
    const server = await startServer({ settings: ['media.tcp_port=-1'] });
    assert.equal(JSON.parse(await server.logged('server.started'))['media.tcp_port'], 0);
    assert.equal(await server.stop(), 0);
});

test('over IPv6, by UDP and by TCP', async (t) => {
    const server = await startServer({ settings: ['media.address=::1'] });
    for (const change of [undefined, (sdp) => withoutCandidates(sdp, 'udp')]) {
        const ways = await liveOver(server, change, t);
        assert.deepEqual([ways.publisher.address, ways.viewer.address], ['::1', '::1']);
        await ways.leave();
    }
    assert.equal(await server.stop(), 0);
});

test('over a socket of both families, an IPv4 browser comes by IPv4', async (t) => {
    const server = await startServer({ settings: ['media.address=::', 'media.announced=127.0.0.1,::1'] });
    const ways = await liveOver(server, (sdp) => withoutCandidates(sdp, 'tcp').split('\r\n').filter((line) => !/^a=candidate:.* ::1 /.test(line)).join('\r\n'), t);
    assert.deepEqual([ways.publisher.address, ways.viewer.address], ['127.0.0.1', '127.0.0.1']);
    await ways.leave();
    assert.equal(await server.stop(), 0);
});

for (const transport of ['udp', 'tcp'])
    test(`over TURN by ${transport}, with the credentials of /api/rtc/config`, async (t) => {
        const turn = await startTurn();
        const server = await startServer({ settings: [`turn.urls=${turn.urls(transport).join(',')}`, `turn.secret=${turnSecret}`] });
        const ways = await liveOver(server, undefined, t, { policy: 'relay' });
        assert.deepEqual([ways.publisher.local, ways.viewer.local], ['relay', 'relay']);
        assert.deepEqual([ways.publisher.relayProtocol, ways.viewer.relayProtocol], [transport, transport]);
        await ways.leave();
        assert.equal(await server.stop(), 0);
        await turn.stop();
    });

test('TURN credentials are for the signed in, end within the hour, and name nobody', async () => {
    const urls = ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:443?transport=tcp'];
    const server = await startServer({ settings: [`turn.urls=${urls.join(',')}`, `turn.secret=${turnSecret}`] });
    const stranger = await call(server.url, 'GET', '/api/rtc/config');
    assert.deepEqual([stranger.status, stranger.body], [200, { iceServers: [] }]);
    const client = await register(server.url, 'client', 'Davi');
    const { body, headers } = await client.call('GET', '/api/rtc/config');
    assert.equal(headers.get('cache-control'), 'no-store');
    const [{ urls: told, username, credential }, ...others] = body.iceServers;
    assert.deepEqual([told, others], [urls, []]);
    const [end, name] = username.split(':');
    const left = Number(end) - Date.now() / 1000;
    assert.ok(left > 3500 && left <= 3600, `${left} s`);
    assert.ok(!username.includes(client.user.id) && /^[0-9a-f]{16}$/.test(name), name);
    const { createHmac } = await import('node:crypto');
    assert.equal(credential, createHmac('sha1', turnSecret).update(username).digest('base64'));
    assert.ok(!server.log.some((line) => line.includes(turnSecret) || line.includes(credential)), 'neither is logged');
    assert.equal(await server.stop(), 0);
});

test('a TURN server without a secret, or with an address of another kind, is refused at the start', async () => {
    for (const settings of [['turn.urls=turn:turn.example.org'], ['turn.urls=https://turn.example.org', `turn.secret=${turnSecret}`]])
        await assert.rejects(startServer({ settings }), /bad_config|turn\./);
});

test("the operators' coturn relays to the media engine alone", { timeout: 120_000 }, async (t) => {
    const turn = await startTurn({ peers: ['127.0.0.1'] });
    const four = new TurnClient({ port: turn.port });
    assert.equal(await four.allocate(turnCredential()), 0);
    assert.equal(await four.permit('127.0.0.1'), 0, 'the media engine');
    for (const ip of ['1.1.1.1', '93.184.216.34', '127.0.0.2', '10.0.0.1']) assert.equal(await four.permit(ip), 403, ip);
    four.close();

    for (const wrong of [{ lifeSeconds: -10 }, { secret: 'another secret of sixteen' }]) {
        const other = new TurnClient({ port: turn.port });
        assert.equal(await other.allocate(turnCredential(wrong)), 401, JSON.stringify(wrong));
        other.close();
    }
    await turn.stop();
    t.diagnostic('denied: everything but the engine');
});

test('every special address stays denied where the rest is opened', { timeout: 120_000 }, async (t) => {
    // Loopback peers are allowed by a flag here, so that the list is what denies them.
    const turn = await startTurn({ peers: ['192.0.2.77'], only: false });
    const [four, six] = [new TurnClient({ port: turn.port }), new TurnClient({ port: turn.port, family: 6 })];
    assert.equal(await four.allocate(turnCredential()), 0);
    assert.equal(await six.allocate(turnCredential()), 0);
    assert.equal(await four.permit('1.1.1.1'), 0, 'an address of the Internet');
    assert.equal(await six.permit('2606:4700:4700::1111'), 0, 'an address of the Internet');
    const more = [
        '127.0.0.1', '127.1.2.3', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1',
        '100.127.255.254', '0.0.0.0', '0.0.0.1', '224.0.0.1', '239.255.255.250', '255.255.255.255', '240.0.0.1', '198.18.0.1',
        '::1', '::', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::127.0.0.1', '64:ff9b::7f00:1',
        '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '2002:7f00:1::', '2002:a00:1::1', '2001::1', '2001:db8::1', 'fc00::1',
        'fd00:ec2::254', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', 'ff0e::1', '100::1',
    ];
    const tried = [...new Set([...more, ...deniedRanges().flat()])];
    const opened = [];
    for (const ip of tried) {
        const client = ip.includes(':') ? six : four;
        for (const by of ['createPermission', 'channelBind']) {
            const code = await client.permit(ip, by);
            if (code !== 403) opened.push(`${ip} by ${by}: ${code}`);
        }
    }
    t.diagnostic(`${tried.length} addresses refused, two ways each`);
    assert.ok(tried.length >= 40);
    assert.deepEqual(opened, []);
    four.close();
    six.close();
    await turn.stop();
});
