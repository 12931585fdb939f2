// The first journey without the picture: talk, pay, give, end, all through the public contract.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ask, buyTokens, call, connect, goLive, next, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';

let server, model, client, other;

before(async () => {
    server = await startServer();
    model = await register(server.url, 'model', 'Luna');
    client = await register(server.url, 'client', 'Davi');
    other = await register(server.url, 'client', 'Rui');
});
after(async () => assert.equal(await server.stop(), 0, 'a stop on SIGTERM is clean'));

test('a live is created, started, found, joined and ended, and everyone in it is told', async () => {
    const { live, publish } = await goLive(model);
    assert.equal(live.status, 'live');
    assert.match(publish.whipUrl, new RegExp(`/api/lives/${live.id}/whip$`));
    const listed = await call(server.url, 'GET', '/api/lives?status=live');
    assert.ok(listed.body.items.some((item) => item.id === live.id && item.model.name === 'Luna'));

    const joined = await client.call('POST', `/api/lives/${live.id}/join`);
    assert.equal(joined.status, 200);
    assert.ok(joined.body.playback.token);
    const socket = await connect(server.url, client);
    const entered = await ask(socket, 'live:join', { liveId: live.id });
    assert.equal(entered.ok, true, JSON.stringify(entered));
    const ended = next(socket, 'live:status', (status) => status.status === 'ended');
    assert.equal((await model.call('PUT', `/api/lives/${live.id}/end`)).status, 200);
    assert.equal((await ended).liveId, live.id);
    socket.close();
    const after = await call(server.url, 'GET', `/api/lives/${live.id}`);
    assert.equal(after.body.status, 'ended');
});

test("a live's chat reaches everyone in the room, and a retry is not a second message", async () => {
    const { live } = await goLive(model);
    const [hers, his] = [await connect(server.url, model), await connect(server.url, client)];
    await ask(hers, 'live:join', { liveId: live.id });
    await ask(his, 'live:join', { liveId: live.id });
    const heard = next(hers, 'chat:message');
    const message = { chatId: live.chatId, content: 'Boa noite! <b>não é HTML</b>', type: 'text', clientId: randomUUID() };
    const sent = await ask(his, 'message:send', message);
    assert.equal(sent.ok, true, JSON.stringify(sent));
    assert.equal((await heard).message.content, message.content);
    const again = await ask(his, 'message:send', message);
    assert.equal(again.message.id, sent.message.id);
    hers.close();
    his.close();
    await model.call('PUT', `/api/lives/${live.id}/end`);
});

test('a private chat: typing, receipt, history, and closed to others', async () => {
    const opened = await client.call('POST', '/api/chats', { body: { participantId: model.user.id } });
    assert.equal(opened.status, 201);
    const chatId = opened.body.id;
    assert.equal((await client.call('POST', '/api/chats', { body: { participantId: model.user.id } })).status, 200);
    const [hers, his] = [await connect(server.url, model), await connect(server.url, client)];

    const typing = next(hers, 'user:typing');
    assert.equal((await ask(his, 'typing:start', { chatId })).ok, true);
    assert.deepEqual(await typing, { chatId, userId: client.user.id, typing: true });

    const received = next(hers, 'message:received');
    const { message } = await ask(his, 'message:send', { chatId, content: 'Oi, Luna', type: 'text' });
    assert.equal((await received).message.id, message.id);
    const read = next(his, 'message:updated', (update) => update.status === 'read');
    assert.equal((await ask(hers, 'message:read', { chatId, messageId: message.id })).ok, true);
    assert.equal((await read).messageId, message.id);

    const history = await model.call('GET', `/api/chats/${chatId}/messages`);
    assert.deepEqual(history.body.items.map((item) => item.content), ['Oi, Luna']);
    assert.equal((await other.call('GET', `/api/chats/${chatId}/messages`)).status, 404);
    assert.equal((await ask(await connect(server.url, other), 'message:send', { chatId, content: 'x', type: 'text' })).ok, false);
    hers.close();
    his.close();
});

test('tokens are bought, a gift moves them, and the same gift sent twice is one gift', async () => {
    const { live } = await goLive(model);
    const { tokens, purchaseId } = await buyTokens(client);
    assert.equal((await client.call('POST', `/api/payments/sandbox/${purchaseId}/confirm`)).status, 200, 'confirmed again');
    assert.equal((await client.call('GET', '/api/wallet')).body.balance, tokens, 'credited once');
    assert.equal((await other.call('POST', `/api/payments/sandbox/${purchaseId}/confirm`)).status, 404);

    const [hers, his] = [await connect(server.url, model), await connect(server.url, client)];
    await ask(hers, 'live:join', { liveId: live.id });
    await ask(his, 'live:join', { liveId: live.id });
    const gifts = (await call(server.url, 'GET', '/api/gifts')).body.items;
    const rose = gifts.find((gift) => gift.price <= tokens / 2);
    const seen = [next(hers, 'gift:received'), next(his, 'gift:received')];
    const command = { liveId: live.id, giftType: rose.type, amount: 1, idempotencyKey: randomUUID() };
    const first = await ask(his, 'gift:send', command);
    assert.equal(first.ok, true, JSON.stringify(first));
    assert.equal(first.balance, tokens - rose.price);
    for (const event of seen) assert.equal((await event).gift.id, first.gift.id);
    const second = await ask(his, 'gift:send', command);
    assert.equal(second.gift.id, first.gift.id);
    assert.equal((await client.call('GET', '/api/wallet')).body.balance, tokens - rose.price);
    const earned = (await model.call('GET', '/api/wallet')).body.earnings;
    assert.equal(earned.pending + earned.available, rose.price - Math.floor((rose.price * 3000) / 10000));

    const poor = await connect(server.url, other);
    await ask(poor, 'live:join', { liveId: live.id });
    const refused = await ask(poor, 'gift:send', { ...command, idempotencyKey: randomUUID() });
    assert.equal(refused.error.code, 'insufficient_tokens');
    assert.equal((await other.call('GET', '/api/wallet')).body.balance, 0);
    for (const socket of [hers, his, poor]) socket.close();
    await model.call('PUT', `/api/lives/${live.id}/end`);
});

test('the books of a running server verify', async () => {
    const { code, out, err } = await run('ledger', 'verify', '--data-dir', server.dataDir);
    assert.equal(code, 0, out + err);
});
