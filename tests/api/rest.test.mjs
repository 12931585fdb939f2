// What holds for every call of its kind: lists, conditional requests, repeats, languages.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { buyTokens, call, connect, goLive, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server, luna, davi, rui;
before(async () => {
    server = await startServer();
    luna = await register(server.url, 'model', 'Luna');
    davi = await register(server.url, 'client', 'Davi');
    rui = await register(server.url, 'client', 'Rui');
});
after(async () => assert.equal(await server.stop(), 0));

const get = (path, options) => call(server.url, 'GET', path, options);
const key = (value = randomUUID()) => ({ 'idempotency-key': value });

/** Every page of a list; `between` runs after each. */
async function pages(ask, path, between = async () => {}) {
    const items = [];
    let cursor = null;
    do {
        const mark = path.includes('?') ? '&' : '?';
        const page = await ask('GET', `${path}${mark}limit=2${cursor ? `&cursor=${cursor}` : ''}`);
        assert.equal(page.status, 200, page.text);
        assert.ok(page.body.items.length <= 2);
        items.push(...page.body.items);
        cursor = page.body.nextCursor;
        await between();
    } while (cursor);
    return items;
}

const withoutRepeats = (items) => assert.equal(new Set(items.map((item) => item.id)).size, items.length, 'an item came twice');
const anyone = (method, path) => call(server.url, method, path);

async function modelWith(tag, name) {
    const model = await register(server.url, 'model', name);
    const changed = await model.call('PUT', `/api/users/${model.user.id}`, { body: { profile: { services: [tag] } } });
    assert.equal(changed.status, 200);
    return model;
}

test('the list of models can be turned while models come, in both orders', async () => {
    const tag = 'paginas';
    for (const name of ['Íris', 'bia', 'Ana', 'bia', 'Cris']) await modelWith(tag, name);
    for (const sort of ['newest', 'name']) {
        const before = (await get(`/api/models?tag=${tag}&sort=${sort}&limit=100`)).body.items.map((item) => item.id);
        const seen = await pages(anyone, `/api/models?tag=${tag}&sort=${sort}`, () => modelWith(tag, 'Abel'));
        withoutRepeats(seen);
        assert.deepEqual(seen.map((item) => item.id).filter((id) => before.includes(id)), before);
    }
});

test('models are found by words and tags, sorted, and by who is there', async () => {
    const bela = await modelWith('dança', 'Isabela 100%');
    const names = async (query) => (await get(`/api/models?${query}`)).body.items.map((item) => item.profile.name);
    assert.deepEqual(await names('query=ISABELA'), ['Isabela 100%']);
    assert.deepEqual(await names('query=100%25'), ['Isabela 100%'], 'a per cent sign is itself');
    assert.deepEqual(await names(`tag=${encodeURIComponent('dança')}`), ['Isabela 100%']);
    assert.deepEqual(await names('tag=dan'), [], 'a tag is whole');
    assert.deepEqual(await names('online=true&query=isabela'), []);
    const socket = await connect(server.url, bela);
    assert.deepEqual(await names('online=true&query=isabela'), ['Isabela 100%']);
    socket.close();
    const sorted = await names('sort=name&limit=100');
    assert.deepEqual(sorted, [...sorted].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
    for (const [query, code] of [['sort=best', 'invalid_sort'], ['online=1', 'invalid_query'], [`query=${'x'.repeat(101)}`, 'invalid_query']])
        assert.equal((await get(`/api/models?${query}`)).body.code, code, query);
});

test('messages, chats, lives and transactions can be turned while new ones come', async () => {
    const chat = (await davi.call('POST', '/api/chats', { body: { participantId: luna.user.id } })).body;
    const write = () => luna.call('POST', `/api/chats/${chat.id}/messages`, { body: { content: 'x', type: 'text' } });
    for (let i = 0; i < 5; i++) await write();
    const messages = await pages(davi.call, `/api/chats/${chat.id}/messages`, write);
    withoutRepeats(messages);
    assert.equal(messages.length, 5);

    const friends = [];
    for (let i = 0; i < 5; i++) friends.push(await register(server.url, 'client', `Amigo ${i}`));
    const hub = await register(server.url, 'client', 'Bia');
    await Promise.all(friends.map((friend) => hub.call('POST', '/api/chats', { body: { participantId: friend.user.id } })));
    const chats = await pages(hub.call, '/api/chats');
    withoutRepeats(chats);
    assert.equal(chats.length, 5, 'chats of the same millisecond are all there');

    const plan = () => luna.call('POST', '/api/lives', { body: { title: 'x', description: '' } });
    for (let i = 0; i < 5; i++) await plan();
    const lives = await pages(anyone, `/api/lives?modelId=${luna.user.id}`, plan);
    withoutRepeats(lives);
    assert.equal(lives.length, 5);

    for (let i = 0; i < 5; i++) await buyTokens(rui);
    const moved = await pages(rui.call, '/api/wallet/transactions', () => buyTokens(rui));
    withoutRepeats(moved);
    assert.equal(moved.length, 5);
});

test('a cursor is good for its own list, its own reader, and as it was given', async () => {
    const chat = (await davi.call('POST', '/api/chats', { body: { participantId: luna.user.id } })).body;
    const other = (await davi.call('POST', '/api/chats', { body: { participantId: rui.user.id } })).body;
    for (let i = 0; i < 3; i++)
        for (const id of [chat.id, other.id]) await davi.call('POST', `/api/chats/${id}/messages`, { body: { content: 'x', type: 'text' } });
    const lists = [
        [davi.call, `/api/chats/${chat.id}/messages`, `/api/chats/${other.id}/messages`],
        [davi.call, '/api/chats', '/api/wallet/transactions'],
        [rui.call, '/api/wallet/transactions', '/api/chats'],
        [anyone, '/api/lives', '/api/lives?status=scheduled'],
        [anyone, '/api/models', '/api/models?sort=name'],
    ];
    for (const [ask, path, another] of lists) {
        const { nextCursor } = (await ask('GET', `${path}?limit=1`)).body;
        assert.ok(nextCursor, `${path} has a second page`);
        const flipped = nextCursor.slice(0, 4) + (nextCursor[4] === 'A' ? 'B' : 'A') + nextCursor.slice(5);
        const forgeries = ['', 'x', '1', nextCursor.slice(0, -1), `${nextCursor}A`, flipped, 'A'.repeat(600), encodeURIComponent("' OR 1=1 --")];
        for (const cursor of forgeries) {
            const answer = await ask('GET', `${path}?cursor=${cursor}`);
            assert.equal(answer.body.code, 'invalid_cursor', `${path} took ${cursor}`);
        }
        const misplaced = await ask('GET', `${another}${another.includes('?') ? '&' : '?'}cursor=${nextCursor}`);
        assert.equal(misplaced.body.code, 'invalid_cursor', `${another} took a cursor of ${path}`);
        for (const limit of ['0', '-1', '1.5', 'x', '', '99999999999999999999'])
            assert.equal((await ask('GET', `${path}?limit=${limit}`)).body.code, 'invalid_limit', `${path} took the limit ${limit}`);
        assert.equal((await ask('GET', `${path}?limit=1000`)).status, 200);
    }
    const mine = (await davi.call('GET', '/api/chats?limit=1')).body.nextCursor;
    assert.equal((await luna.call('GET', `/api/chats?cursor=${mine}`)).body.code, 'invalid_cursor', "somebody else's cursor");
});

test('what has not changed is not sent again', async () => {
    const { live } = await goLive(luna);
    const paths = ['/api/models', `/api/models/${luna.user.id}`, '/api/lives', `/api/lives/${live.id}`, '/api/gifts', '/api/wallet/packages', '/api/docs'];
    for (const path of paths) {
        const first = await get(path);
        const tag = first.headers.get('etag');
        assert.ok(tag, `${path} has a tag`);
        assert.equal(first.headers.get('cache-control'), 'no-cache', path);
        assert.equal((await get(path, { headers: { 'if-none-match': tag } })).status, 304, path);
        assert.equal((await get(path, { headers: { 'if-none-match': '"other"' } })).status, 200, path);
        assert.equal((await call(server.url, 'HEAD', path, { headers: { 'if-none-match': tag } })).status, 304, path);
    }
    const before = (await get(`/api/lives/${live.id}`)).headers.get('etag');
    await luna.call('PUT', `/api/lives/${live.id}/end`);
    assert.equal((await get(`/api/lives/${live.id}`, { headers: { 'if-none-match': before } })).status, 200);
});

test('a profile changed meanwhile is not overwritten by who asks that it be the one they saw', async () => {
    const path = `/api/users/${davi.user.id}`;
    const seen = (await davi.call('GET', path)).headers.get('etag');
    const change = (bio, ifMatch) => davi.call('PUT', path, { body: { profile: { bio } }, headers: { 'if-match': ifMatch } });
    const first = await change('primeira', seen);
    assert.equal(first.status, 200);
    const second = await change('segunda', seen);
    assert.equal(second.status, 412);
    assert.equal(second.body.code, 'precondition_failed');
    assert.equal((await davi.call('GET', path)).body.profile.bio, 'primeira');
    assert.equal((await change('terceira', first.headers.get('etag'))).status, 200);
    assert.equal((await change('quarta', '*')).status, 200);
    const own = await davi.call('GET', path);
    assert.equal(own.headers.get('cache-control'), 'no-store', 'private answers are kept nowhere');
    assert.equal((await davi.call('GET', '/api/auth/me')).headers.get('etag'), own.headers.get('etag'));
});

/** The same call five times at once and once after: one effect, one answer, as far as `told` tells it. */
async function repeated(send, told = (answer) => answer.text) {
    const answers = await Promise.all(Array.from({ length: 5 }, send));
    answers.push(await send());
    assert.equal(new Set(answers.map((answer) => `${answer.status} ${told(answer)}`)).size, 1, 'the answers differ');
    return answers[0];
}

test('a purchase repeated with its key is one purchase with one answer', async () => {
    const body = { packageId: 'tokens-100', currency: 'BRL' };
    const mine = key();
    const zoe = await register(server.url, 'client', 'Zoé');
    const send = (change = {}, headers = mine, who = davi) => who.call('POST', '/api/wallet/purchases', { body: { ...body, ...change }, headers });
    const first = await repeated(() => send());
    assert.equal(first.status, 201);
    const { id } = first.body.purchase;
    const confirmed = await repeated(() => davi.call('POST', `/api/payments/sandbox/${id}/confirm`, { headers: mine }));
    assert.equal(confirmed.body.balance, 100, 'credited once');
    await buyTokens(davi);
    assert.equal((await davi.call('POST', `/api/payments/sandbox/${id}/confirm`, { headers: mine })).text, confirmed.text);
    assert.equal((await send()).text, first.text, 'settled since, and still the first answer');
    const reused = await send({ packageId: 'tokens-550' });
    assert.equal(reused.status, 422);
    assert.equal(reused.body.code, 'idempotency_key_reused');
    assert.equal((await send({}, mine, zoe)).status, 201, "another's keys are others");
    assert.equal((await send({}, {}, zoe)).body.code, 'idempotency_key_required');
    for (const bad of ['a b', 'x'.repeat(129)])
        assert.equal((await send({}, key(bad), zoe)).body.code, 'idempotency_key_invalid', bad);
    const other = (await send({}, key(), zoe)).body.purchase.id;
    assert.equal((await davi.call('POST', `/api/payments/sandbox/${other}/confirm`, { headers: mine })).body.code, 'idempotency_key_reused');
});

test('a live is entered once with one key, and a repeat is the same entry with a token of its own', async () => {
    const { live } = await goLive(luna, { price: 30 });
    const { body: before } = await davi.call('GET', '/api/wallet');
    const mine = key();
    const enter = (headers, id = live.id) => davi.call('POST', `/api/lives/${id}/join`, { headers });
    const ticket = await repeated(() => enter(mine), ({ body: { live, playback } }) => JSON.stringify([live, playback.whepUrl]));
    assert.equal(ticket.status, 200);
    assert.notEqual((await enter(mine)).body.playback.token, ticket.body.playback.token, 'a token is kept nowhere');
    assert.equal((await davi.call('GET', '/api/wallet')).body.balance, before.balance - 30);
    assert.equal((await enter(key())).status, 200);
    assert.equal((await enter({})).status, 200);
    assert.equal((await davi.call('GET', '/api/wallet')).body.balance, before.balance - 30, 'who has entered does not pay again');
    assert.equal((await enter(mine, randomUUID())).body.code, 'idempotency_key_reused');
    assert.equal((await enter(key('ü'.repeat(3)))).body.code, 'idempotency_key_invalid');
    const poor = await register(server.url, 'client', 'Zé');
    const refused = () => poor.call('POST', `/api/lives/${live.id}/join`, { headers: mine });
    assert.equal((await refused()).status, 402);
    await buyTokens(poor);
    assert.equal((await refused()).status, 200, 'a refusal is not kept: the same key may try again');
    await luna.call('PUT', `/api/lives/${live.id}/end`);
});

test('what is for people is in their language, what is for programs is not', async () => {
    const asked = {
        'pt-BR': ['pt-BR', undefined, 'pt-PT,pt;q=0.9', 'fr', '*'],
        en: ['en', 'en-GB,pt;q=0.5', 'de, en;q=0.8'],
        es: ['es', 'es-419', 'es;q=0.9, en;q=0.1'],
    };
    const nothing = `/api/lives/${randomUUID()}`;
    const words = new Set();
    for (const [language, headers] of Object.entries(asked))
        for (const header of headers) {
            const answer = await get(nothing, { headers: header ? { 'accept-language': header } : {} });
            assert.equal(answer.headers.get('content-language'), language, header);
            assert.equal(answer.body.code, 'live_not_found');
            words.add(answer.body.detail);
        }
    assert.equal(words.size, 3, [...words].join(' | '));
    const form = await call(server.url, 'POST', '/api/auth/register', { body: {}, headers: { 'accept-language': 'es' } });
    assert.ok(form.body.errors.every((error) => error.detail === 'Campo obligatorio.'), JSON.stringify(form.body.errors));
});
