// Conversations as they are on screen. The socket and the history both write here; the order of arrival is not trusted.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import * as list from '@client/chat/messages';
import type { Message, Page } from '@client/api/types';

/** A typing sign that nobody took back fades after this. */
export const typingMs = 6_000;

export interface Conversation {
    lines: list.Line[];
    /** undefined: history not read yet; null: read to its beginning. */
    olderCursor?: string | null;
}

interface ChatState {
    conversations: Record<string, Conversation>;
    /** Chat → user → when the sign fades, in ms. */
    typing: Record<string, Record<string, number>>;
}

const initialState: ChatState = { conversations: {}, typing: {} };

function at(state: ChatState, chatId: string): Conversation {
    return (state.conversations[chatId] ??= { lines: [] });
}

export const chatSlice = createSlice({
    name: 'chat',
    initialState,
    reducers: {
        historyRead: (
            state,
            { payload }: PayloadAction<{ chatId: string; page: Page<Message>; older: boolean }>,
        ) => {
            const chat = at(state, payload.chatId);
            chat.lines = list.merge(chat.lines, payload.page.items);
            if (payload.older || chat.olderCursor === undefined) chat.olderCursor = payload.page.nextCursor;
        },
        received: (state, { payload }: PayloadAction<Message>) => {
            const chat = at(state, payload.chatId);
            chat.lines = list.merge(chat.lines, [payload]);
            const typing = state.typing[payload.chatId];
            if (typing) typing[payload.sender.id] = 0;
        },
        drafted: (state, { payload }: PayloadAction<list.Line>) => {
            at(state, payload.chatId).lines.push(payload);
        },
        failed: (
            state,
            { payload }: PayloadAction<{ chatId: string; clientId: string; problem: string }>,
        ) => {
            const chat = at(state, payload.chatId);
            chat.lines = list.fail(chat.lines, payload.clientId, payload.problem);
        },
        resent: (state, { payload }: PayloadAction<{ chatId: string; clientId: string }>) => {
            const chat = at(state, payload.chatId);
            chat.lines = list.resend(chat.lines, payload.clientId);
        },
        updated: (state, { payload }: PayloadAction<{ messageId: string; status: 'delivered' | 'read' }>) => {
            for (const chat of Object.values(state.conversations)) {
                if (!chat.lines.some((line) => line.id === payload.messageId)) continue;
                chat.lines = list.receipt(chat.lines, payload.messageId, payload.status);
            }
        },
        typed: (
            state,
            { payload }: PayloadAction<{ chatId: string; userId: string; typing: boolean; nowMs: number }>,
        ) => {
            const chat = (state.typing[payload.chatId] ??= {});
            chat[payload.userId] = payload.typing ? payload.nowMs + typingMs : 0;
        },
        forgotten: () => initialState,
    },
});

export const { historyRead, received, drafted, failed, resent, updated, typed, forgotten } =
    chatSlice.actions;
