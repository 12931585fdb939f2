// Who may do what: every route and every event of `confidente routes`, times everyone who could try.
//
// A row is one scene: a route or event on one object. `allow` says what its rightful people get; everyone else whom the
// table's access rule lets pass gets `otherwise`. What the access rule itself refuses is not written in the rows but
// derived from the table: 401 for every credential that is none, 403 `forbidden` for other kinds of accounts. A route or
// event without a row fails.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { operations } from '../lib/contract.mjs';
import { ask, buyTokens, call, connect, goLive, password, register } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';

const nobody = '0190163d-8694-739b-aea5-966c26f8ad91';
const offer = readFileSync(new URL('../corpus/sdp/chromium-publish-simulcast-h264.sdp', import.meta.url), 'utf8');
const roles = { anyone: null, own_credential: null, signed_in: ['client', 'model', 'admin'], clients: ['client'], models: ['model'], admins: ['admin'] };

let dataDir, server, table;
const people = {}; // luna (model), sol (another), davi, rui, bruno (clients; luna has blocked bruno), ada (administrator)
const things = {};
const bad = {}; // credentials that are none: name → token
const counts = { negative: 0, positive: 0 };

const start = () => startServer({ dataDir });

/** The same claims, signed by a key that is not the server's. */
function forged(token) {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), createHash('sha256').update('not the key').digest()]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const [head, payload] = token.split('.');
    return `${head}.${payload}.${sign(null, Buffer.from(`${head}.${payload}`), key).toString('base64url')}`;
}

/** The server's own signature over a payload that was changed to be an administrator's. */
function promoted(token) {
    const [head, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return `${head}.${Buffer.from(JSON.stringify({ ...claims, role: 'admin' })).toString('base64url')}.${signature}`;
}

function unsigned(token) {
    const head = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    return `${head}.${token.split('.')[1]}.`;
}

async function signIn(email) {
    const answer = await call(server.url, 'POST', '/api/auth/login', { body: { email, password } });
    assert.equal(answer.status, 200);
    const { accessToken: token, refreshToken, user } = answer.body;
    return { user, token, refreshToken, email, call: (method, path, options = {}) => call(server.url, method, path, { token, ...options }) };
}

async function openChat(one, other) {
    const { body } = await one.call('POST', '/api/chats', { body: { participantId: other.user.id } });
    const { body: message } = await one.call('POST', `/api/chats/${body.id}/messages`, { body: { content: 'Oi', type: 'text' } });
    return { id: body.id, messageId: message.id };
}

/** Everything that needs somebody to let others in, before the block is there. */
async function prepare() {
    const { luna, davi, bruno } = people;
    things.chat = await openChat(davi, luna);
    things.severed = await openChat(bruno, luna);
    await buyTokens(davi);
    const purchase = { body: { packageId: 'tokens-100', currency: 'BRL' }, headers: { 'idempotency-key': randomUUID() } };
    things.purchase = (await davi.call('POST', '/api/wallet/purchases', purchase)).body.purchase.id;
    things.paid = await goLive(luna, { title: 'Paga', price: 30 });
    await davi.call('POST', `/api/lives/${things.paid.live.id}/join`);
    await buyTokens(bruno);
    await bruno.call('POST', `/api/lives/${things.paid.live.id}/join`);
    const ticket = await davi.call('POST', `/api/lives/${things.paid.live.id}/join`);
    things.playback = ticket.body.playback.token;
    things.roomMessage = (await davi.call('POST', `/api/chats/${things.paid.live.chatId}/messages`, { body: { content: 'Oi', type: 'text' } })).body.id;
    const planned = { title: 'Depois', description: '', price: 0 };
    things.scheduled = (await luna.call('POST', '/api/lives', { body: planned })).body;
    things.foreign = (await people.sol.call('POST', '/api/lives', { body: planned })).body;
    things.ended = (await luna.call('POST', '/api/lives', { body: planned })).body;
    await luna.call('PUT', `/api/lives/${things.ended.id}/end`);
}

before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'confidente-matrix-'));
    table = JSON.parse((await run('routes')).out);
    const made = await run({ input: `${password}\n` }, 'admin', 'create', '--data-dir', dataDir, '--email', 'ada@example.com', '--name', 'Ada');
    assert.equal(made.code, 0, made.err);
    server = await start();
    for (const [name, type] of Object.entries({ luna: 'model', sol: 'model', davi: 'client', rui: 'client', bruno: 'client' }))
        people[name] = await register(server.url, type, name);
    await prepare();
    assert.equal(await server.stop(), 0);
    const db = new DatabaseSync(join(dataDir, 'confidente.db'));
    db.prepare('INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (?, ?, 1)').run(people.luna.user.id, people.bruno.user.id);
    db.close();
    server = await start();
    const emails = { ...Object.fromEntries(Object.entries(people).map(([name, one]) => [name, one.email])), ada: 'ada@example.com' };
    for (const [name, email] of Object.entries(emails)) people[name] = await signIn(email);
    Object.assign(bad, {
        none: undefined,
        garbage: 'x.y.z',
        forged: forged(people.luna.token),
        promoted: promoted(people.davi.token),
        unsigned: unsigned(people.luna.token),
        truncated: people.luna.token.slice(0, -4),
        refresh: people.luna.refreshToken,
        playback: things.playback,
        streamKey: things.paid.publish.streamKey,
    });
});
after(async () => {
    assert.equal(await server.stop(), 0);
    rmSync(dataDir, { recursive: true, force: true });
});

const everyone = ['luna', 'sol', 'davi', 'rui', 'bruno', 'ada'];
const all = (status) => Object.fromEntries(everyone.map((name) => [name, status]));
const json = (body) => () => ({ body });
const message = json({ content: 'Oi', type: 'text' });
const withKey = (body) => () => ({ body, headers: { 'idempotency-key': randomUUID() } });
const sdp = () => ({ raw: offer, headers: { 'content-type': 'application/sdp' } });
const noPrivateFields = (answer, name) => {
    const own = name === 'luna';
    assert.equal(answer.body.email !== undefined, own, `${name} sees the e-mail`);
    assert.equal(answer.body.settings !== undefined, own, `${name} sees the settings`);
};

/** Route rows: scene, object's path, what is sent, who may; `public`: the answer for everybody, tokens or not. */
const routes = {
    'POST /api/auth/register': [{ scene: 'no body', send: json({}), public: 422 }],
    'POST /api/auth/login': [{ scene: 'a wrong password', send: json({ email: 'ada@example.com', password: 'errada demais' }), public: 401 }],
    'POST /api/auth/refresh-token': [
        { scene: 'no token of ours', send: json({ refreshToken: 'x'.repeat(43) }), public: 401 },
        { scene: 'an access token', send: () => ({ body: { refreshToken: people.luna.token.slice(0, 100) } }), public: 401 },
    ],
    'POST /api/auth/logout': [{ scene: 'no token of ours', send: json({ refreshToken: 'x'.repeat(43) }), public: 204 }],
    'POST /api/auth/forgot-password': [{ scene: 'nobody', send: json({ email: 'nobody@example.com' }), public: 202 }],
    'POST /api/auth/reset-password': [{ scene: 'no token of ours', send: json({ token: 'x'.repeat(43), password }), public: 422 }],
    'GET /api/auth/me': [{ scene: 'oneself', allow: all(200), check: (answer, name) => assert.equal(answer.body.email, people[name].email) }],
    'GET /api/users/:id': [
        { scene: 'a model', path: () => ({ id: people.luna.user.id }), allow: all(200), check: noPrivateFields },
        { scene: 'nobody', path: () => ({ id: nobody }), otherwise: 404 },
    ],
    'PUT /api/users/:id': [
        { scene: "a model's profile", path: () => ({ id: people.luna.user.id }), send: json({ profile: { bio: 'x' } }), allow: { luna: 200 }, otherwise: 403 },
        { scene: "a model's settings", path: () => ({ id: people.luna.user.id }), send: json({ settings: { a: 1 } }), allow: { luna: 200 }, otherwise: 403 },
        { scene: "a client's profile", path: () => ({ id: people.davi.user.id }), send: json({ name: 'Davi' }), allow: { davi: 200 }, otherwise: 403 },
        { scene: 'nobody', path: () => ({ id: nobody }), send: json({ name: 'x' }), otherwise: 403 },
    ],
    'PUT /api/users/:id/avatar': [
        { scene: 'no picture', path: () => ({ id: people.luna.user.id }), send: json({}), allow: { luna: 415 }, otherwise: 403 },
        { scene: 'nobody', path: () => ({ id: nobody }), send: json({}), otherwise: 403 },
    ],
    'DELETE /api/users/:id/avatar': [
        { scene: "a model's", path: () => ({ id: people.luna.user.id }), allow: { luna: 200 }, otherwise: 403 },
        { scene: 'nobody', path: () => ({ id: nobody }), otherwise: 403 },
    ],
    'GET /api/media/:key': [
        { scene: 'no file', path: () => ({ key: 'f'.repeat(32) }), public: 404 },
        { scene: 'a path', path: () => ({ key: '..%2Fconfidente.db' }), public: 400 },
    ],
    'GET /api/models': [{ scene: 'the list', public: 200, check: (answer) => answer.body.items.forEach((item) => assert.equal(item.email ?? item.settings, undefined)) }],
    'GET /api/models/:id': [
        { scene: 'a model', path: () => ({ id: people.luna.user.id }), public: 200 },
        { scene: 'a client', path: () => ({ id: people.davi.user.id }), public: 404 },
    ],
    'GET /api/chats': [
        {
            scene: "one's own list", allow: all(200),
            check: (answer, name) => answer.body.items.forEach((chat) => assert.ok(chat.participants.some((one) => one.id === people[name].user.id))),
        },
    ],
    'POST /api/chats': [
        { scene: 'with the model', send: () => ({ body: { participantId: people.luna.user.id } }), allow: { davi: 200, rui: 201, sol: 201, ada: 201, bruno: 200, luna: 422 } },
        { scene: 'with the one who is blocked', send: () => ({ body: { participantId: people.bruno.user.id } }), allow: { luna: 200, bruno: 422, sol: 201, davi: 201, rui: 201, ada: 201 } },
        { scene: 'with nobody', send: json({ participantId: nobody }), otherwise: 404 },
    ],
    'GET /api/chats/:id/messages': [
        { scene: 'a private chat', path: () => ({ id: things.chat.id }), allow: { davi: 200, luna: 200 }, otherwise: 404 },
        { scene: 'a chat across a block', path: () => ({ id: things.severed.id }), allow: { bruno: 200, luna: 200 }, otherwise: 404 },
        { scene: 'the chat of a paid live', path: () => ({ id: things.paid.live.chatId }), allow: { davi: 200, luna: 200, bruno: 403 }, otherwise: 404 },
        { scene: 'the chat of a planned live', path: () => ({ id: things.scheduled.chatId }), allow: { luna: 200 }, otherwise: 404 },
        { scene: 'no chat', path: () => ({ id: nobody }), otherwise: 404 },
    ],
    'POST /api/chats/:id/messages': [
        { scene: 'a private chat', path: () => ({ id: things.chat.id }), send: message, allow: { davi: 201, luna: 201 }, otherwise: 404 },
        { scene: 'a chat across a block', path: () => ({ id: things.severed.id }), send: message, allow: { bruno: 403, luna: 403 }, otherwise: 404 },
        { scene: 'the chat of a paid live', path: () => ({ id: things.paid.live.chatId }), send: message, allow: { davi: 201, luna: 201, bruno: 403 }, otherwise: 404 },
        { scene: 'the chat of a planned live', path: () => ({ id: things.scheduled.chatId }), send: message, allow: { luna: 409 }, otherwise: 404 },
        { scene: 'no chat', path: () => ({ id: nobody }), send: message, otherwise: 404 },
    ],
    'GET /api/lives': [{ scene: 'the list', public: 200 }],
    'POST /api/lives': [{ scene: 'a plan', send: json({ title: 'x', description: '', price: 0 }), allow: { luna: 201, sol: 201 } }],
    'GET /api/lives/:id': [
        { scene: 'a live', path: () => ({ id: things.paid.live.id }), public: 200 },
        { scene: 'none', path: () => ({ id: nobody }), public: 404 },
    ],
    'PUT /api/lives/:id/start': [
        { scene: "the model's, on air", path: () => ({ id: things.paid.live.id }), allow: {}, skip: ['luna'], otherwise: 403 },
        { scene: 'planned, while another is on air', path: () => ({ id: things.scheduled.id }), allow: { luna: 409 }, otherwise: 403 },
        { scene: 'ended', path: () => ({ id: things.ended.id }), allow: { luna: 409 }, otherwise: 403 },
        { scene: 'none', path: () => ({ id: nobody }), otherwise: 404 },
    ],
    'PUT /api/lives/:id/end': [
        { scene: "the model's, on air", path: () => ({ id: things.paid.live.id }), skip: ['luna'], otherwise: 403 },
        { scene: 'planned', path: () => ({ id: things.foreign.id }), allow: { sol: 200 }, otherwise: 403 },
        { scene: 'none', path: () => ({ id: nobody }), otherwise: 404 },
    ],
    'POST /api/lives/:id/join': [
        { scene: 'a paid live', path: () => ({ id: things.paid.live.id }), allow: { davi: 200, luna: 200, bruno: 403 }, otherwise: 402 },
        { scene: 'a planned live', path: () => ({ id: things.scheduled.id }), otherwise: 409 },
        { scene: 'an ended live', path: () => ({ id: things.ended.id }), otherwise: 409 },
        { scene: 'none', path: () => ({ id: nobody }), otherwise: 404 },
    ],
    'GET /api/lives/:id/thumbnail': [{ scene: 'no picture yet', path: () => ({ id: things.paid.live.id }), public: 404 }],
    'POST /api/lives/:id/whip': [
        {
            scene: 'a live on air', path: () => ({ id: things.paid.live.id }), send: sdp, credentials: ['none', 'garbage', 'forged', 'refresh', 'playback'],
            allow: { luna: 201 }, otherwise: 403, check: (answer) => (things.session = answer.headers.get('location').split('/').at(-1)),
        },
        { scene: 'none', path: () => ({ id: nobody }), send: sdp, credentials: [], otherwise: 404 },
    ],
    'PATCH /api/lives/:id/whip/:session': [
        {
            scene: "the model's session", path: () => ({ id: things.paid.live.id, session: things.session }),
            send: () => ({ raw: '', headers: { 'content-type': 'text/plain' } }),
            credentials: { none: 401, garbage: 404, forged: 404, playback: 404, streamKey: 404 }, allow: { luna: 415 }, otherwise: 404,
        },
    ],
    'DELETE /api/lives/:id/whip/:session': [
        {
            scene: "the model's session", path: () => ({ id: things.paid.live.id, session: things.session }),
            credentials: { none: 401, garbage: 404, forged: 404, playback: 404, streamKey: 404 }, allow: { luna: 200 }, otherwise: 404,
        },
    ],
    'OPTIONS /api/lives/:id/whip': [{ scene: 'any', path: () => ({ id: nobody }), public: 204 }],
    'POST /api/lives/:id/whep': [
        {
            scene: 'a live without a picture', path: () => ({ id: things.paid.live.id }), send: sdp,
            credentials: { none: 401, garbage: 401, forged: 401, promoted: 401, unsigned: 401, refresh: 401, streamKey: 401, playback: 409 },
            allow: { luna: 409 }, otherwise: 401,
        },
        { scene: "another live with this live's token", path: () => ({ id: things.scheduled.id }), send: sdp, credentials: ['playback', 'streamKey'], allow: { luna: 409 }, otherwise: 401 },
    ],
    'PATCH /api/lives/:id/whep/:session': [
        { scene: 'no session', path: () => ({ id: things.paid.live.id, session: 'x' }), credentials: { none: 401, garbage: 404 }, otherwise: 404 },
    ],
    'DELETE /api/lives/:id/whep/:session': [
        { scene: 'no session', path: () => ({ id: things.paid.live.id, session: 'x' }), credentials: { none: 401, garbage: 404 }, otherwise: 404 },
    ],
    'GET /api/lives/:id/whep/:session/layer': [
        { scene: 'no session', path: () => ({ id: things.paid.live.id, session: 'x' }), credentials: { none: 401, garbage: 404 }, otherwise: 404 },
        {
            scene: "the model's own sending", path: () => ({ id: things.paid.live.id, session: things.session }),
            credentials: { none: 401, garbage: 404, forged: 404, playback: 404, streamKey: 404 }, otherwise: 404,
        },
    ],
    'POST /api/lives/:id/whep/:session/layer': [
        { scene: 'no session', path: () => ({ id: things.paid.live.id, session: 'x' }), send: json({ encodingId: 'l' }), credentials: { none: 401, garbage: 404 }, otherwise: 404 },
    ],
    'OPTIONS /api/lives/:id/whep': [{ scene: 'any', path: () => ({ id: nobody }), public: 204 }],
    'GET /api/rtc/config': [{ scene: 'any', public: 200 }],
    'GET /api/wallet': [{ scene: "one's own", allow: all(200), check: (answer, name) => assert.equal('earnings' in answer.body, people[name].user.type === 'model') }],
    'GET /api/wallet/transactions': [
        { scene: "one's own", allow: all(200), check: (answer, name) => assert.equal(answer.body.items.length > 0, ['luna', 'davi', 'bruno'].includes(name)) },
    ],
    'GET /api/gifts': [{ scene: 'the catalogue', public: 200 }],
    'GET /api/wallet/packages': [{ scene: 'the price list', public: 200 }],
    'POST /api/wallet/purchases': [{ scene: 'a package', send: withKey({ packageId: 'tokens-100', currency: 'BRL' }), allow: { davi: 201, rui: 201, bruno: 201 } }],
    'POST /api/payments/sandbox/:purchaseId/confirm': [
        { scene: "a client's purchase", path: () => ({ purchaseId: things.purchase }), allow: { davi: 200 }, otherwise: 404 },
        { scene: 'none', path: () => ({ purchaseId: nobody }), otherwise: 404 },
    ],
    'POST /api/csp-reports': [
        { scene: 'any', send: () => ({ raw: '[]', headers: { 'content-type': 'application/reports+json' } }), public: 204 },
    ],
    'GET /api/health/live': [{ scene: 'any', public: 200 }],
    'GET /api/health/ready': [{ scene: 'any', public: 200 }],
    'GET /api/openapi.json': [{ scene: 'any', public: 200 }],
    'GET /api/docs': [{ scene: 'any', public: 200 }],
    'GET /metrics': [{ scene: 'any', public: 200 }],
};

const own = (body) => () => body;
const paid = () => ({ liveId: things.paid.live.id });
const rose = (live) => () => ({ liveId: live(), giftType: 'rosa', amount: 1, idempotencyKey: randomUUID() });
const say = (chat) => () => ({ chatId: chat(), content: 'Oi', type: 'text' });
const chatScenes = (payload) => [
    { scene: 'a private chat', send: () => payload(things.chat.id), allow: { davi: 'ok', luna: 'ok' }, otherwise: 'chat_not_found' },
    { scene: 'a chat across a block', send: () => payload(things.severed.id), allow: { bruno: 'blocked', luna: 'blocked' }, otherwise: 'chat_not_found' },
    { scene: 'no chat', send: () => payload(nobody), otherwise: 'chat_not_found' },
];

/** Event rows: `allow` and `otherwise` are `ok` or the code of the refusal. */
const events = {
    'message:send': [
        ...chatScenes((chatId) => say(() => chatId)()),
        { scene: 'the chat of a paid live', send: say(() => things.paid.live.chatId), allow: { davi: 'ok', luna: 'ok', bruno: 'blocked' }, otherwise: 'chat_not_found' },
        { scene: 'the chat of a planned live', send: say(() => things.scheduled.chatId), allow: { luna: 'live_not_live' }, otherwise: 'chat_not_found' },
    ],
    'message:read': [
        { scene: 'a private chat', send: () => ({ chatId: things.chat.id, messageId: things.chat.messageId }), allow: { davi: 'ok', luna: 'ok' }, otherwise: 'chat_not_found' },
        { scene: "another chat's message", send: () => ({ chatId: things.chat.id, messageId: things.severed.messageId }), allow: { davi: 'message_not_found', luna: 'message_not_found' }, otherwise: 'chat_not_found' },
        { scene: 'the chat of a paid live', send: () => ({ chatId: things.paid.live.chatId, messageId: things.roomMessage }), allow: { davi: 'ok', luna: 'ok', bruno: 'blocked' }, otherwise: 'chat_not_found' },
        { scene: 'no chat', send: own({ chatId: nobody, messageId: nobody }), otherwise: 'chat_not_found' },
    ],
    'typing:start': chatScenes((chatId) => ({ chatId })),
    'typing:end': chatScenes((chatId) => ({ chatId })),
    'live:join': [
        { scene: 'a paid live', send: paid, allow: { davi: 'ok', luna: 'ok', bruno: 'blocked' }, otherwise: 'entry_required' },
        { scene: 'none', send: own({ liveId: nobody }), otherwise: 'live_not_found' },
        { scene: 'no id', send: own({ liveId: '../x' }), otherwise: 'live_not_found' },
    ],
    'live:leave': [{ scene: 'a live one is not in', send: own({ liveId: nobody }), allow: all('ok') }],
    'gift:send': [
        { scene: 'a paid live', send: rose(() => things.paid.live.id), allow: { davi: 'ok', bruno: 'blocked' }, otherwise: 'entry_required' },
        { scene: 'a planned live', send: rose(() => things.scheduled.id), allow: { bruno: 'blocked' }, otherwise: 'live_not_live' },
        { scene: 'an ended live', send: rose(() => things.ended.id), allow: { bruno: 'blocked' }, otherwise: 'live_not_live' },
        { scene: 'none', send: rose(() => nobody), otherwise: 'live_not_found' },
    ],
};

/** Rows of operations that are planned wait for their routes. */
const planned = operations.filter((one) => one.planned).map((one) => `${one.method} ${one.path}`);
const rowsOfRoutes = Object.entries(routes).filter(([name]) => !planned.includes(name));
const nameOf = (route) => `${route.method} ${route.path}`;
const count = (refused) => (refused ? counts.negative++ : counts.positive++);

test('every route and every event has its row, and no row is left over', () => {
    assert.deepEqual(rowsOfRoutes.map(([name]) => name).sort(), table.routes.map(nameOf).sort());
    assert.deepEqual(Object.keys(events).sort(), table.events.map((row) => row.event).sort());
    for (const { access } of [...table.routes, ...table.events]) assert.ok(access in roles, `what may ${access}?`);
});

/** What each credential and person is due in this scene: name → [token, status]. */
function expectations(route, row) {
    const due = [];
    if (row.public) {
        for (const [name, token] of Object.entries(bad)) due.push([name, token, row.public]);
        for (const name of everyone) due.push([name, people[name].token, row.public]);
        return due;
    }
    const credentials = Array.isArray(row.credentials) ? Object.fromEntries(row.credentials.map((name) => [name, 401])) : row.credentials;
    for (const [name, token] of Object.entries(bad))
        if (!credentials || name in credentials) due.push([name, token, credentials?.[name] ?? 401]);
    const allowed = roles[route.access];
    for (const name of everyone.filter((one) => !row.skip?.includes(one))) {
        const mayTry = !allowed || allowed.includes(people[name].user.type);
        due.push([name, people[name].token, mayTry ? (row.allow?.[name] ?? row.otherwise) : 403]);
    }
    // Those who are refused go first: what the others do may end the object.
    return due.sort((a, b) => (b[2] >= 400) - (a[2] >= 400));
}

async function tryRoute(route, row) {
    const params = row.path?.() ?? {};
    const path = route.path.replace(/:(\w+)/g, (_, name) => params[name]);
    for (const [name, token, status] of expectations(route, row)) {
        const answer = await call(server.url, route.method, path, { token, ...row.send?.() });
        assert.equal(answer.status, status, `${route.method} ${path} by ${name}: ${answer.text.slice(0, 300)}`);
        count(status >= 400);
        const mayTry = roles[route.access]?.includes(people[name]?.user.type) ?? true;
        if (people[name] && !mayTry) assert.equal(answer.body.code, 'forbidden');
        if (status < 400) row.check?.(answer, name);
    }
}

for (const [name, rows] of rowsOfRoutes)
    for (const row of rows) test(`${name}: ${row.scene}`, () => tryRoute(table.routes.find((route) => nameOf(route) === name), row));

test('no credential that is none opens a socket', async () => {
    for (const [name, token] of Object.entries(bad)) {
        await assert.rejects(connect(server.url, { token }), (error) => /token/.test(error.message), name);
        count(true);
    }
});

for (const [event, rows] of Object.entries(events))
    test(`${event}: ${rows.map((row) => row.scene).join(', ')}`, async () => {
        const { access } = table.events.find((row) => row.event === event);
        for (const name of everyone) {
            const socket = await connect(server.url, people[name]);
            for (const row of rows) {
                const mayTry = roles[access].includes(people[name].user.type);
                const expected = mayTry ? (row.allow?.[name] ?? row.otherwise) : 'forbidden';
                const ack = await ask(socket, event, row.send());
                assert.equal(ack.ok ? 'ok' : ack.error.code, expected, `${event} by ${name}: ${row.scene}`);
                count(!ack.ok);
            }
            socket.close();
        }
    });

test('the matrix is large enough to mean something', (context) => {
    context.diagnostic(`${counts.negative} refusals, ${counts.positive} permissions`);
    assert.ok(counts.negative >= 300, `${counts.negative} refusals`);
});
