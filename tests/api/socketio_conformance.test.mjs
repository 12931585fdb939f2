// What the public conformance suites of Engine.IO v4 and Socket.IO v5 ask of a server, spoken by hand.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { Line, openPolling, polling, post, startConformance } from '../lib/conformance.mjs';

const pingInterval = 300;
const pingTimeout = 200;
let server;

before(async () => (server = await startConformance()));
after(async () => assert.equal(await server.stop(), 0));

for (const path of ['engine', 'socket'])
    describe(`Engine.IO v4 on the ${path} port`, () => {
        let url;
        before(() => (url = server[path]));
        const websocket = (query) => new Line(`${url}?${query}`);

        test('polling opens a session', async () => {
            const { status, type, ...handshake } = await openPolling(url);
            assert.equal(status, 200);
            assert.equal(type, '0');
            assert.deepEqual(Object.keys(handshake).sort(), ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades']);
            assert.equal(typeof handshake.sid, 'string');
            assert.deepEqual(handshake.upgrades, ['websocket']);
            assert.deepEqual([handshake.pingInterval, handshake.pingTimeout, handshake.maxPayload], [pingInterval, pingTimeout, 1_000_000]);
        });

        test('a websocket opens a session', async () => {
            const line = websocket('EIO=4&transport=websocket');
            const handshake = JSON.parse((await line.next()).slice(1));
            assert.deepEqual(Object.keys(handshake).sort(), ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades']);
            assert.deepEqual(handshake.upgrades, []);
            assert.deepEqual([handshake.pingInterval, handshake.pingTimeout, handshake.maxPayload], [pingInterval, pingTimeout, 1_000_000]);
            line.close();
        });

        const errors = [
            ['no version', 'GET', 'transport=polling', 5],
            ['another version', 'GET', 'EIO=3&transport=polling', 5],
            ['no number', 'GET', 'EIO=abc&transport=polling', 5],
            ['no transport', 'GET', 'EIO=4', 0],
            ['an unknown transport', 'GET', 'EIO=4&transport=abc', 0],
            ['a transport that objects have', 'GET', 'EIO=4&transport=constructor', 0],
            ['a POST for a handshake', 'POST', 'EIO=4&transport=polling', 2],
            ['a PUT for a handshake', 'PUT', 'EIO=4&transport=polling', 2],
            ['a websocket without upgrade', 'GET', 'EIO=4&transport=websocket', 3],
            ['an unknown session', 'GET', 'EIO=4&transport=polling&sid=abc', 1],
            ['an empty session', 'GET', 'EIO=4&transport=polling&sid=', 1],
            ['a session named as objects are', 'GET', 'EIO=4&transport=polling&sid=__proto__', 1],
            ['a POST to a session named as objects are', 'POST', 'EIO=4&transport=polling&sid=__proto__', 1],
        ];
        for (const [story, method, query, code] of errors)
            test(`refused with code ${code}: ${story}`, async () => {
                const answer = await fetch(`${url}?${query}`, { method });
                assert.equal(answer.status, 400);
                const body = await answer.json();
                assert.equal(body.code, code);
                assert.equal(typeof body.message, 'string');
            });

        for (const query of ['transport=websocket', 'EIO=abc&transport=websocket', 'EIO=4', 'EIO=4&transport=abc', 'EIO=4&transport=websocket&sid=__proto__'])
            test(`a websocket is refused: ${query}`, async () => {
                const line = websocket(query);
                await line.closed;
                assert.match(String(line.error), /400/);
            });

        test('polling carries pings and pongs', async () => {
            const { sid } = await openPolling(url);
            for (let round = 0; round < 3; round++) {
                const answer = await fetch(polling(url, sid));
                assert.equal(await answer.text(), '2');
                const pong = await post(polling(url, sid), '3');
                assert.equal(pong.status, 200);
                assert.equal(await pong.text(), 'ok');
            }
        });

        test('polling: silence closes the session', async () => {
            const { sid } = await openPolling(url);
            await pause(pingInterval + pingTimeout);
            assert.equal((await fetch(polling(url, sid))).status, 400);
        });

        test('a websocket carries pings and pongs', async () => {
            const line = websocket('EIO=4&transport=websocket');
            await line.next();
            for (let round = 0; round < 3; round++) {
                assert.equal(await line.next(), '2');
                line.send('3');
            }
            line.close();
        });

        test('a websocket: silence closes the session', async () => {
            await websocket('EIO=4&transport=websocket').closed;
        });

        test('polling: the client closes the session', async () => {
            const { sid } = await openPolling(url);
            const [poll, close] = await Promise.all([fetch(polling(url, sid)), post(polling(url, sid), '1')]);
            assert.equal(close.status, 200);
            assert.equal(poll.status, 200);
            assert.equal(await poll.text(), '6');
            assert.equal((await fetch(polling(url, sid))).status, 400);
        });

        test('a websocket: the client closes the session', async () => {
            const line = websocket('EIO=4&transport=websocket');
            await line.next();
            line.send('1');
            await line.closed;
        });

        test('after an upgrade polls and further websockets of the session are refused', async () => {
            const { sid } = await openPolling(url);
            const line = websocket(`EIO=4&transport=websocket&sid=${sid}`);
            await line.opened;
            line.send('2probe');
            line.send('5');
            assert.equal((await fetch(polling(url, sid))).status, 400);
            assert.equal((await post(polling(url, sid), '4x')).status, 400);
            await websocket(`EIO=4&transport=websocket&sid=${sid}`).closed;
            assert.equal(await line.next(), '3probe');
            assert.equal(line.socket.readyState, line.socket.OPEN);
            line.close();
        });

        test('an upgrade with another version than the session leaves the session alone', async () => {
            const { sid } = await openPolling(url);
            await websocket(`EIO=3&transport=websocket&sid=${sid}`).closed;
            assert.equal((await post(polling(url, sid), '3')).status, 200);
        });
    });

describe('Engine.IO v4 messages', () => {
    const url = () => server.engine;
    const websocket = () => new Line(`${url()}?EIO=4&transport=websocket`);

    for (const [story, body] of [
        ['one packet', '4hello'],
        ['several packets', '4test1\x1e4test2\x1e4test3'],
        ['text and binary', '4hello\x1ebAQIDBA=='],
        ['text beyond ASCII', '4€\x1e4🙂'],
    ])
        test(`polling echoes ${story}`, async () => {
            const { sid } = await openPolling(url());
            const pushed = await post(polling(url(), sid), body);
            assert.equal(pushed.status, 200);
            assert.equal(await pushed.text(), 'ok');
            const polled = await fetch(polling(url(), sid));
            assert.equal(polled.status, 200);
            assert.match(polled.headers.get('content-type'), /^text\/plain/);
            assert.equal(await polled.text(), body);
        });

    for (const [story, body] of [
        ['no packet', ''], ['an unknown type', 'abc'], ['an empty packet', '4a\x1e'], ['bad base64', 'b?'],
        ['a ping, which is the server’s', '2'], ['an open', '0{}'], ['an upgrade by POST', '5'],
    ])
        test(`polling: ${story} closes the session`, async () => {
            const { sid } = await openPolling(url());
            assert.equal((await post(polling(url(), sid), body)).status, 400);
            assert.equal((await fetch(polling(url(), sid))).status, 400);
        });

    test('polling: two polls at once close the session', async () => {
        const { sid } = await openPolling(url());
        const waiting = fetch(polling(url(), sid));
        await pause(5);
        const second = await fetch(polling(url(), sid));
        assert.equal(second.status, 400);
        const first = await waiting;
        assert.equal(first.status, 200);
        assert.equal(await first.text(), '1');
        assert.equal((await fetch(polling(url(), sid))).status, 400);
    });

    test('polling: two POSTs at once close the session', async () => {
        const { sid } = await openPolling(url());
        const half = request(polling(url(), sid), { method: 'POST', headers: { 'content-length': 10 } });
        half.on('error', () => {});
        half.flushHeaders();
        half.write('4a');
        await pause(20);
        assert.equal((await post(polling(url(), sid), '4b')).status, 400);
        assert.equal((await fetch(polling(url(), sid))).status, 400);
        half.destroy();
    });

    test('polling: a payload larger than maxPayload is refused', async () => {
        const { sid } = await openPolling(url());
        assert.equal((await post(polling(url(), sid), `4${'x'.repeat(1_000_000)}`).catch(() => ({ status: 413 }))).status, 413);
        const other = await openPolling(url());
        assert.equal((await post(polling(url(), other.sid), `4${'x'.repeat(200_000)}`)).status, 200);
        assert.equal((await (await fetch(polling(url(), other.sid))).text()).length, 200_001);
    });

    test('a websocket echoes text and binary', async () => {
        const line = websocket();
        await line.next();
        line.send('4hello');
        assert.equal(await line.nextMessage(), '4hello');
        line.send(Uint8Array.from([1, 2, 3, 4]));
        assert.deepEqual([...(await line.nextMessage())], [1, 2, 3, 4]);
        line.close();
    });

    for (const packet of ['abc', '', '2', '0{}', '5'])
        test(`a websocket is closed by ${JSON.stringify(packet)}`, async () => {
            const line = websocket();
            await line.next();
            line.send(packet);
            await line.closed;
        });

    test('a websocket is closed by a message larger than maxPayload', async () => {
        const line = websocket();
        await line.next();
        line.send(`4${'x'.repeat(1_000_000)}`);
        assert.equal((await line.closed).code, 1009);
    });

    test('an upgrade frees the waiting poll and loses nothing', async () => {
        const { sid } = await openPolling(url());
        const waiting = fetch(polling(url(), sid));
        await pause(5);
        const line = new Line(`${url()}?EIO=4&transport=websocket&sid=${sid}`);
        await line.opened;
        line.send('2probe');
        assert.equal(await line.next(), '3probe');
        assert.equal(await (await waiting).text(), '6');
        assert.equal(await (await fetch(polling(url(), sid))).text(), '6', 'a poll meanwhile does not wait');
        assert.equal((await post(polling(url(), sid), '4before')).status, 200);
        line.send('5');
        line.send('4hello');
        assert.equal(await line.nextMessage(), '4before');
        assert.equal(await line.nextMessage(), '4hello');
        line.close();
    });

    test('a probe that fails leaves the session on polling', async () => {
        const { sid } = await openPolling(url());
        for (const first of ['5', '4hello', '2', Uint8Array.from([1])]) {
            const line = new Line(`${url()}?EIO=4&transport=websocket&sid=${sid}`);
            await line.opened;
            line.send(first);
            await line.closed;
        }
        await post(polling(url(), sid), '4still here');
        assert.equal((await (await fetch(polling(url(), sid))).text()).split('\x1e').at(-1), '4still here');
    });
});

describe('Socket.IO v5', () => {
    const open = async (connect) => {
        const line = new Line(`${server.socket}?EIO=4&transport=websocket`);
        await line.next();
        if (connect) {
            line.send(connect);
            await line.nextMessage();
            await line.nextMessage();
        }
        return line;
    };

    for (const [packet, prefix, auth] of [
        ['40', '40', '42["auth",{}]'],
        ['40{"token":"123"}', '40', '42["auth",{"token":"123"}]'],
        ['40/custom,', '40/custom,', '42/custom,["auth",{}]'],
        ['40/custom', '40/custom,', '42/custom,["auth",{}]'],
        ['40/custom,{"token":"abc"}', '40/custom,', '42/custom,["auth",{"token":"abc"}]'],
    ])
        test(`${packet} connects`, async () => {
            const line = await open();
            line.send(packet);
            const answer = await line.nextMessage();
            assert.ok(answer.startsWith(prefix));
            const handshake = JSON.parse(answer.slice(prefix.length));
            assert.deepEqual(Object.keys(handshake), ['sid']);
            assert.equal(await line.nextMessage(), auth);
            line.close();
        });

    test('an unknown namespace is refused, and the connection goes on', async () => {
        const line = await open();
        line.send('40/random');
        assert.equal(await line.nextMessage(), '44/random,{"message":"Invalid namespace"}');
        line.send('40');
        assert.match(await line.nextMessage(), /^40\{"sid"/);
        line.close();
    });

    test('a connection that joins no namespace is closed', async () => {
        const line = await open();
        line.socket.on('message', (data) => String(data) === '2' && line.send('3'));
        await line.closed;
    });

    test('leaving the main namespace leaves the connection open', async () => {
        const line = await open('40');
        line.send('41');
        assert.equal(await line.next(), '2');
        line.close();
    });

    test('leaving a custom namespace leaves the main one', async () => {
        const line = await open('40');
        line.send('40/custom');
        await line.nextMessage();
        await line.nextMessage();
        line.send('41/custom');
        line.send('42["message","message to main namespace"]');
        assert.equal(await line.nextMessage(), '42["message-back","message to main namespace"]');
        line.send('42/custom,["message",1]');
        await line.closed;
    });

    for (const [sent, received] of [
        ['42["message",1,"2",{"3":[true]}]', '42["message-back",1,"2",{"3":[true]}]'],
        ['42["message"]', '42["message-back"]'],
        ['42456["message-with-ack",1,"2",{"3":[false]}]', '43456[1,"2",{"3":[false]}]'],
        ['420["message-with-ack"]', '430[]'],
    ])
        test(`${sent} is answered`, async () => {
            const line = await open('40');
            line.send(sent);
            assert.equal(await line.nextMessage(), received);
            line.close();
        });

    for (const [sent, received] of [
        ['452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
            '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'],
        ['452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
            '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'],
    ])
        test(`${sent} is answered with its attachments`, async () => {
            const line = await open('40');
            line.send(sent);
            line.send(Uint8Array.from([1, 2, 3]));
            line.send(Uint8Array.from([4, 5, 6]));
            assert.equal(await line.nextMessage(), received);
            assert.deepEqual([...(await line.nextMessage())], [1, 2, 3]);
            assert.deepEqual([...(await line.nextMessage())], [4, 5, 6]);
            line.close();
        });

    for (const packet of ['4abc', '42{}', '42abc["message-with-ack",1,"2",{"3":[false]}]', '42[', '42[1]', '4', '47', '40', '43[]', '44{}'])
        test(`${packet} closes the connection`, async () => {
            const line = await open('40');
            line.send(packet);
            await line.closed;
        });

    test('4abc instead of a connect closes the connection', async () => {
        const line = await open();
        line.send('4abc');
        await line.closed;
    });

    test('the official client: any arguments, binary and acknowledgements both ways, on both transports', async () => {
        for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
            const socket = io(`${server.socketUrl}/custom`, { transports, forceNew: true, reconnection: false, auth: { a: 1 } });
            const auth = await new Promise((resolve, reject) => {
                socket.once('auth', resolve);
                socket.once('connect_error', reject);
            });
            assert.deepEqual(auth, { a: 1 });
            const back = new Promise((resolve) => socket.once('message-back', (...values) => resolve(values)));
            socket.emit('message', 1, null, { deep: [Buffer.from([1, 2]), 'x'] }, Buffer.from([3]));
            assert.deepEqual(await back, [1, null, { deep: [Buffer.from([1, 2]), 'x'] }, Buffer.from([3])]);
            const acked = await new Promise((resolve) => socket.emit('message-with-ack', Buffer.from([9]), 2, (...values) => resolve(values)));
            assert.deepEqual(acked, [Buffer.from([9]), 2]);
            socket.once('question', (what, answer) => answer(`${what} too`, 5));
            const answered = new Promise((resolve) => socket.once('answer', (...values) => resolve(values)));
            socket.emit('ask', 'this');
            assert.deepEqual(await answered, ['this too', 5]);
            const silent = new Promise((resolve) => socket.once('answer', (...values) => resolve(values)));
            socket.emit('ask', 'that');
            assert.deepEqual(await silent, ['unanswered']);
            socket.close();
        }
    });
});
