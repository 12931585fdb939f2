import { formatDuration, formatMoney } from '@client/format/format';
import { TokenStore } from '@client/session/tokens';
import type { Session } from '@client/api/types';
import { expect, test, vi } from 'vitest';
import { withMessage } from '../features/chat/useChat';
import type { Shown } from '../features/chat/MessageList';

const memory = () => {
    const kept = new Map<string, string>();
    return {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
    };
};
const session = (accessToken: string): Session => ({
    user: {} as Session['user'],
    accessToken,
    refreshToken: `r-${accessToken}`,
    expiresIn: 600,
});
/** One at a time, as Web Locks do. */
const inTurn = () => {
    let last: Promise<unknown> = Promise.resolve();
    return <T>(work: () => Promise<T>): Promise<T> => {
        const mine = last.then(work);
        last = mine.catch(() => undefined);
        return mine;
    };
};

test('two callers with an old token refresh it once', async () => {
    let now = 0;
    const refresh = vi.fn(() => Promise.resolve(session('second')));
    const store = new TokenStore(memory(), refresh, () => now, inTurn());
    store.save(session('first'));
    expect(await store.accessToken()).toBe('first');
    now = 595_000;
    expect(await Promise.all([store.accessToken(), store.accessToken()])).toEqual(['second', 'second']);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(refresh).toHaveBeenCalledWith('r-first');
});

test('a refused refresh signs out, a lost network does not', async () => {
    let now = 0;
    const store = new TokenStore(
        memory(),
        () => Promise.resolve('refused' as const),
        () => now,
        inTurn(),
    );
    store.save(session('first'));
    now = 700_000;
    expect(await store.accessToken()).toBeNull();
    expect(store.current()).toBeNull();

    const offline = new TokenStore(
        memory(),
        () => Promise.reject(new Error('offline')),
        () => now,
        inTurn(),
    );
    offline.save(session('kept'));
    now += 700_000;
    await expect(offline.accessToken()).rejects.toThrow('offline');
    expect(offline.current()?.accessToken).toBe('kept');
});

const message = (id: string, createdAt: string, extra: Partial<Shown> = {}): Shown => ({
    id,
    chatId: 'c',
    sender: { id: 'u', name: 'U', avatar: null },
    content: id,
    type: 'text',
    createdAt,
    readAt: null,
    ...extra,
});

test("the server's copy takes the place of the message being sent, in order of time", () => {
    let all = withMessage([], message('k1', '2026-01-01T00:00:02Z', { clientId: 'k1', state: 'sending' }));
    all = withMessage(all, message('a', '2026-01-01T00:00:01Z'));
    all = withMessage(all, message('server-id', '2026-01-01T00:00:03Z', { clientId: 'k1' }));
    all = withMessage(all, message('server-id', '2026-01-01T00:00:03Z'));
    expect(all.map((item) => [item.id, item.state])).toEqual([
        ['a', undefined],
        ['server-id', undefined],
    ]);
});

test('money comes from minor units of its currency, durations from seconds', () => {
    expect(formatMoney({ amount: 1990, currency: 'BRL' }).replace(/\s/g, ' ')).toBe('R$ 19,90');
    expect(formatMoney({ amount: 500, currency: 'JPY' }, 'en')).toBe('¥500');
    expect(formatDuration(3723)).toBe('1:02:03');
    expect(formatDuration(59.9)).toBe('00:59');
});
