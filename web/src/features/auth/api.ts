import type { Session, User, UserType } from '@client/api/types';
import { api } from '@/lib/api';

export interface Registration {
    type: Exclude<UserType, 'admin'>;
    email: string;
    password: string;
    name: string;
    birthDate: string;
    acceptTerms: boolean;
}

export const authApi = api.injectEndpoints({
    endpoints: (build) => ({
        register: build.mutation<Session, Registration>({
            query: (body) => ({ url: '/api/auth/register', method: 'POST', body }),
        }),
        login: build.mutation<Session, { email: string; password: string; otp?: string }>({
            query: (body) => ({ url: '/api/auth/login', method: 'POST', body }),
        }),
        logout: build.mutation<null, { refreshToken: string }>({
            query: (body) => ({ url: '/api/auth/logout', method: 'POST', body }),
        }),
        forgotPassword: build.mutation<null, { email: string }>({
            query: (body) => ({ url: '/api/auth/forgot-password', method: 'POST', body }),
        }),
        resetPassword: build.mutation<null, { token: string; password: string }>({
            query: (body) => ({ url: '/api/auth/reset-password', method: 'POST', body }),
        }),
        me: build.query<User, void>({ query: () => ({ url: '/api/auth/me' }), providesTags: ['Me'] }),
    }),
});

export const {
    useRegisterMutation,
    useLoginMutation,
    useForgotPasswordMutation,
    useResetPasswordMutation,
    useMeQuery,
} = authApi;
