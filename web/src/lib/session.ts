// The one token store of this page, renewing through the API.
import { TokenStore, sessionKey } from '@client/session/tokens';
import type { Session } from '@client/api/types';

async function refresh(refreshToken: string): Promise<Session | 'refused'> {
    const answer = await fetch('/api/auth/refresh-token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refreshToken }),
    });
    if (answer.status >= 500 || answer.status === 429) throw new Error(`refresh: ${answer.status}`);
    if (!answer.ok) return 'refused';
    return (await answer.json()) as Session;
}

export const tokens = new TokenStore(localStorage, refresh);

// Signing in or out in one tab is seen by all.
window.addEventListener('storage', (event) => {
    if (event.key === sessionKey || event.key === null) tokens.announce();
});
