// As much of OpenAPI 3.1 as the contract uses, and ways through it.
export interface Schema {
    $ref?: string;
    type?: string | string[];
    format?: string;
    description?: string;
    enum?: unknown[];
    const?: unknown;
    default?: unknown;
    examples?: unknown[];
    properties?: Record<string, Schema>;
    required?: string[];
    items?: Schema;
    oneOf?: Schema[];
    minimum?: number;
    maximum?: number;
    minLength?: number;
    maxLength?: number;
}
export interface Parameter {
    $ref?: string;
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: Schema;
}
export interface Media {
    schema?: Schema;
    example?: unknown;
}
export interface Body {
    $ref?: string;
    description?: string;
    content?: Record<string, Media>;
}
export interface Operation {
    operationId: string;
    tags: string[];
    summary: string;
    description?: string;
    security?: Record<string, string[]>[];
    parameters?: Parameter[];
    requestBody?: Body;
    responses: Record<string, Body>;
    'x-problems'?: string[];
}
export interface Contract {
    info: { title: string; version: string; description: string };
    tags: { name: string; description: string }[];
    security: Record<string, string[]>[];
    paths: Record<string, Record<string, Operation> & { parameters?: Parameter[] }>;
}
export interface Call extends Operation {
    method: string;
    path: string;
}

/** What a `$ref` of this document names; the value itself when it is none. */
export function follow<T extends { $ref?: string }>(contract: Contract, value: T): T {
    if (!value.$ref) return value;
    const parts = value.$ref.replace('#/', '').split('/');
    const found = parts.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], contract);
    return follow(contract, found as T);
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'options'];

/** Every operation in the order of the document, with the parameters of its path. */
export function callsOf(contract: Contract): Call[] {
    return Object.entries(contract.paths).flatMap(([path, item]) =>
        methods
            .filter((method) => item[method])
            .map((method) => {
                const operation = item[method] as Operation;
                const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
                const security = operation.security ?? contract.security;
                return { ...operation, parameters, security, method: method.toUpperCase(), path };
            }),
    );
}

export function nameOfRef(ref: string): string {
    return ref.slice(ref.lastIndexOf('/') + 1);
}

/** A type in a few words: `integer 1–100`, `Live`, `list of Message`. */
export function typeOf(schema: Schema): string {
    if (schema.$ref) return nameOfRef(schema.$ref);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
    if (schema.oneOf) return schema.oneOf.map(typeOf).join(' | ');
    if (schema.items) return `list of ${typeOf(schema.items)}`;
    const types = [schema.type ?? 'anything'].flat().join(' | ');
    return [types, schema.format, range(schema)].filter(Boolean).join(' ');
}

function range({ minimum, maximum, minLength, maxLength }: Schema): string {
    const [from, to] = [minimum ?? minLength, maximum ?? maxLength];
    const unit = minLength !== undefined || maxLength !== undefined ? ' characters' : '';
    if (from !== undefined && to !== undefined) return `${from}–${to}${unit}`;
    if (from !== undefined) return `from ${from}${unit}`;
    return to !== undefined ? `to ${to}${unit}` : '';
}

/** The schema whose fields are worth showing below a type, if it has any. */
export function innerOf(schema: Schema): Schema | null {
    if (schema.items) return innerOf(schema.items);
    if (schema.oneOf) return schema.oneOf.map(innerOf).find((one) => one !== null) ?? null;
    return schema.$ref || schema.properties ? schema : null;
}

/** Whether the words are somewhere in what is said about the call. */
export function fits(call: Call, words: string): boolean {
    const text = `${call.method} ${call.path} ${call.summary} ${call.operationId} ${(call['x-problems'] ?? []).join(' ')}`;
    return words
        .toLowerCase()
        .split(/\s+/)
        .every((word) => text.toLowerCase().includes(word));
}
