// Users as tests need them: registered through the API, with the calls they make.
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { checkAck, checkAnswer, checkEvent } from './contract.mjs';

export const password = 'uma senha comprida 2026';

/** One call; resolves with {status, body, headers, text}, whatever the status, as long as the contract knows it. */
export async function call(url, method, path, { token, body, headers = {}, raw } = {}) {
    const answer = await fetch(url + path, {
        method,
        headers: {
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
        },
        body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await answer.text();
    const type = (answer.headers.get('content-type') ?? '').split(';')[0];
    const told = {
        status: answer.status, headers: answer.headers, text, type,
        body: type.includes('json') && text !== '' ? JSON.parse(text) : text,
    };
    checkAnswer(method, path, { body }, told);
    return told;
}

export async function register(url, type, name) {
    const email = `${type}-${randomUUID()}@example.com`;
    const body = { type, email, password, name, birthDate: '1995-05-05', acceptTerms: true };
    const answer = await call(url, 'POST', '/api/auth/register', { body });
    if (answer.status !== 201) throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`);
    const { user, accessToken, refreshToken } = answer.body;
    const person = {
        user,
        email,
        token: accessToken,
        refreshToken,
        call: (method, path, options = {}) => call(url, method, path, { token: person.token, ...options }),
    };
    return person;
}

/** The official client, connected; what the server sends to it is held against the contract. */
export async function connect(url, person, options = {}) {
    const socket = io(url, {
        auth: { token: person.token },
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
        ...options,
    });
    socket.onAny(checkEvent);
    await new Promise((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
    });
    return socket;
}

/** The next event of that name that fits. */
export function next(socket, event, fits = () => true, limitMs = 10_000) {
    return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
            socket.off(event, listener);
            reject(new Error(`no ${event} within ${limitMs} ms`));
        }, limitMs);
        const listener = (payload) => {
            if (!fits(payload)) return;
            clearTimeout(limit);
            socket.off(event, listener);
            resolve(payload);
        };
        socket.on(event, listener);
    });
}

export async function ask(socket, event, payload) {
    const ack = await socket.timeout(10_000).emitWithAck(event, payload);
    checkAck(event, payload, ack);
    return ack;
}

/** A live that is on, as the API sees it: {live, publish}. */
export async function goLive(model, { title = 'Noite de violão', price = 0 } = {}) {
    const created = await model.call('POST', '/api/lives', { body: { title, description: 'Ao vivo', price } });
    if (created.status !== 201) throw new Error(`create: ${created.status} ${JSON.stringify(created.body)}`);
    const started = await model.call('PUT', `/api/lives/${created.body.id}/start`);
    if (started.status !== 200) throw new Error(`start: ${started.status} ${JSON.stringify(started.body)}`);
    return started.body;
}

/** Buys the first package through the sandbox; the tokens it gave. */
export async function buyTokens(client) {
    const packages = await client.call('GET', '/api/wallet/packages');
    const chosen = packages.body.items[0];
    const purchase = await client.call('POST', '/api/wallet/purchases', {
        body: { packageId: chosen.id, currency: 'BRL' },
        headers: { 'idempotency-key': randomUUID() },
    });
    if (purchase.status !== 201) throw new Error(`purchase: ${purchase.status} ${JSON.stringify(purchase.body)}`);
    const id = purchase.body.purchase.id;
    const confirmed = await client.call('POST', `/api/payments/sandbox/${id}/confirm`);
    if (confirmed.status !== 200) throw new Error(`confirm: ${confirmed.status} ${JSON.stringify(confirmed.body)}`);
    return { tokens: chosen.tokens, purchaseId: id };
}
