import type { ModelPage, Page, Profile, User } from '@client/api/types';
import { api } from '@/lib/api';

export const profilesApi = api.injectEndpoints({
    endpoints: (build) => ({
        models: build.query<Page<ModelPage>, { query?: string; online?: boolean; limit?: number }>({
            query: (query) => ({ url: '/api/models', query }),
            providesTags: ['Models'],
        }),
        model: build.query<ModelPage, string>({
            query: (id) => ({ url: `/api/models/${encodeURIComponent(id)}` }),
            providesTags: ['Models'],
        }),
        saveUser: build.mutation<
            User,
            { id: string; profile: Partial<Profile>; settings?: Record<string, unknown> }
        >({
            query: ({ id, ...body }) => ({
                url: `/api/users/${encodeURIComponent(id)}`,
                method: 'PUT',
                body,
            }),
            invalidatesTags: ['Me', 'Models'],
        }),
    }),
});

export const { useModelsQuery, useModelQuery, useSaveUserMutation } = profilesApi;
