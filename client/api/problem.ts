// Whatever went wrong with a call, as a Problem: the server's own words when it had any, a stable code when not.
import type { Problem } from './types';

export function isProblem(value: unknown): value is Problem {
    return typeof value === 'object' && value !== null && 'code' in value && 'status' in value;
}

/** Reads an unsuccessful answer; a body that is no problem document still becomes one. */
export async function readProblem(answer: Response): Promise<Problem> {
    const fallback: Problem = {
        status: answer.status,
        code: codeOfStatus(answer.status),
        detail: '',
    };
    try {
        const body = (await answer.json()) as Partial<Problem>;
        return {
            ...fallback,
            ...body,
            status: answer.status,
            code: body.code ?? fallback.code,
        };
    } catch {
        return fallback;
    }
}

/** Nothing came back: no network, or the server is away. */
export const unreachable: Problem = {
    status: 0,
    code: 'unreachable',
    detail: '',
};

function codeOfStatus(status: number): string {
    if (status === 401) return 'unauthorized';
    if (status === 403) return 'forbidden';
    if (status === 404) return 'not_found';
    if (status === 429) return 'too_many_requests';
    return status >= 500 ? 'server_error' : 'request_failed';
}
