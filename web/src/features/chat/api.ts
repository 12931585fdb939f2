import type { Chat, Message, Page } from '@client/api/types';
import { api } from '@/lib/api';

const chatOf = (answer: Chat | { chat: Chat }) => ('chat' in answer ? answer.chat : answer);

export const chatApi = api.injectEndpoints({
    endpoints: (build) => ({
        chats: build.query<Chat[], void>({
            query: () => ({ url: '/api/chats', query: { limit: 50 } }),
            transformResponse: (answer: Page<Chat>) => answer.items,
            providesTags: ['Chats'],
        }),
        openChat: build.mutation<Chat, string>({
            query: (participantId) => ({ url: '/api/chats', method: 'POST', body: { participantId } }),
            transformResponse: chatOf,
            invalidatesTags: ['Chats'],
        }),
        history: build.query<Page<Message>, { chatId: string; cursor?: string }>({
            query: ({ chatId, cursor }) => ({
                url: `/api/chats/${encodeURIComponent(chatId)}/messages`,
                query: { limit: 30, cursor },
            }),
            keepUnusedDataFor: 0,
        }),
    }),
});

export const { useChatsQuery, useOpenChatMutation, useLazyHistoryQuery } = chatApi;
