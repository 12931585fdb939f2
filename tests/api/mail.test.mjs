// Mail over SMTP against a real server: STARTTLS, credentials, a relay that is away, and mails that parse.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startSmtp, tokenIn } from '../lib/mail.mjs';
import { call, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';
import { makeCertificate } from '../lib/tls.mjs';

let certificate, relay, server;
const secret = 'relay-secret-7c1f';
const settings = (port) => [
    `mail.smtp_url=smtp://localhost:${port}`, 'mail.smtp_user=relay-user', `mail.smtp_password=${secret}`,
    `mail.smtp_ca_file=${certificate.file}`, 'mail.from=no-reply@example.org', 'http.public_url=https://example.org',
];

before(async () => {
    certificate = makeCertificate();
    relay = await startSmtp(certificate, {
        refuse: (address) => (address.startsWith('client-refused') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null),
    });
    server = await startServer({ settings: settings(relay.port) });
});
after(async () => {
    assert.equal(await server.stop(), 0);
    await relay.stop();
    certificate.remove();
});

const forgot = (email, language) =>
    call(server.url, 'POST', '/api/auth/forgot-password', { body: { email }, headers: { 'accept-language': language } });

test('a mail goes through STARTTLS with credentials, and reads well in every language', async () => {
    const subjects = { 'pt-BR': 'Redefina sua senha', en: 'Reset your password', es: 'Restablece tu contraseña' };
    let count = 0;
    for (const [language, subject] of Object.entries(subjects)) {
        const person = await register(server.url, 'client', 'João <b>Ação</b>');
        assert.equal((await forgot(person.email, language)).status, 202);
        const { mail, raw, envelope, secure } = await relay.next(++count);
        assert.ok(secure, 'TLS');
        assert.equal(envelope.mailFrom.address, 'no-reply@example.org');
        assert.deepEqual(envelope.rcptTo.map(({ address }) => address), [person.email]);
        assert.equal(mail.subject, subject);
        assert.equal(mail.from.text, '"Live Confidente" <no-reply@example.org>');
        assert.ok(mail.text.includes('João <b>Ação</b>'));
        assert.ok(mail.html.includes('João &lt;b&gt;Ação&lt;/b&gt;'));
        assert.equal(mail.headers.get('auto-submitted'), 'auto-generated');
        assert.ok(mail.messageId.endsWith('@example.org>'));
        assert.ok(raw.split('\r\n').every((line) => line.length <= 78 && /^[\x20-\x7e]*$/.test(line)), 'short ASCII lines');
        assert.match(mail.text, /https:\/\/example\.org\/redefinir-senha#token=[\w-]{43}\n/);
    }
    assert.deepEqual(relay.failures, []);
});

test('a relay that is away holds up no request, and gets the mail when it is back', async () => {
    const { port } = relay;
    await relay.stop();
    const person = await register(server.url, 'client', 'Davi');
    const began = performance.now();
    assert.equal((await forgot(person.email, 'en')).status, 202);
    assert.ok(performance.now() - began < 5000);
    await server.logged('mail.retry');
    relay = await startSmtp(certificate, { port });
    const { mail } = await relay.next(1);
    assert.equal(mail.to.value[0].address, person.email);
    const reset = { token: tokenIn(mail), password: 'outra senha bem longa' };
    assert.equal((await call(server.url, 'POST', '/api/auth/reset-password', { body: reset })).status, 204);
    await relay.next(2);  // the notice
});

test('a certificate that nobody vouches for gets neither mail nor credentials', async () => {
    const impostor = await startSmtp(makeCertificate());
    const other = await startServer({ settings: settings(impostor.port) });
    try {
        const person = await register(other.url, 'client', 'Eva');
        await call(other.url, 'POST', '/api/auth/forgot-password', { body: { email: person.email } });
        await other.logged('mail.retry');
        assert.equal(impostor.received.length, 0);
        assert.ok(!other.log.join('\n').includes(secret));
    } finally {
        assert.equal(await other.stop(), 0);
        await impostor.stop();
    }
});

test('settings that would send secrets in clear, or make no sense, are refused in words', async () => {
    for (const [set, told] of [
        [['mail.smtp_url=smtp://mail.example.org', 'mail.smtp_tls=none'], /on this machine only/],
        [['mail.smtp_url=http://mail.example.org'], /smtp:\/\/ or smtps:\/\//],
        [['mail.smtp_url=smtp://a:b@mail.example.org'], /no credentials/],
        [['mail.from=Me <a@b.c>'], /one bare address/],
    ]) {
        const flags = set.flatMap((one) => ['--set', one]);
        const refused = await run('serve', '--data-dir', `${server.dataDir}/other`, '--http', '127.0.0.1:0', '--media-port', '0', ...flags);
        assert.notEqual(refused.code, 0);
        assert.match(refused.err, told);
    }
    const shown = await run('config', '--set', `mail.smtp_password=${secret}`);
    assert.ok(!shown.out.includes(secret));
    assert.match(shown.out, /smtp_password = "\*\*\*"/);
});
