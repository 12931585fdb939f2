// The server with a certificate of its own: REST, Socket.IO on both transports, and what is refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { ask, connect, next, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';
import { trustedCertificate } from '../lib/tls.mjs';

let certificate, server, model, client;

before(async () => {
    certificate = trustedCertificate();
    server = await startServer({ settings: certificate.settings });
    assert.match(server.url, /^https:/);
    model = await register(server.url, 'model', 'Luna');
    client = await register(server.url, 'client', 'Davi');
});
after(async () => {
    assert.equal(await server.stop(), 0);
    certificate.remove();
});

for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']])
    test(`messages of every size arrive over TLS on ${transports.join(', then ')}`, { timeout: 60_000 }, async () => {
        const [hers, his] = await Promise.all([model, client].map((who) => connect(server.url, who, { transports })));
        const { body: chat } = await client.call('POST', '/api/chats', { body: { participantId: model.user.id } });
        for (const length of [1, 1000]) {
            const content = 'é'.repeat(length);
            const heard = next(hers, 'message:received', ({ message }) => message.content === content);
            const sent = await ask(his, 'message:send', { chatId: chat.id, content, type: 'text' });
            assert.equal(sent.ok, true, JSON.stringify(sent));
            assert.equal((await heard).message.id, sent.message.id);
        }
        // Longer than one TLS record (16 KiB), and than one read.
        const refused = await ask(his, 'message:send', { chatId: chat.id, content: 'x'.repeat(200_000), type: 'text' });
        assert.equal(refused.ok, false);
        const many = Array.from({ length: 6 }, (_, index) => `burst ${index}`);
        const heard = [];
        const all = new Promise((resolve) =>
            hers.on('message:received', ({ message }) => heard.push(message.content) === many.length && resolve()));
        for (const content of many) await ask(his, 'message:send', { chatId: chat.id, content, type: 'text' });
        await all;
        assert.deepEqual(heard, many);
        hers.close();
        his.close();
    });

test('answers over TLS ask for TLS in the future', async () => {
    const { headers } = await client.call('GET', '/api/users/me');
    assert.match(headers.get('strict-transport-security'), /max-age=\d+/);
});

test('TLS 1.1 and plain HTTP are no way in', async () => {
    const { port } = new URL(server.url);
    const old = tls.connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' });
    const [error] = await once(old, 'error');
    assert.match(error.code, /ERR_SSL|ECONNRESET/);
    await assert.rejects(fetch(server.url.replace('https:', 'http:')));
});
