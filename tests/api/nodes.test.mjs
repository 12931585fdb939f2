// Two servers on one PostgreSQL: what happens at either is seen at both, each event once.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, buyTokens, call, connect, goLive, next, register } from '../lib/people.mjs';
import { sql, startPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';

let postgres, first, second, folder, model, client, live, hers, his;

before(async () => {
    postgres = startPostgres();
    const settings = [`database.url=${postgres.url}`];
    first = await startServer({ settings });
    // Nodes sign with the same keys; everything else of the folder is a node's own.
    folder = mkdtempSync(join(tmpdir(), 'confidente-test-'));
    cpSync(join(first.dataDir, 'keys'), join(folder, 'keys'), { recursive: true });
    second = await startServer({ settings, dataDir: folder });
    model = await register(first.url, 'model', 'Luna');
    client = await register(second.url, 'client', 'Davi');
    await buyTokens(client);
    ({ live } = await goLive(model));
    assert.equal((await client.call('POST', `/api/lives/${live.id}/join`)).status, 200);
    hers = await connect(first.url, model);
    his = await connect(second.url, client);
    for (const socket of [hers, his]) assert.equal((await ask(socket, 'live:join', { liveId: live.id })).ok, true);
});
after(async () => {
    hers?.close();
    his?.close();
    assert.equal(await first?.stop(), 0);
    assert.equal(await second?.stop(), 0);
    if (folder) rmSync(folder, { recursive: true, force: true });
    postgres?.remove();
});

test('a token of one node is good at the other', async () => {
    assert.equal((await call(first.url, 'GET', '/api/wallet', { token: client.token })).status, 200);
});

test('messages of both nodes reach both, each once and in one order', async () => {
    const count = 16; // within the burst that each may send
    const heard = [hers, his].map((socket) => {
        const seen = [];
        const all = new Promise((resolve) =>
            socket.on('chat:message', ({ message }) => {
                seen.push(message.id);
                if (seen.length === count) resolve(seen);
            }),
        );
        return { seen, all };
    });
    const say = (socket, n) => ask(socket, 'message:send', { chatId: live.chatId, content: `${n}`, type: 'text' });
    const sent = await Promise.all(
        [hers, his].map(async (socket) => {
            const ids = [];
            while (ids.length < count / 2) {
                const ack = await say(socket, ids.length);
                assert.equal(ack.ok, true, JSON.stringify(ack));
                ids.push(ack.message.id);
            }
            return ids;
        }),
    );
    const [at, other] = await Promise.all(heard.map(({ all }) => all));
    assert.deepEqual(at, other);
    assert.deepEqual([...at].sort(), sent.flat().sort());
});

test('a private message and a gift cross from node to node', async () => {
    const { body: chat } = await client.call('POST', '/api/chats', { body: { participantId: model.user.id } });
    const received = next(hers, 'message:received', ({ message }) => message.content === 'olá');
    assert.equal((await ask(his, 'message:send', { chatId: chat.id, content: 'olá', type: 'text' })).ok, true);
    await received;
    const shown = [next(hers, 'gift:received'), next(his, 'gift:received')];
    const earned = next(hers, 'wallet:updated');
    const gift = await ask(his, 'gift:send', { liveId: live.id, giftType: 'rosa', amount: 1 });
    assert.equal(gift.ok, true, JSON.stringify(gift));
    for (const event of await Promise.all(shown)) assert.equal(event.gift.id, gift.gift.id);
    await earned;
});

test('a node whose listening connection is ended hears what came meanwhile', async () => {
    sql(postgres.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    const heard = next(hers, 'chat:message', ({ message }) => message.content === 'ainda aqui');
    assert.equal((await ask(his, 'message:send', { chatId: live.chatId, content: 'ainda aqui', type: 'text' })).ok, true);
    await heard;
});
