import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { noAnswer, SocketSession, type Wire } from '@client/session/socket';

/** A socket.io-client socket as far as the session knows it. */
class FakeWire implements Wire {
    connected = false;
    active = true;
    asked: [string, unknown][] = [];
    answer: (event: string) => unknown = () => ({ ok: true });
    connects = 0;
    private listeners = new Map<string, ((...values: never[]) => void)[]>();

    connect() {
        this.connects += 1;
    }
    disconnect() {
        this.connected = false;
    }
    on(event: string, listener: (...values: never[]) => void) {
        this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    }
    timeout() {
        return {
            emitWithAck: (event: string, payload: unknown) => {
                this.asked.push([event, payload]);
                return Promise.resolve(this.answer(event));
            },
        };
    }
    happen(event: string, connected = this.connected) {
        this.connected = connected;
        this.listeners.get(event)?.forEach((listener) => listener());
    }
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the socket session', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test('a live that is being watched is entered again after the line broke', async () => {
        const wire = new FakeWire();
        const session = new SocketSession(wire, () => Promise.resolve(true));
        const entered = vi.fn();
        session.start();
        session.joinLive('l1', entered);
        expect(wire.asked).toEqual([]);
        wire.happen('connect', true);
        wire.happen('disconnect', false);
        expect(session.state()).toBe('broken');
        wire.happen('connect', true);
        await settle();
        expect(wire.asked.map(([event]) => event)).toEqual(['live:join', 'live:join']);
        expect(entered).toHaveBeenCalledTimes(2);
    });

    test('a token that is about to end is replaced without breaking the line', async () => {
        const wire = new FakeWire();
        const session = new SocketSession(
            wire,
            () => Promise.resolve(true),
            () => Promise.resolve('next'),
        );
        session.start();
        wire.happen('connect', true);
        wire.happen('auth:expiring');
        await settle();
        expect(wire.asked).toEqual([['auth:refresh', { token: 'next' }]]);
        expect(session.state()).toBe('on');
    });

    test('who is not signed in any more lets the line end', async () => {
        const wire = new FakeWire();
        const session = new SocketSession(wire, () => Promise.resolve(false));
        session.start();
        wire.happen('connect', true);
        wire.happen('auth:expiring');
        await settle();
        expect(wire.asked).toEqual([]);
    });

    test('two parts of the page share one presence, and the last to go leaves', async () => {
        const wire = new FakeWire();
        const session = new SocketSession(wire, () => Promise.resolve(true));
        session.start();
        wire.happen('connect', true);
        const leave = [session.joinLive('l1', vi.fn()), session.joinLive('l1', vi.fn())];
        leave[0]?.();
        expect(wire.asked.some(([event]) => event === 'live:leave')).toBe(false);
        leave[1]?.();
        await settle();
        expect(wire.asked.at(-1)).toEqual(['live:leave', { liveId: 'l1' }]);
        wire.asked = [];
        wire.happen('connect', true);
        expect(wire.asked).toEqual([]);
    });

    test('a refused token is renewed before the next try, and nobody signed in means no next try', async () => {
        const wire = new FakeWire();
        const renew = vi.fn((refused: boolean) => Promise.resolve(refused));
        const session = new SocketSession(wire, renew);
        session.start();
        wire.active = false;
        wire.happen('connect_error');
        await vi.advanceTimersByTimeAsync(600);
        expect(renew).toHaveBeenCalledExactlyOnceWith(true);
        expect(wire.connects).toBe(2);
        renew.mockResolvedValue(false);
        wire.happen('connect_error');
        await vi.advanceTimersByTimeAsync(60_000);
        expect(wire.connects).toBe(2);
    });

    test('silence and a broken line are answers, not exceptions', async () => {
        const wire = new FakeWire();
        const session = new SocketSession(wire, () => Promise.resolve(true));
        expect(await session.ask('live:leave', { liveId: 'l1' })).toEqual(noAnswer);
        wire.connected = true;
        wire.answer = () => Promise.reject(new Error('timeout'));
        expect(await session.ask('live:leave', { liveId: 'l1' })).toEqual(noAnswer);
    });

    test('stopped means stopped: a later error starts nothing', async () => {
        const wire = new FakeWire();
        const session = new SocketSession(wire, () => Promise.resolve(true));
        session.start();
        session.stop();
        wire.active = false;
        wire.happen('connect_error');
        await vi.advanceTimersByTimeAsync(60_000);
        expect(wire.connects).toBe(1);
        expect(session.state()).toBe('off');
    });
});
