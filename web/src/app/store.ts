// The store: what the API answered, who is signed in, and what the socket tells.
import { configureStore, createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { useDispatch, useSelector } from 'react-redux';
import type { User } from '@client/api/types';
import type { Line } from '@client/session/socket';
import { chatSlice } from '@/features/chat/chatSlice';
import { roomSlice } from '@/features/lives/roomSlice';
import { api } from '@/lib/api';
import { tokens } from '@/lib/session';

const sessionSlice = createSlice({
    name: 'session',
    initialState: { user: tokens.current()?.user ?? null } as { user: User | null },
    reducers: {
        signedIn: (state, { payload }: PayloadAction<User | null>) => {
            state.user = payload;
        },
    },
});

const lineSlice = createSlice({
    name: 'line',
    initialState: { socket: 'off' as Line, online: navigator.onLine },
    reducers: {
        socketLine: (state, { payload }: PayloadAction<Line>) => {
            state.socket = payload;
        },
        network: (state, { payload }: PayloadAction<boolean>) => {
            state.online = payload;
        },
    },
});

export type ToastKind = 'good' | 'bad' | 'plain';
const toastLimit = 3;
const toastSlice = createSlice({
    name: 'toasts',
    initialState: [] as { id: string; text: string; kind: ToastKind }[],
    reducers: {
        shown: {
            prepare: (text: string, kind: ToastKind = 'plain') => ({
                payload: { id: crypto.randomUUID(), text, kind },
            }),
            reducer: (state, { payload }: PayloadAction<{ id: string; text: string; kind: ToastKind }>) =>
                [...state.filter((toast) => toast.text !== payload.text), payload].slice(-toastLimit),
        },
        gone: (state, { payload }: PayloadAction<string>) => state.filter((toast) => toast.id !== payload),
    },
});

export const { signedIn } = sessionSlice.actions;
export const { socketLine, network } = lineSlice.actions;
export const { shown: toast, gone: toastGone } = toastSlice.actions;

export const store = configureStore({
    reducer: {
        api: api.reducer,
        session: sessionSlice.reducer,
        line: lineSlice.reducer,
        toasts: toastSlice.reducer,
        chat: chatSlice.reducer,
        rooms: roomSlice.reducer,
    },
    middleware: (defaults) => defaults().concat(api.middleware),
});

export type State = ReturnType<typeof store.getState>;
export const useAppDispatch = useDispatch.withTypes<typeof store.dispatch>();
export const useAppSelector = useSelector.withTypes<State>();
export const useMe = (): User | null => useAppSelector((state) => state.session.user);
