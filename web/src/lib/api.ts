// The API as RTK Query sees it: same origin, the person's token and language on every call, problems as errors.
// Each feature adds its own endpoints.
import { type BaseQueryFn, createApi } from '@reduxjs/toolkit/query/react';
import { readProblem, unreachable } from '@client/api/problem';
import type { Problem } from '@client/api/types';
import { language } from '@/app/i18n';
import { tokens } from './session';

export interface Call {
    url: string;
    method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
    /** A Blob goes as it is, under its own type; anything else as JSON. */
    body?: unknown;
    query?: Record<string, string | number | boolean | null | undefined>;
    headers?: Record<string, string>;
}

function address({ url, query }: Call): string {
    const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    return given.length > 0 ? `${url}?${search}` : url;
}

function send(call: Call, token: string | null, signal?: AbortSignal): Promise<Response> {
    const { body } = call;
    const file = body instanceof Blob;
    return fetch(address(call), {
        method: call.method ?? 'GET',
        signal,
        headers: {
            accept: 'application/json',
            'accept-language': language(),
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(body === undefined ? {} : { 'content-type': file ? body.type : 'application/json' }),
            ...call.headers,
        },
        body: body === undefined || file ? body : JSON.stringify(body),
    });
}

/** One call; a token that the server refuses is renewed once. */
export async function request(
    call: Call,
    signal?: AbortSignal,
): Promise<{ data: unknown } | { error: Problem }> {
    try {
        const token = await tokens.accessToken();
        let answer = await send(call, token, signal);
        if (answer.status === 401 && token) {
            const renewed = await tokens.accessToken(token);
            if (renewed) answer = await send(call, renewed, signal);
        }
        if (!answer.ok) return { error: await readProblem(answer) };
        const text = await answer.text();
        return { data: text ? (JSON.parse(text) as unknown) : null };
    } catch {
        return { error: unreachable };
    }
}

const baseQuery: BaseQueryFn<Call, unknown, Problem> = (call, { signal }) => request(call, signal);

export const api = createApi({
    reducerPath: 'api',
    baseQuery,
    tagTypes: ['Me', 'Models', 'Lives', 'Chats', 'Wallet', 'Transactions'],
    refetchOnReconnect: true,
    endpoints: () => ({}),
});
