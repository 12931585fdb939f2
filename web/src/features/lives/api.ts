import type { Live, LiveStatus, Page, Playback, Publish } from '@client/api/types';
import { api } from '@/lib/api';

export interface NewLive {
    title: string;
    description: string;
    price: number;
    scheduledFor?: string;
}
export interface LiveFilter {
    status?: LiveStatus;
    modelId?: string;
    limit?: number;
    cursor?: string;
}

const at = (id: string) => `/api/lives/${encodeURIComponent(id)}`;

export const livesApi = api.injectEndpoints({
    endpoints: (build) => ({
        lives: build.query<Page<Live>, LiveFilter>({
            query: (filter) => ({ url: '/api/lives', query: { ...filter } }),
            providesTags: ['Lives'],
        }),
        live: build.query<Live, string>({
            query: (id) => ({ url: at(id) }),
            transformResponse: (answer: Live | { live: Live }) => ('live' in answer ? answer.live : answer),
            providesTags: ['Lives'],
        }),
        createLive: build.mutation<Live, NewLive>({
            query: (body) => ({ url: '/api/lives', method: 'POST', body }),
            transformResponse: (answer: Live | { live: Live }) => ('live' in answer ? answer.live : answer),
            invalidatesTags: ['Lives'],
        }),
        startLive: build.mutation<{ live: Live; publish: Publish }, string>({
            query: (id) => ({ url: `${at(id)}/start`, method: 'PUT' }),
            invalidatesTags: ['Lives'],
        }),
        endLive: build.mutation<unknown, string>({
            query: (id) => ({ url: `${at(id)}/end`, method: 'PUT' }),
            invalidatesTags: ['Lives'],
        }),
        joinLive: build.mutation<{ live: Live; playback: Playback }, { id: string; idempotencyKey: string }>({
            query: ({ id, idempotencyKey }) => ({
                url: `${at(id)}/join`,
                method: 'POST',
                headers: { 'idempotency-key': idempotencyKey },
            }),
        }),
        rtcConfig: build.query<{ iceServers: RTCIceServer[] }, void>({
            query: () => ({ url: '/api/rtc/config' }),
        }),
    }),
});

export const {
    useLivesQuery,
    useLiveQuery,
    useCreateLiveMutation,
    useStartLiveMutation,
    useEndLiveMutation,
    useJoinLiveMutation,
} = livesApi;
