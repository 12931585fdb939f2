// What has brought other realtime servers down, sent to ours: the process lives, that socket closes, others go on.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { after, before, test } from 'node:test';
import { metric, residentKiB } from '../lib/gauges.mjs';
import { ask, connect, register } from '../lib/people.mjs';
import { Line, openPolling, polling, post } from '../lib/conformance.mjs';
import { startServer } from '../lib/server.mjs';

let server, url, person, witness;

before(async () => {
    server = await startServer();
    url = `${server.url}/socket.io/`;
    person = await register(server.url, 'client', 'Davi');
    witness = await connect(server.url, person);
});
after(async () => {
    witness.close();
    assert.equal(await server.stop(), 0);
});

const open = async () => {
    const line = new Line(`${url}?EIO=4&transport=websocket`);
    await line.next();
    line.send(`40${JSON.stringify({ token: person.token })}`);
    assert.match(await line.nextMessage(), /^40\{"sid"/);
    return line;
};
/** The process lives and serves the others. */
async function others() {
    assert.equal(server.child.exitCode, null);
    assert.equal(witness.connected, true);
    const answer = await ask(witness, 'live:leave', { liveId: '0190163d-8694-739b-aea5-966c26f8ad91' });
    assert.equal(answer.ok, true, JSON.stringify(answer));
}
const descriptors = () => readdirSync(`/proc/${server.child.pid}/fd`).length;
const settled = async (read, limit) => {
    for (let tries = 0; tries < 200 && read() > limit; tries++) await fetch(`${server.url}/api/health/live`).then((answer) => answer.text());
    return read();
};

for (const [name, packets] of [
    ['socket.io-parser CVE-2020-36049: a packet that is all digits', [`42${'1'.repeat(500_000)}`]],
    ['socket.io-parser CVE-2023-32695: an event named as an object', ['42[{"toString":"foo"}]']],
    ['socket.io CVE-2024-38355: an event that nobody listens to, named error', ['42["error",{}]', '42["error"]x']],
    ['reserved names', ['42["disconnect","x"]']],
    ['socket.io-parser CVE-2026-33151: attachments without limit', ['45999999-["a"]']],
    ['socket.io-parser CVE-2026-33151: one more attachment than the limit', ['4511-["a",{"_placeholder":true,"num":0}]']],
    ['socket.io-parser CVE-2026-69185: a binary packet with no attachment', ['450-["a",{"_placeholder":true,"num":0}]']],
    ['a placeholder named splice', ['451-["a",{"_placeholder":true,"num":"splice"}]', Buffer.from('x')]],
    ['a placeholder out of bounds', ['451-["a",{"_placeholder":true,"num":10}]', Buffer.from('x')]],
    ['text where an attachment is due', ['451-["a",{"_placeholder":true,"num":0}]', '42["a"]']],
    ['attachments that nobody announced', [Buffer.from('x')]],
    ['nesting without end', [`42["a",${'['.repeat(200_000)}`]],
    ['a namespace that objects have', ['42/__proto__,["a"]']],
    ['an acknowledgement too large for a number', ['4299999999999999999999["a"]']],
    ['a second connect', ['40{"token":"x"}']],
])
    test(`one packet closes its own socket only: ${name}`, async () => {
        const line = await open();
        for (const packet of packets) line.send(packet);
        const limit = new Promise((resolve) => setTimeout(resolve, 5_000, 'still open').unref());
        assert.notEqual(await Promise.race([line.closed, limit]), 'still open');
        await others();
    });

test('engine.io CVE-2020-36048 and -2022-21676: POSTs that are no payload end their own session', async () => {
    for (const body of ['', '\x1e', '1:4', `${'1'.repeat(100_000)}:4a`, '4a\x1e\x1e', 'bnot base64', '\xff', '99999999999:x', '2', '0{}', '9']) {
        const { sid } = await openPolling(url);
        assert.equal((await post(polling(url, sid), body)).status, 400, JSON.stringify(body.slice(0, 20)));
        assert.equal((await fetch(polling(url, sid))).status, 400);
    }
    await others();
});

test('engine.io CVE-2022-41940 and -2023-31125: connections reset in the middle of anything', async () => {
    const port = Number(new URL(url).port);
    const { sid } = await openPolling(url);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    for (const head of [
        `GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4a`,
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n\x81\xfe`,
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${upgrade.replace('13', '99')}\r\n`,
    ])
        for (let round = 0; round < 20; round++)
            await new Promise((resolve) => {
                const socket = connectTcp(port, '127.0.0.1', () => socket.write(head, () => socket.resetAndDestroy()));
                socket.on('error', () => {});
                socket.on('close', resolve);
            });
    await others();
});

test('engine.io CVE-2026-59725: ten thousand bad binary POSTs leave nothing open', { timeout: 120_000 }, async () => {
    const before = descriptors();
    const one = async () => {
        const { sid } = await openPolling(url);
        const answer = await post(polling(url, sid), Buffer.from([4, 255, 0, 1]), { 'content-type': 'application/octet-stream' });
        assert.equal(answer.status, 400);
        await answer.text();
    };
    const worker = async (times) => {
        for (let i = 0; i < times; i++) await one();
    };
    await Promise.all(Array.from({ length: 10 }, () => worker(100)));
    const warm = residentKiB(server);
    await Promise.all(Array.from({ length: 10 }, () => worker(900)));
    assert.ok(descriptors() <= before + 30, `${before} then ${descriptors()} descriptors`);
    assert.ok(residentKiB(server) < warm + 16_384, `${warm} then ${residentKiB(server)} KiB`);
    assert.equal(await metric(server, 'confidente_sockets_open'), 1, 'the witness alone');
    await others();
});

test('engine.io CVE-2026-102599, -59724 and -102600: upgrades that do not fit their session', async () => {
    const { sid } = await openPolling(url);
    for (const query of [
        `EIO=3&transport=websocket&sid=${sid}`, `transport=websocket&sid=${sid}`, `EIO=4&transport=polling&sid=${sid}`,
        'EIO=4&transport=websocket&sid=__proto__', 'EIO=4&transport=websocket&sid=constructor', 'EIO=4&transport=websocket&sid=',
        'EIO=4&transport=websocket&sid=%00', `EIO=4&transport=webtransport&sid=${sid}`, `EIO=4&transport=__proto__&sid=${sid}`,
    ]) {
        const line = new Line(`${url}?${query}`);
        await line.closed;
        assert.match(String(line.error), /40\d/, query);
    }
    assert.equal((await post(polling(url, sid), '40{"token":"x"}')).status, 200);
    await (await post(polling(url, sid), '1')).text();
    await others();
});

test('binary packets that never end do not grow the process', { timeout: 60_000 }, async () => {
    const half = Buffer.alloc(450_000);
    const flood = async () => {
        const line = await open();
        line.send('453-["a",{"_placeholder":true,"num":0}]');
        for (let i = 0; i < 3; i++) line.send(half);
        assert.equal((await line.closed).code, 1009);
    };
    for (let i = 0; i < 10; i++) await flood();
    const warm = residentKiB(server);
    for (let i = 0; i < 40; i++) await flood();
    assert.ok(residentKiB(server) < warm + 16_384, `${warm} then ${residentKiB(server)} KiB`);
    await others();
});

test('declared lengths are believed only as far as bytes come', async () => {
    const port = Number(new URL(url).port);
    const before = residentKiB(server);
    const upgrade = 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    const sockets = await Promise.all(Array.from({ length: 200 }, () => new Promise((resolve) => {
        const socket = connectTcp(port, '127.0.0.1', () => {
            socket.write(upgrade);
            // 900 000 bytes announced, none sent.
            socket.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x0d, 0xbb, 0xa0, 1, 2, 3, 4]));
            socket.once('data', () => resolve(socket));
        });
        socket.on('error', () => {});
    })));
    await others();
    assert.ok(residentKiB(server) < before + 32_768, `${before} then ${residentKiB(server)} KiB`);
    for (const socket of sockets) socket.destroy();
    await settled(descriptors, 60);
});

test('one authenticator: odd credentials are refused on every transport', async () => {
    for (const token of [{ $ne: null }, ['x'], 1, null, true, '', 'x'.repeat(100_000), `${person.token}x`])
        for (const transports of [['polling'], ['websocket']])
            await assert.rejects(connect(server.url, { token }, { transports }), /invalid_token/);
    const { sid } = await openPolling(url);
    await post(polling(url, sid), '42["live:leave",{}]');
    assert.equal(await (await fetch(polling(url, sid))).text(), '1', 'an event before CONNECT ends the session');
    assert.equal((await fetch(polling(url, sid))).status, 400);
    await others();
});
