// A refresh token works once: whoever needs a new access token must share one renewal, or the whole session ends.
import { describe, expect, test, vi } from 'vitest';
import type { Session } from '@client/api/types';
import { type Refresh, TokenStore } from '@client/session/tokens';

const memory = () => {
    const kept = new Map<string, string>();
    return {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
    };
};
const session = (name: string): Session => ({
    user: { id: 'u' } as Session['user'],
    accessToken: name,
    refreshToken: `refresh-${name}`,
    expiresIn: 600,
});
/** One at a time, as Web Locks do across tabs. */
const inTurn = () => {
    let last: Promise<unknown> = Promise.resolve();
    return <T>(work: () => Promise<T>): Promise<T> => {
        const mine = last.then(work);
        last = mine.catch(() => undefined);
        return mine;
    };
};
const clock = { nowMs: 0 };
const now = () => clock.nowMs;

describe('the token store', () => {
    test('two tabs that find an old token renew it once, and both get the new one', async () => {
        clock.nowMs = 0;
        const refresh = vi.fn<Refresh>(() => Promise.resolve(session('second')));
        const [storage, lock] = [memory(), inTurn()];
        const tabs = [
            new TokenStore(storage, refresh, now, lock),
            new TokenStore(storage, refresh, now, lock),
        ];
        tabs[0]?.save(session('first'));
        expect(await tabs[1]?.accessToken()).toBe('first');
        clock.nowMs = 595_000;
        expect(await Promise.all(tabs.map((tab) => tab.accessToken()))).toEqual(['second', 'second']);
        expect(refresh).toHaveBeenCalledExactlyOnceWith('refresh-first');
    });

    test('a token that the server refused is renewed although it has not expired', async () => {
        clock.nowMs = 0;
        const refresh = vi.fn<Refresh>(() => Promise.resolve(session('second')));
        const store = new TokenStore(memory(), refresh, now, inTurn());
        store.save(session('first'));
        expect(await Promise.all([store.accessToken('first'), store.accessToken('first')])).toEqual([
            'second',
            'second',
        ]);
        expect(await store.accessToken('first')).toBe('second');
        expect(refresh).toHaveBeenCalledTimes(1);
    });

    test('a refused renewal signs out and says so; a lost network does neither', async () => {
        clock.nowMs = 0;
        const told = vi.fn();
        const refused = new TokenStore(memory(), () => Promise.resolve('refused'), now, inTurn());
        refused.save(session('first'));
        refused.subscribe(told);
        const offline = new TokenStore(memory(), () => Promise.reject(new Error('offline')), now, inTurn());
        offline.save(session('kept'));
        clock.nowMs = 700_000;
        expect(await refused.accessToken()).toBeNull();
        expect(refused.current()).toBeNull();
        expect(told).toHaveBeenCalledWith(null);
        await expect(offline.accessToken()).rejects.toThrow('offline');
        expect(offline.current()?.accessToken).toBe('kept');
    });

    test('signing out while a renewal is on its way stays signed out', async () => {
        clock.nowMs = 0;
        let answer: (value: Session) => void = () => undefined;
        const store = new TokenStore(
            memory(),
            () => new Promise((resolve) => (answer = resolve)),
            now,
            inTurn(),
        );
        store.save(session('first'));
        clock.nowMs = 700_000;
        const waiting = store.accessToken();
        await vi.waitFor(() => expect(answer.name).toBe('resolve'), { timeout: 500 }).catch(() => undefined);
        store.save(null);
        answer(session('second'));
        expect(await waiting).toBeNull();
        expect(store.current()).toBeNull();
    });

    test('what is in storage and is no session counts as signed out', () => {
        const storage = memory();
        storage.setItem('confidente.session', '{broken');
        expect(new TokenStore(storage, () => Promise.resolve('refused'), now).current()).toBeNull();
    });
});
