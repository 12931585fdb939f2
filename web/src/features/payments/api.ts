import type { Checkout, Purchase, TokenPackage } from '@client/api/types';
import { api } from '@/lib/api';

export const paymentsApi = api.injectEndpoints({
    endpoints: (build) => ({
        packages: build.query<TokenPackage[], void>({
            query: () => ({ url: '/api/wallet/packages' }),
            transformResponse: (answer: { items: TokenPackage[] }) => answer.items,
        }),
        purchase: build.mutation<Checkout, { packageId: string; currency: string; idempotencyKey: string }>({
            query: ({ idempotencyKey, ...body }) => ({
                url: '/api/wallet/purchases',
                method: 'POST',
                body,
                headers: { 'idempotency-key': idempotencyKey },
            }),
        }),
        confirmSandbox: build.mutation<{ purchase: Purchase }, { id: string; idempotencyKey: string }>({
            query: ({ id, idempotencyKey }) => ({
                url: `/api/payments/sandbox/${encodeURIComponent(id)}/confirm`,
                method: 'POST',
                headers: { 'idempotency-key': idempotencyKey },
            }),
            invalidatesTags: ['Wallet', 'Transactions'],
        }),
    }),
});

export const { usePackagesQuery, usePurchaseMutation, useConfirmSandboxMutation } = paymentsApi;
