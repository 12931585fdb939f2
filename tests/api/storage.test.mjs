// A disk that runs full: writes are refused in words, what was said to be kept is kept, and it heals by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buyTokens, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';

let folder, server, model, client, chat;

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'confidente-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
    server = await startServer({ dataDir: folder, settings: ['log.level=error'] });
    [model, client] = await Promise.all([register(server.url, 'model', 'Luna'), register(server.url, 'client', 'Davi')]);
    await buyTokens(client);
    chat = (await client.call('POST', '/api/chats', { body: { participantId: model.user.id } })).body;
});
after(async () => {
    const code = await server.stop();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
    assert.equal(code, 0);
});

const say = (content) => client.call('POST', `/api/chats/${chat.id}/messages`, { body: { type: 'text', content } });

/** Takes all the space there is but `rest` bytes. */
function fill(file, rest) {
    const chunk = Buffer.alloc(64 * 1024);
    const out = openSync(file, 'w');
    let size = 0;
    try {
        for (;;) size += writeSync(out, chunk);
    } catch (error) {
        assert.equal(error.code, 'ENOSPC');
    }
    ftruncateSync(out, size - rest);
    closeSync(out);
}

test('a full disk refuses writes in words, keeps what it promised, and heals when there is space', async () => {
    const ballast = join(folder, 'ballast');
    fill(ballast, 256 * 1024);
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

    rmSync(ballast);
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
    const books = await run('ledger', 'verify', '--data-dir', folder);
    assert.equal(books.code, 0, books.err);
});
