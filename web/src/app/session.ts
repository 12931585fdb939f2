// This browser's session and socket, made once.
import { useSyncExternalStore } from 'react';
import type { Session } from '@client/api/types';
import { LiveSocket } from '@client/session/socket';
import { TokenStore, type StoredSession } from '@client/session/tokens';

export const tokens = new TokenStore(localStorage, async (refreshToken) => {
    const answer = await fetch('/api/auth/refresh-token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refreshToken }),
    });
    if (answer.status === 401) return 'refused';
    if (!answer.ok) throw new Error(`refresh: ${answer.status}`);
    return (await answer.json()) as Session;
});

export const socket = new LiveSocket(undefined, () => tokens.accessToken());
if (tokens.current()) socket.open();
tokens.subscribe((session) => {
    if (session) socket.open();
    else socket.close();
});

let seen: { text: string; session: StoredSession | null } = { text: '', session: null };
/** The same object as long as the stored text is the same, as React needs it. */
function snapshot(): StoredSession | null {
    const session = tokens.current();
    const text = JSON.stringify(session);
    if (text !== seen.text) seen = { text, session };
    return seen.session;
}

export const useSession = (): StoredSession | null =>
    useSyncExternalStore((listener) => tokens.subscribe(listener), snapshot);
