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
        saveAvatar: build.mutation<User, { id: string; picture: Blob }>({
            query: ({ id, picture }) => ({
                url: `/api/users/${encodeURIComponent(id)}/avatar`,
                method: 'PUT',
                body: picture,
            }),
            invalidatesTags: ['Me', 'Models', 'Lives', 'Chats'],
        }),
        removeAvatar: build.mutation<User, string>({
            query: (id) => ({ url: `/api/users/${encodeURIComponent(id)}/avatar`, method: 'DELETE' }),
            invalidatesTags: ['Me', 'Models', 'Lives', 'Chats'],
        }),
    }),
});

export const {
    useModelsQuery,
    useModelQuery,
    useSaveUserMutation,
    useSaveAvatarMutation,
    useRemoveAvatarMutation,
} = profilesApi;
