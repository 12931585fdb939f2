import { describe, expect, test } from 'vitest';
import type { Gift, Live, Message } from '@client/api/types';
import {
    draft,
    fail,
    type Line,
    liveLineLimit,
    merge,
    newestOfOthers,
    receipt,
    resend,
} from '@client/chat/messages';
import { chatSlice, drafted, historyRead, received, typed, updated } from '@/features/chat/chatSlice';
import { entered, gifted, giftLimit, opened, roomSlice, said, statusTold } from '@/features/lives/roomSlice';

const [ana, luna] = [
    { id: 'ana', name: 'Ana', avatar: null },
    { id: 'luna', name: 'Luna', avatar: null },
];
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const message = (id: string, second: number, sender = ana, extra: Partial<Message> = {}): Message => ({
    id,
    chatId: 'c',
    sender,
    content: id,
    type: 'text',
    createdAt: at(second),
    readAt: null,
    ...extra,
});
const ids = (lines: readonly Line[]) => lines.map((line) => line.id);

describe('a conversation', () => {
    test("the server's copy takes the place of the draft, whichever way it comes and however often", () => {
        let lines = [draft('c', ana, 'oi', 'key', 0)];
        lines = merge(lines, [message('server', 3, ana, { clientId: 'key' })]);
        lines = merge(lines, [message('server', 3)]);
        expect(lines.map(({ id, delivery }) => [id, delivery])).toEqual([['server', 'sent']]);
    });

    test('lines stand in order of time, and what is not taken yet stands below', () => {
        const lines = merge(
            [draft('c', ana, 'new', 'key', Date.UTC(2020, 0))],
            [message('b', 2), message('a', 1)],
        );
        expect(ids(lines)).toEqual(['a', 'b', 'key']);
    });

    test('a failed line can be sent again under its key; one that was taken cannot fail any more', () => {
        let lines = fail([draft('c', ana, 'oi', 'key', 0)], 'key', 'sem conexão');
        expect(lines[0]).toMatchObject({ delivery: 'failed', problem: 'sem conexão' });
        lines = resend(lines, 'key');
        expect(lines[0]).toMatchObject({ delivery: 'sending', problem: undefined });
        lines = merge(lines, [message('server', 1, ana, { clientId: 'key' })]);
        expect(fail(lines, 'key', 'late')[0]?.delivery).toBe('sent');
    });

    test('a receipt holds for all that its sender wrote before, never takes back, never touches drafts', () => {
        const all = [message('a', 1), message('b', 2, luna), message('c', 3), message('d', 4)];
        let lines = merge([draft('c', ana, 'x', 'key', 0)], all);
        lines = receipt(lines, 'c', 'read');
        lines = receipt(lines, 'c', 'delivered');
        expect(lines.map((line) => line.delivery)).toEqual(['read', 'sent', 'read', 'sent', 'sending']);
        expect(ids(receipt(lines, 'unknown', 'read'))).toEqual(ids(lines));
    });

    test('the message to acknowledge is the newest of the others', () => {
        const lines = merge([], [message('a', 1, luna), message('b', 2, luna), message('c', 3)]);
        expect(newestOfOthers(lines, 'ana')?.id).toBe('b');
        expect(newestOfOthers(lines.slice(2), 'ana')).toBeUndefined();
    });
});

describe('the store of conversations', () => {
    const { reducer } = chatSlice;
    const page = (items: Message[], nextCursor: string | null) => ({ items, nextCursor });

    test('history read again after a broken line keeps the place reached above', () => {
        let state = reducer(
            undefined,
            historyRead({ chatId: 'c', page: page([message('b', 2)], 'older'), older: false }),
        );
        state = reducer(
            state,
            historyRead({ chatId: 'c', page: page([message('a', 1)], null), older: true }),
        );
        state = reducer(
            state,
            historyRead({ chatId: 'c', page: page([message('z', 9)], 'older'), older: false }),
        );
        expect(ids(state.conversations.c?.lines ?? [])).toEqual(['a', 'b', 'z']);
        expect(state.conversations.c?.olderCursor).toBeNull();
    });

    test('a message ends the typing sign of its sender', () => {
        let state = reducer(undefined, typed({ chatId: 'c', userId: 'luna', typing: true, nowMs: 1000 }));
        expect(state.typing.c?.luna).toBeGreaterThan(1000);
        state = reducer(state, received(message('a', 1, luna)));
        expect(state.typing.c?.luna).toBe(0);
    });

    test('a receipt finds its conversation by itself', () => {
        let state = reducer(undefined, drafted(draft('c', ana, 'oi', 'key', 0)));
        state = reducer(state, received(message('server', 1, ana, { clientId: 'key' })));
        state = reducer(state, updated({ messageId: 'server', status: 'read' }));
        expect(state.conversations.c?.lines[0]?.delivery).toBe('read');
    });
});

describe('the room of a live', () => {
    const { reducer } = roomSlice;
    const live = (extra: Partial<Live> = {}) =>
        ({ id: 'l', chatId: 'c', status: 'live', viewerCount: 3, ...extra }) as Live;
    const gift = (id: string) => ({ id, liveId: 'l', amount: 1 }) as Gift;

    test('an end is told once and not taken back by an older answer of the API', () => {
        let state = reducer(undefined, opened(live()));
        state = reducer(state, statusTold({ liveId: 'l', status: 'ended', viewerCount: 0 }));
        state = reducer(state, opened(live()));
        expect(state.l?.status).toBe('ended');
    });

    test('chat goes to the live whose chat it is, and grows no further than its limit', () => {
        let state = reducer(undefined, opened(live()));
        state = reducer(state, said(message('elsewhere', 1, ana, { chatId: 'other' })));
        state = reducer(
            state,
            entered({ liveId: 'l', live: live({ viewerCount: 9 }), messages: [message('first', 1)] }),
        );
        for (let i = 0; i <= liveLineLimit; i++) state = reducer(state, said(message(`m${i}`, 2 + i)));
        expect(state.l?.lines).toHaveLength(liveLineLimit);
        expect(state.l?.lines.at(-1)?.id).toBe(`m${liveLineLimit}`);
        expect(state.l?.viewerCount).toBe(9);
    });

    test('a gift told twice is one gift, and the feed keeps the newest', () => {
        let state = reducer(undefined, opened(live()));
        for (let i = 0; i < giftLimit + 5; i++) state = reducer(state, gifted(gift(`g${i}`)));
        state = reducer(state, gifted(gift(`g${giftLimit}`)));
        expect(state.l?.gifts).toHaveLength(giftLimit);
        expect(state.l?.gifts.at(-1)?.id).toBe(`g${giftLimit + 4}`);
        expect(reducer(state, gifted({ ...gift('x'), liveId: 'unknown' }))).toEqual(state);
    });
});
