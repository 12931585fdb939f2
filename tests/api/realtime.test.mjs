// The official socket.io-client against the real server: transports, recovery, tokens that end, sessions that end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, call, connect, goLive, next, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';
import { tokenFor } from '../lib/tokens.mjs';

let server, model, client;

before(async () => {
    server = await startServer();
    model = await register(server.url, 'model', 'Luna');
    client = await register(server.url, 'client', 'Davi');
});
after(async () => assert.equal(await server.stop(), 0));

const gone = (socket) => new Promise((resolve) => socket.once('disconnect', (reason) => resolve(reason)));

/** A chat between the two; says what arrives at the model's socket. */
async function chat() {
    const { body } = await client.call('POST', '/api/chats', { body: { participantId: model.user.id } });
    return (socket, content) => ask(socket, 'message:send', { chatId: body.id, content, type: 'text' });
}

for (const [story, transports, ends] of [
    ['polling alone', ['polling'], 'polling'],
    ['a websocket alone', ['websocket'], 'websocket'],
    ['polling, then a websocket, as by default', undefined, 'websocket'],
])
    test(`messages and acknowledgements over ${story}`, async () => {
        const [hers, his] = await Promise.all([model, client].map((who) => connect(server.url, who, { transports })));
        const say = await chat();
        const engine = his.io.engine;
        if (ends === 'websocket' && engine.transport.name !== 'websocket') await new Promise((resolve) => engine.once('upgrade', resolve));
        assert.equal(engine.transport.name, ends);
        for (let round = 0; round < 5; round++) {
            const heard = next(hers, 'message:received', ({ message }) => message.content === `${story} ${round}`);
            const sent = await say(his, `${story} ${round}`);
            assert.equal(sent.ok, true, JSON.stringify(sent));
            assert.equal((await heard).message.id, sent.message.id);
        }
        hers.close();
        his.close();
    });

test('a writer is told that a message was delivered, once the other side has a socket', async () => {
    const his = await connect(server.url, client);
    const say = await chat();
    const updates = [];
    his.on('message:updated', (update) => updates.push(update));
    await say(his, 'nobody is there');
    const hers = await connect(server.url, model);
    const delivered = next(his, 'message:updated');
    const { message } = await say(his, 'somebody is');
    assert.deepEqual(await delivered, { messageId: message.id, status: 'delivered' });
    // Events of one connection come in their order: what was said before has been told nothing of.
    assert.deepEqual(updates, [{ messageId: message.id, status: 'delivered' }]);
    hers.close();
    his.close();
});

test('nothing is lost or turned round while a client upgrades', async () => {
    const his = await connect(server.url, client, { transports: ['websocket'] });
    const say = await chat();
    const hers = await connect(server.url, model, { transports: ['polling', 'websocket'] });
    const heard = [];
    const all = new Promise((resolve) => hers.on('message:received', ({ message }) => heard.push(message.content) === 10 && resolve()));
    const expected = Array.from({ length: 10 }, (_, index) => `during ${index}`);
    for (const content of expected) await say(his, content);
    await all;
    assert.deepEqual(heard, expected);
    hers.close();
    his.close();
});

test('a stranger is refused on polling too, and a bad token says so', async () => {
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']])
        await assert.rejects(connect(server.url, { token: 'x' }, { transports }), /invalid_token/);
});

for (const transports of [['websocket'], ['polling']])
    test(`a client whose line breaks gets what it missed, and is still in its live (${transports})`, async () => {
        const { live } = await goLive(model);
        const hers = await connect(server.url, model);
        await ask(hers, 'live:join', { liveId: live.id });
        const his = await connect(server.url, client, { transports, reconnection: true, reconnectionDelay: 300, reconnectionDelayMax: 300 });
        await ask(his, 'live:join', { liveId: live.id });
        const say = (content) => ask(hers, 'message:send', { chatId: live.chatId, content, type: 'text' });
        const first = next(his, 'chat:message');
        await say('before');
        await first;

        const heard = [];
        his.on('chat:message', ({ message }) => heard.push(message.content));
        const id = his.id;
        const back = new Promise((resolve) => his.once('connect', resolve));
        his.io.engine.close();
        await say('missed 1');
        await say('missed 2');
        await back;
        assert.equal(his.recovered, true);
        assert.equal(his.id, id);
        const again = next(his, 'chat:message', ({ message }) => message.content === 'after');
        await say('after');
        await again;
        assert.deepEqual(heard, ['missed 1', 'missed 2', 'after']);
        const { viewerCount } = (await model.call('GET', `/api/lives/${live.id}`)).body;
        assert.equal(viewerCount, 1, 'who comes back is counted once');
        const alone = next(hers, 'live:status', (status) => status.viewerCount === 0);
        his.close();
        await alone;
        hers.close();
        await model.call('PUT', `/api/lives/${live.id}/end`);
    });

test('somebody else’s place is nobody’s', async () => {
    const his = await connect(server.url, client);
    const pid = his._pid;
    assert.equal(typeof pid, 'string');
    his.io.engine.close();
    const other = await register(server.url, 'client', 'Rui');
    const socket = await connect(server.url, other, { auth: { token: other.token, pid, offset: '0' } });
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, his.id);
    socket.close();
});

test('a token that ends is announced, may be replaced on the same socket, and else ends the socket', async () => {
    const [kept, left] = await Promise.all(
        [0, 1].map(() => connect(server.url, { token: tokenFor(server, client, 4) }, { transports: ['websocket'] })),
    );
    const warned = await Promise.all([next(kept, 'auth:expiring'), next(left, 'auth:expiring')]);
    assert.ok(Date.parse(warned[0].expiresAt) > Date.now());
    const stranger = await ask(kept, 'auth:refresh', { token: model.token });
    assert.equal(stranger.error.code, 'another_session');
    const renewed = await ask(kept, 'auth:refresh', { token: client.token });
    assert.equal(renewed.ok, true, JSON.stringify(renewed));
    const told = next(left, 'auth:expired');
    assert.equal(await gone(left), 'io server disconnect');
    assert.ok(Date.now() < Date.parse(warned[1].expiresAt) + 30_000);
    await told;
    assert.equal(kept.connected, true);
    assert.equal((await ask(kept, 'live:leave', { liveId: '0190163d-8694-739b-aea5-966c26f8ad91' })).ok, true);
    kept.close();
});

test('a refreshed pair of tokens continues the session of its sockets', async () => {
    const person = await register(server.url, 'client', 'Ana');
    const socket = await connect(server.url, person);
    const { body } = await call(server.url, 'POST', '/api/auth/refresh-token', { body: { refreshToken: person.refreshToken } });
    assert.equal((await ask(socket, 'auth:refresh', { token: body.accessToken })).ok, true);
    socket.close();
});

for (const transports of [['websocket'], ['polling']])
    test(`logout ends the session’s sockets within two seconds, and its token opens no other (${transports})`, async () => {
        const person = await register(server.url, 'client', 'Bia');
        const socket = await connect(server.url, person, { transports });
        const ended = gone(socket);
        const at = Date.now();
        assert.equal((await call(server.url, 'POST', '/api/auth/logout', { body: { refreshToken: person.refreshToken } })).status, 204);
        assert.equal(await ended, 'io server disconnect');
        assert.ok(Date.now() - at < 2_000);
        await assert.rejects(connect(server.url, person, { transports }), /invalid_token/);
    });

test('a server that stops lets its polls and websockets go', async () => {
    const other = await startServer();
    const person = await register(other.url, 'client', 'Eva');
    const sockets = await Promise.all([['polling'], ['websocket']].map((transports) => connect(other.url, person, { transports })));
    const ends = sockets.map(gone);
    const at = Date.now();
    assert.equal(await other.stop(), 0);
    await Promise.all(ends);
    assert.ok(Date.now() - at < 5_000);
});
