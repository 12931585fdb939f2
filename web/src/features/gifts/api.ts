import type { GiftKind } from '@client/api/types';
import { api } from '@/lib/api';

export const giftsApi = api.injectEndpoints({
    endpoints: (build) => ({
        gifts: build.query<GiftKind[], void>({
            query: () => ({ url: '/api/gifts' }),
            transformResponse: (answer: { items: GiftKind[] }) => answer.items,
            keepUnusedDataFor: 600,
        }),
    }),
});

export const { useGiftsQuery } = giftsApi;
