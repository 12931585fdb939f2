import { configureStore } from '@reduxjs/toolkit';
import { setupListeners } from '@reduxjs/toolkit/query';
import { api } from './api';
import { socket, tokens } from './session';

export const store = configureStore({
    reducer: { [api.reducerPath]: api.reducer },
    middleware: (defaults) => defaults().concat(api.middleware),
});
setupListeners(store.dispatch);

// Another user must not see what the last one loaded.
tokens.subscribe(() => store.dispatch(api.util.resetApiState()));
socket.on('wallet:updated', () => store.dispatch(api.util.invalidateTags(['Wallet'])));
socket.on('message:received', () => store.dispatch(api.util.invalidateTags(['Chats'])));
socket.on('live:status', () => store.dispatch(api.util.invalidateTags(['Lives'])));
