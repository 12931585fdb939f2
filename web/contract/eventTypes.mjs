// Writes client/api/events.ts from contract/events.yaml: what the events of the socket carry, and what acknowledges
// them. With --check it only tells whether the file is what it would write. Types of openapi.yaml come from openapi.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { format } from 'prettier';

const file = new URL('../../client/api/events.ts', import.meta.url);
const text = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const contract = load(text('../../contract/events.yaml'));
const imported = new Set();

const nameOf = (reference) => {
    const name = reference.split('/').at(-1);
    if (reference.startsWith('openapi.yaml#/components/schemas/')) imported.add(name);
    return name;
};

/** The TypeScript of a JSON Schema, as far as events use it; what else there is stops the build. */
function typeOf(schema) {
    if (schema.$ref) return nameOf(schema.$ref);
    if ('const' in schema) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    switch (schema.type) {
        case 'string':
        case 'boolean':
        case 'null':
            return schema.type;
        case 'integer':
        case 'number':
            return 'number';
        case 'array':
            return `(${typeOf(schema.items)})[]`;
        case 'object': {
            const required = new Set(schema.required);
            const field = ([name, value]) =>
                `${comment(value)}${name}${required.has(name) ? '' : '?'}: ${typeOf(value)};`;
            return `{ ${Object.entries(schema.properties).map(field).join('\n')} }`;
        }
        default:
            throw new Error(`events.yaml: a schema that has no type here: ${JSON.stringify(schema)}`);
    }
}
const comment = ({ description }) => (description ? `\n/** ${description.trim().replaceAll('`', '')} */\n` : '');

const { messages, schemas } = contract.components;
const own = Object.entries(schemas).filter(([, schema]) => !schema.$ref?.startsWith('openapi.yaml'));
for (const schema of Object.values(schemas)) if (schema.$ref) typeOf(schema);
const message = ({ $ref }) => messages[$ref.split('/').at(-1)];
const operations = Object.values(contract.operations);
const events = (action, line) =>
    operations
        .filter((operation) => operation.action === action)
        .map((operation) => {
            const [said] = operation.messages.map(message);
            return `'${said.name}': ${line(typeOf(said.payload), operation)};`;
        })
        .join('\n');
const reply = ({ reply }) => typeOf(message(reply.messages[0]).payload);

const body = `
${own.map(([name, schema]) => `export type ${name} = ${typeOf(schema)};`).join('\n')}

/** From the server, and what they carry. */
export interface ServerEvents { ${events('send', (payload) => payload)} }

/** From a client: what they carry, and the acknowledgement of one that was done. */
export interface ClientEvents { ${events('receive', (payload, operation) => `{ payload: ${payload}; reply: ${reply(operation)} }`)} }
`;
const head = `// Generated from contract/events.yaml by \`npm run types\`.
import type { ${[...imported].sort().join(', ')} } from './openapi';
`;
const options = JSON.parse(text('../.prettierrc.json'));
const wanted = await format(head + body, { ...options, parser: 'typescript' });
if (!process.argv.includes('--check')) {
    writeFileSync(file, wanted);
} else if (readFileSync(file, 'utf8') !== wanted) {
    console.error('client/api/events.ts is not what contract/events.yaml says: npm run types:events');
    process.exit(1);
}
