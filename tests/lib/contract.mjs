// Holds what the server says against contract/: every answer against openapi.yaml, every event and acknowledgement
// against events.yaml. Whatever is not documented there throws.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../contract');
const read = (name) => readFileSync(join(folder, name), 'utf8');
export const openapi = parse(read('openapi.yaml'));
export const events = parse(read('events.yaml'));

/** What every operation and event may answer, as the introductions of both documents say. */
const anywhere = {
    http: ['malformed_request', 'rate_limited', 'busy', 'database_unavailable', 'storage_full'],
    socket: ['rate_limited', 'invalid_payload', 'busy', 'database_unavailable', 'storage_full'],
};

/** problem-codes.md: the statuses of each code, and the codes of fields. */
const codeRows = [...read('problem-codes.md').matchAll(/^\| `(\w+)` \| ([\w ]+) \|/gm)];
export const problemCodes = new Map(
    codeRows.filter(([, , status]) => status !== 'field').map(([, code, status]) => [code, status.split(' ').map(Number)]),
);
export const fieldCodes = codeRows.filter(([, , status]) => status === 'field').map(([, code]) => code);

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(openapi, 'openapi.yaml');
ajv.addSchema(events, 'events.yaml');

const validators = new Map();
function validate(pointer, value, what) {
    if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: pointer }));
    const valid = validators.get(pointer);
    if (valid(value)) return;
    const why = valid.errors.map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
    assert.fail(`${what} is not as ${pointer} says:\n  ${why.slice(0, 8).join('\n  ')}\n  ${JSON.stringify(value).slice(0, 1000)}`);
}

const escaped = (part) => part.replaceAll('~', '~0').replaceAll('/', '~1');
const methods = ['get', 'post', 'put', 'patch', 'delete', 'options'];

/** Every documented operation: {method, path, planned, operation, pointer, matches}. */
export const operations = Object.entries(openapi.paths).flatMap(([path, item]) =>
    methods
        .filter((method) => item[method])
        .map((method) => ({
            method: method.toUpperCase(),
            path,
            planned: item[method]['x-planned'] === true,
            operation: item[method],
            pointer: `openapi.yaml#/paths/${escaped(path)}/${method}`,
            matches: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
        })),
);

export function operationFor(method, path) {
    const fitting = operations.filter((one) => one.matches.test(path));
    const wanted = method === 'HEAD' ? 'GET' : method;
    return { operation: fitting.find((one) => one.method === wanted), known: fitting.length > 0 };
}

/** Follows a `$ref` inside openapi.yaml to its place. */
function resolve(value, pointer) {
    if (!value?.$ref) return { value, pointer };
    const place = value.$ref.slice(2).split('/');
    return resolve(place.reduce((at, part) => at[part.replaceAll('~1', '/')], openapi), `openapi.yaml${value.$ref}`);
}

function checkProblem(answer, allowed, what) {
    assert.equal(answer.type, 'application/problem+json', `${what}: a problem's type`);
    validate('openapi.yaml#/components/schemas/Problem', answer.body, what);
    const { code, status } = answer.body;
    assert.equal(status, answer.status, `${what}: the problem's status`);
    assert.ok(problemCodes.get(code)?.includes(status), `${what}: problem-codes.md has another status for ${code}`);
    if (allowed) assert.ok([...allowed, ...anywhere.http].includes(code), `${what}: ${code} is not documented here`);
}

function checkBody(response, pointer, answer, what) {
    if (!response.content) return assert.equal(answer.text, '', `${what}: there should be no body`);
    const media = response.content[answer.type];
    assert.ok(media, `${what}: ${answer.type} is not documented`);
    if (media.schema) validate(`${pointer}/content/${escaped(answer.type)}/schema`, answer.body, what);
}

/** In requests, null stands for an absent field. */
function withoutNulls(value) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

function checkRequest(one, request, what) {
    const { value, pointer } = resolve(one.operation.requestBody, `${one.pointer}/requestBody`);
    const type = 'application/json';
    if (request.body === undefined || !value?.content[type]) return;
    validate(`${pointer}/content/${escaped(type)}/schema`, withoutNulls(request.body), `${what}: the accepted request`);
}

/** `answer`: {status, headers, text, body, type}; `request`: {body}. */
export function checkAnswer(method, address, request, answer) {
    const path = address.split('?')[0];
    const what = `${method} ${path} → ${answer.status}`;
    const { operation: one, known } = operationFor(method, path);
    if (!one) {
        if (method === 'OPTIONS' || (!known && !path.startsWith('/api'))) return;
        assert.equal(answer.status, known ? 405 : 404, `${what}: openapi.yaml has no such operation`);
        if (known) assert.ok(answer.headers.get('allow'), `${what}: Allow is missing`);
        return checkProblem(answer, known ? ['method_not_allowed'] : ['not_found'], what);
    }
    if (answer.status === 400 && answer.body?.code === 'malformed_request') return checkProblem(answer, [], what);
    const documented = one.operation.responses[answer.status];
    assert.ok(documented, `${what}: this status is not documented: ${answer.text.slice(0, 500)}`);
    const { value: response, pointer } = resolve(documented, `${one.pointer}/responses/${answer.status}`);
    for (const [name, header] of Object.entries(response.headers ?? {}))
        if (header.required) assert.ok(answer.headers.get(name), `${what}: ${name} is missing`);
    if (method === 'HEAD' || answer.status === 304) return assert.equal(answer.text, '', `${what}: there should be no body`);
    if (answer.status >= 400) return checkProblem(answer, one.operation['x-problems'] ?? [], what);
    checkBody(response, pointer, answer, what);
    checkRequest(one, request, what);
}

/** Every documented event by its name: {direction, problems, payload, replies}. */
export const eventTable = new Map(
    Object.values(events.operations).map((operation) => {
        const message = (reference) => reference.$ref.split('/').at(-1);
        const id = message(operation.messages[0]);
        return [
            events.components.messages[id].name,
            {
                direction: operation.action,
                problems: operation['x-problems'] ?? [],
                payload: `events.yaml#/components/messages/${id}/payload`,
                reply: operation.reply && `events.yaml#/components/messages/${message(operation.reply.messages[0])}/payload`,
            },
        ];
    }),
);

/** The connection's own events, which the description of events.yaml explains: no table has them. */
const connectionEvents = {
    'auth:expiring': (payload) => assert.ok(Date.parse(payload.expiresAt)),
    'auth:expired': (payload) => assert.deepEqual(payload, {}),
};
const refreshProblems = ['another_session', 'invalid_token', 'expired_token'];

/** The acknowledgement of one of a client's events. */
export function checkAck(name, payload, ack) {
    if (name === 'auth:refresh')
        return assert.ok(ack.ok ? Date.parse(ack.expiresAt) : refreshProblems.includes(ack.error.code), JSON.stringify(ack));
    const event = eventTable.get(name);
    const what = `the acknowledgement of ${name}`;
    if (ack?.ok === true) {
        assert.equal(event?.direction, 'receive', `${name} is not in events.yaml`);
        validate(event.payload, withoutNulls(payload), `${name}: the accepted payload`);
        return validate(event.reply, ack, what);
    }
    validate('events.yaml#/components/messages/refused/payload', ack, what);
    const allowed = event ? [...event.problems, ...anywhere.socket] : ['unknown_event'];
    assert.ok(allowed.includes(ack.error.code), `${what}: ${ack.error.code} is not documented`);
}

/** An event that the server sent. */
export function checkEvent(name, ...payload) {
    if (connectionEvents[name]) return connectionEvents[name](...payload);
    const event = eventTable.get(name);
    assert.equal(event?.direction, 'send', `the server sent ${name}, which events.yaml does not have`);
    // The offset, by which a client that comes back is given what it missed, follows.
    assert.ok(payload.length === 1 || (payload.length === 2 && /^\d+$/.test(payload[1])), `${name}: ${JSON.stringify(payload)}`);
    validate(event.payload, payload[0], name);
}
