// Every REST call of the web app (RTK Query). Errors arrive as problem documents.
import { createApi, fetchBaseQuery, type BaseQueryFn, type FetchArgs } from '@reduxjs/toolkit/query/react';
import type {
    Chat,
    GiftKind,
    Live,
    Message,
    Page,
    Playback,
    Problem,
    Session,
    TokenPackage,
    Transaction,
    User,
    Wallet,
} from '@client/api/types';
import { isProblem } from '@client/session/tokens';
import i18n from 'i18next';
import { tokens } from './session';

const raw = fetchBaseQuery({
    baseUrl: '/',
    prepareHeaders: async (headers) => {
        const token = await tokens.accessToken().catch(() => null);
        if (token) headers.set('authorization', `Bearer ${token}`);
        headers.set('accept-language', i18n.language || 'pt-BR');
        return headers;
    },
    responseHandler: async (response) => {
        const text = await response.text();
        return text ? (JSON.parse(text) as unknown) : null;
    },
});

const baseQuery: BaseQueryFn<string | FetchArgs, unknown, Problem> = async (args, api, extra) => {
    const result = await raw(args, api, extra);
    if (!result.error) return { data: result.data };
    const { data, status } = result.error;
    if (isProblem(data)) return { error: data };
    return {
        error: {
            status: typeof status === 'number' ? status : 0,
            code: 'offline',
            detail: i18n.t('state.offline'),
        },
    };
};

const idempotent = () => ({ 'idempotency-key': crypto.randomUUID() });

export const api = createApi({
    baseQuery,
    tagTypes: ['Lives', 'Wallet', 'Chats', 'Me'],
    endpoints: (build) => ({
        register: build.mutation<Session, object>({
            query: (body) => ({ url: 'api/auth/register', method: 'POST', body }),
        }),
        login: build.mutation<Session, object>({
            query: (body) => ({ url: 'api/auth/login', method: 'POST', body }),
        }),
        lives: build.query<Page<Live>, string>({
            query: (status) => `api/lives?status=${status}&limit=48`,
            providesTags: ['Lives'],
        }),
        live: build.query<Live, string>({ query: (id) => `api/lives/${id}` }),
        myLives: build.query<Page<Live>, string>({
            query: (modelId) => `api/lives?status=live&modelId=${modelId}`,
        }),
        createLive: build.mutation<Live, object>({
            query: (body) => ({ url: 'api/lives', method: 'POST', body }),
        }),
        startLive: build.mutation<{ live: Live; publish: { whipUrl: string; streamKey: string } }, string>({
            query: (id) => ({ url: `api/lives/${id}/start`, method: 'PUT' }),
        }),
        endLive: build.mutation<unknown, string>({
            query: (id) => ({ url: `api/lives/${id}/end`, method: 'PUT' }),
        }),
        joinLive: build.mutation<{ live: Live; playback: Playback }, string>({
            query: (id) => ({ url: `api/lives/${id}/join`, method: 'POST', headers: idempotent() }),
            invalidatesTags: ['Wallet'],
        }),
        models: build.query<Page<User>, void>({ query: () => 'api/models?limit=24' }),
        model: build.query<User, string>({ query: (id) => `api/models/${id}` }),
        chats: build.query<Page<Chat>, void>({ query: () => 'api/chats', providesTags: ['Chats'] }),
        openChat: build.mutation<Chat, string>({
            query: (participantId) => ({ url: 'api/chats', method: 'POST', body: { participantId } }),
            invalidatesTags: ['Chats'],
        }),
        messages: build.query<Page<Message>, { chatId: string; cursor?: string }>({
            query: ({ chatId, cursor }) =>
                `api/chats/${chatId}/messages?limit=50${cursor ? `&cursor=${cursor}` : ''}`,
            keepUnusedDataFor: 0,
        }),
        wallet: build.query<Wallet, void>({ query: () => 'api/wallet', providesTags: ['Wallet'] }),
        transactions: build.query<Page<Transaction>, void>({
            query: () => 'api/wallet/transactions?limit=50',
            providesTags: ['Wallet'],
        }),
        packages: build.query<{ items: TokenPackage[] }, void>({ query: () => 'api/wallet/packages' }),
        purchase: build.mutation<{ purchase: { id: string } }, string>({
            query: (packageId) => ({
                url: 'api/wallet/purchases',
                method: 'POST',
                body: { packageId, currency: 'BRL' },
                headers: idempotent(),
            }),
        }),
        confirmPurchase: build.mutation<unknown, string>({
            query: (id) => ({
                url: `api/payments/sandbox/${id}/confirm`,
                method: 'POST',
                headers: idempotent(),
            }),
            invalidatesTags: ['Wallet'],
        }),
        gifts: build.query<{ items: GiftKind[] }, void>({ query: () => 'api/gifts' }),
    }),
});

export const {
    useRegisterMutation,
    useLoginMutation,
    useLivesQuery,
    useLiveQuery,
    useCreateLiveMutation,
    useStartLiveMutation,
    useEndLiveMutation,
    useJoinLiveMutation,
    useModelsQuery,
    useModelQuery,
    useChatsQuery,
    useOpenChatMutation,
    useMessagesQuery,
    useLazyMessagesQuery,
    useWalletQuery,
    useTransactionsQuery,
    usePackagesQuery,
    usePurchaseMutation,
    useConfirmPurchaseMutation,
    useGiftsQuery,
} = api;

/** What to tell a person about a failed call. */
export const problemText = (error: unknown): string =>
    isProblem(error) ? error.detail : i18n.t('state.error');
