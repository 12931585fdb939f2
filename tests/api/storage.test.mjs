// A disk that runs full: writes are refused in words, what was said to be kept is kept, and it heals by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buyTokens, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';
import { smallDisk } from '../lib/small_disk.mjs';

let disk, server, model, client, chat;

before(async () => {
    disk = smallDisk(8 * 1024 * 1024, 'tmpfs');
    server = await startServer({ dataDir: disk.folder, settings: ['log.level=error'] });
    [model, client] = await Promise.all([register(server.url, 'model', 'Luna'), register(server.url, 'client', 'Davi')]);
    await buyTokens(client);
    chat = (await client.call('POST', '/api/chats', { body: { participantId: model.user.id } })).body;
});
after(async () => {
    const code = await server.stop();
    disk.remove();
    assert.equal(code, 0);
});

const say = (content) => client.call('POST', `/api/chats/${chat.id}/messages`, { body: { type: 'text', content } });

test('a full disk refuses writes in words, keeps what it promised, and heals when there is space', async () => {
    disk.fill(256 * 1024);
    const kept = [];
    let refused;
    for (let i = 0; i < 200 && !refused; i++) {
        const answer = await say(`${i} ${'x'.repeat(1900)}`);
        if (answer.status === 201) kept.push(answer.body.id);
        else refused = answer;
    }
    assert.deepEqual([refused?.status, refused?.body.code], [503, 'storage_full']);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.ok(kept.length > 2, `${kept.length} messages before it was full`);

    assert.equal((await client.call('GET', `/api/chats/${chat.id}/messages?limit=1`)).status, 200, 'reading goes on');
    assert.equal((await client.call('GET', '/api/wallet')).body.balance, 100);

    disk.free();
    assert.equal((await say('de volta')).status, 201);

    const found = [];
    let cursor = '';
    do {
        const page = await client.call('GET', `/api/chats/${chat.id}/messages?limit=100${cursor && `&cursor=${cursor}`}`);
        found.push(...page.body.items.map(({ id }) => id));
        cursor = page.body.nextCursor;
    } while (cursor);
    const missing = kept.filter((id) => !found.includes(id));
    assert.deepEqual(missing, []);
    assert.equal(new Set(found).size, kept.length + 1, 'nothing that was refused, nothing twice');
    const books = await run('ledger', 'verify', '--data-dir', disk.folder);
    assert.equal(books.code, 0, books.err);
});
