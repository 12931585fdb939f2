import type { Page, Transaction, Wallet } from '@client/api/types';
import { api } from '@/lib/api';

export const walletApi = api.injectEndpoints({
    endpoints: (build) => ({
        wallet: build.query<Wallet, void>({
            query: () => ({ url: '/api/wallet' }),
            providesTags: ['Wallet'],
        }),
        transactions: build.infiniteQuery<Page<Transaction>, void, string | null>({
            infiniteQueryOptions: {
                initialPageParam: null,
                getNextPageParam: (page) => page.nextCursor ?? undefined,
            },
            query: ({ pageParam }) => ({
                url: '/api/wallet/transactions',
                query: { limit: 30, cursor: pageParam },
            }),
            providesTags: ['Transactions'],
        }),
    }),
});

export const { useWalletQuery, useTransactionsInfiniteQuery } = walletApi;
