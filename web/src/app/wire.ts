// Connects what is outside of React to the store: the session, the socket's events, the network.
import type { Message } from '@client/api/types';
import { chatApi } from '@/features/chat/api';
import { forgotten, received, typed, updated } from '@/features/chat/chatSlice';
import { gifted, layersWanted, said, statusTold } from '@/features/lives/roomSlice';
import { walletApi } from '@/features/wallet/api';
import { api } from '@/lib/api';
import { tokens } from '@/lib/session';
import { socket } from '@/lib/socket';
import { network, signedIn, socketLine, store } from './store';

const { dispatch, getState } = store;

/** Keeps the list of chats true without asking again; a chat that it lacks makes it ask. */
function noteInList(message: Message): void {
    let known = false;
    dispatch(
        chatApi.util.updateQueryData('chats', undefined, (chats) => {
            const chat = chats.find((candidate) => candidate.id === message.chatId);
            if (!chat) return;
            known = true;
            if (chat.lastMessage?.id !== message.id && message.sender.id !== getState().session.user?.id)
                chat.unreadCount += 1;
            chat.lastMessage = message;
            chat.updatedAt = message.createdAt;
        }),
    );
    if (!known) dispatch(api.util.invalidateTags(['Chats']));
}

function listen(): void {
    socket.onLine((line) => {
        dispatch(socketLine(line));
        // What was said while the line was broken is read again.
        if (line === 'on') dispatch(api.util.invalidateTags(['Chats', 'Wallet']));
    });
    socket.on('message:received', ({ message }) => {
        dispatch(received(message));
        noteInList(message);
    });
    socket.on('message:updated', (receipt) => dispatch(updated(receipt)));
    socket.on('user:typing', (sign) => dispatch(typed({ ...sign, nowMs: Date.now() })));
    socket.on('chat:message', ({ message }) => dispatch(said(message)));
    socket.on('live:status', (status) => {
        dispatch(statusTold(status));
        if (status.status === 'ended') dispatch(api.util.invalidateTags(['Lives']));
    });
    socket.on('live:layers', (wanted) => dispatch(layersWanted(wanted)));
    socket.on('gift:received', ({ gift }) => dispatch(gifted(gift)));
    socket.on('wallet:updated', (now) => {
        dispatch(
            walletApi.util.updateQueryData('wallet', undefined, (wallet) => {
                wallet.balance = now.balance;
                if (now.earnings) wallet.earnings = now.earnings;
            }),
        );
        dispatch(api.util.invalidateTags(['Transactions']));
    });
}

export function wire(): void {
    listen();
    let userId = tokens.current()?.user.id ?? null;
    tokens.subscribe((session) => {
        const next = session?.user.id ?? null;
        dispatch(signedIn(session?.user ?? null));
        if (next === userId) return;
        userId = next;
        socket.stop();
        dispatch(forgotten());
        dispatch(api.util.resetApiState());
        if (next) socket.start();
    });
    if (userId) socket.start();
    window.addEventListener('online', () => dispatch(network(true)));
    window.addEventListener('offline', () => dispatch(network(false)));
}
