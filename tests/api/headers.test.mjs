// What every class of answer tells a browser, and which pages of other origins may ask.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const friend = 'https://app.example.org';
let server, davi;
before(async () => {
    server = await startServer({ settings: [`http.cors_origins=${friend}`] });
    davi = await register(server.url, 'client', 'Davi');
});
after(async () => assert.equal(await server.stop(), 0));

const page =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; " +
    "frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; " +
    "trusted-types 'none'; report-uri /api/csp-reports; report-to csp";
const data = "default-src 'none'; frame-ancestors 'none'";
const always = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-site',
    'permissions-policy': 'camera=(self), microphone=(self), geolocation=(), payment=()',
    'access-control-allow-origin': null,
    'access-control-allow-credentials': null,
    server: null,
    'x-powered-by': null,
};

for (const [what, path, policy, caching] of [
    ['the app', '/', page, 'no-cache'],
    ['a page of the app', '/entrar', page, 'no-cache'],
    ['the documentation', '/api/docs', page, 'no-cache'],
    ['public data', '/api/models', data, 'no-cache'],
    ['private data', '/api/wallet', data, 'no-store'],
    ['a refusal', '/api/lives/x', data, 'no-store'],
    ['a file that is not there', '/assets/none.js', page, 'no-store'],
    ['figures', '/metrics', page, null],
])
    test(`the headers of ${what}`, async () => {
        const { headers } = await davi.call('GET', path);
        const told = (name) => headers.get(name);
        for (const [name, value] of Object.entries({ ...always, 'content-security-policy': policy, 'cache-control': caching }))
            assert.equal(told(name), value, `${path}: ${name}`);
        assert.equal(told('reporting-endpoints'), policy === page ? 'csp="/api/csp-reports"' : null, path);
        assert.match(told('x-request-id'), /^[0-9a-f-]{36}$/);
    });

test('only the origins of the list may read answers, and none with cookies', async () => {
    const allowed = async (origin) => {
        const { headers } = await call(server.url, 'GET', '/api/models', { headers: { origin } });
        assert.equal(headers.get('access-control-allow-credentials'), null);
        assert.match(headers.get('vary'), /Origin/);
        return headers.get('access-control-allow-origin');
    };
    assert.equal(await allowed(friend), friend);
    const strangers = ['null', 'https://app.example.org.evil.com', 'https://evil-app.example.org', 'http://app.example.org',
        'https://APP.example.org', 'https://app.example.org:8443', 'https://example.org', '*', `${friend}, https://evil.com`];
    for (const origin of strangers) assert.equal(await allowed(origin), null, origin);
});

test('a preflight says yes to the list alone', async () => {
    const ask = (origin, path = '/api/wallet/purchases') =>
        call(server.url, 'OPTIONS', path, { headers: { origin, 'access-control-request-method': 'POST' } });
    const yes = await ask(friend);
    assert.equal(yes.status, 204);
    assert.match(yes.headers.get('access-control-allow-headers'), /Idempotency-Key/);
    assert.match(yes.headers.get('access-control-allow-methods'), /POST/);
    for (const origin of ['null', 'https://evil.com']) {
        const no = await ask(origin);
        assert.equal(no.status, 403);
        assert.equal(no.headers.get('access-control-allow-origin'), null);
    }
    assert.equal((await ask(friend, '/api/nothing')).status, 404);
});

test('nothing changes by a GET, nor by a form of another page', async () => {
    const form = { raw: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.com' } };
    assert.equal((await davi.call('PUT', `/api/users/${davi.user.id}`, form)).status, 415);
    const text = { raw: '{"name":"x"}', headers: { 'content-type': 'text/plain', origin: 'https://evil.com' } };
    assert.equal((await davi.call('PUT', `/api/users/${davi.user.id}`, text)).status, 415);
    assert.equal((await davi.call('GET', '/api/auth/me')).body.profile.name, 'Davi');
});
