// The contract and the server are the same list: neither has a route, an event or a code that the other lacks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { eventTable, fieldCodes, openapi, operations, problemCodes } from '../lib/contract.mjs';
import { call } from '../lib/people.mjs';
import { run, startServer } from '../lib/server.mjs';

let server, table;
before(async () => {
    table = JSON.parse((await run('routes')).out);
    server = await startServer();
});
after(async () => assert.equal(await server.stop(), 0));

const asDocumented = (path) => path.replace(/:(\w+)/g, '{$1}');

test('every route has its operation, and every operation its route', () => {
    const routes = table.routes.map((route) => `${route.method} ${asDocumented(route.path)}`).sort();
    const documented = operations.filter((one) => !one.planned).map((one) => `${one.method} ${one.path}`).sort();
    assert.deepEqual(routes, documented);
    const planned = operations.filter((one) => one.planned).map((one) => `${one.method} ${one.path}`);
    assert.deepEqual(planned.filter((one) => routes.includes(one)), [], 'these have a route now: take x-planned away');
});

test('an operation asks for a credential exactly where its route does', () => {
    for (const route of table.routes) {
        const { operation } = operations.find((one) => one.method === route.method && one.path === asDocumented(route.path));
        const security = operation.security ?? openapi.security;
        const schemes = security.flatMap((one) => Object.keys(one)).sort().join();
        const expected = { anyone: '', own_credential: 'accessToken,mediaToken' }[route.access] ?? 'accessToken';
        assert.equal(schemes, expected, `${route.method} ${route.path} is for ${route.access}`);
        const roles = ['clients', 'models', 'admins'].includes(route.access);
        if (roles) assert.ok(operation['x-problems'].includes('forbidden'), `${route.path}: other roles get forbidden`);
    }
});

test('every event of a client has its row, and every row its event', () => {
    const rows = table.events.map((row) => row.event).sort();
    const documented = [...eventTable].filter(([, event]) => event.direction === 'receive').map(([name]) => name).sort();
    assert.deepEqual(rows, documented);
});

test('problem-codes.md and the document have the same codes, and operations list only those', () => {
    assert.deepEqual([...problemCodes.keys()].sort(), [...openapi.components.schemas.ProblemCode.enum].sort());
    assert.deepEqual(fieldCodes.sort(), [...openapi.components.schemas.FieldProblemCode.enum].sort());
    const lists = [...operations.map((one) => one.operation), ...eventTable.values()];
    for (const one of lists)
        for (const code of one['x-problems'] ?? one.problems ?? []) assert.ok(problemCodes.has(code), code);
});

test('every status that an operation lists has a code that leads to it, and the reverse', () => {
    for (const { method, path, operation } of operations) {
        const statuses = new Set((operation['x-problems'] ?? []).flatMap((code) => problemCodes.get(code).map(String)));
        for (const status of statuses) assert.ok(operation.responses[status], `${method} ${path} lacks ${status}`);
        for (const status of Object.keys(operation.responses).filter((one) => one >= '400'))
            if (!['400', '429', '503'].includes(status))
                assert.ok(statuses.has(status), `${method} ${path} has ${status}, but no code for it`);
    }
});

test('every code has words in three languages', () => {
    const words = readFileSync(new URL('../../server/platform/http/problem.cpp', import.meta.url), 'utf8');
    const rows = new Set([...words.matchAll(/^ {4}\{"(\w+)",\s+"[^"]+",\s+"[^"]+",\s+"[^"]+"\}/gm)].map(([, code]) => code));
    assert.deepEqual([...problemCodes.keys(), ...fieldCodes].filter((code) => !rows.has(code)), []);
});

test('the document is served as JSON, without what is planned, with a strong tag for each encoding', async () => {
    const seen = new Set();
    for (const encoding of ['identity', 'gzip', 'br']) {
        const headers = { 'accept-encoding': encoding };
        const answer = await call(server.url, 'GET', '/api/openapi.json', { headers });
        assert.equal(answer.status, 200);
        assert.equal(answer.body.openapi, '3.1.0');
        const served = Object.entries(answer.body.paths).flatMap(([path, item]) =>
            Object.keys(item).filter((key) => key !== 'parameters').map((method) => `${method.toUpperCase()} ${path}`));
        assert.deepEqual(served.sort(), operations.filter((one) => !one.planned).map((one) => `${one.method} ${one.path}`).sort());
        const tag = answer.headers.get('etag');
        assert.match(tag, /^"[^"]+"$/);
        seen.add(tag);
        const again = await call(server.url, 'GET', '/api/openapi.json', { headers: { ...headers, 'if-none-match': tag } });
        assert.equal(again.status, 304);
    }
    assert.equal(seen.size, 3);
});
