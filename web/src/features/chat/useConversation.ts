// One private conversation: its history, sending with retry, receipts and the typing sign.
import { useCallback, useEffect, useRef } from 'react';
import { draft, type Line, newestOfOthers } from '@client/chat/messages';
import { useAppDispatch, useAppSelector, useMe } from '@/app/store';
import { socket } from '@/lib/socket';
import { useWords } from '@/lib/words';
import { chatApi, useLazyHistoryQuery } from './api';
import { drafted, failed, historyRead, received, resent } from './chatSlice';

export function useHistory(chatId: string) {
    const dispatch = useAppDispatch();
    const [read, { isFetching, error }] = useLazyHistoryQuery();
    const cursor = useAppSelector((state) => state.chat.conversations[chatId]?.olderCursor);
    const line = useAppSelector((state) => state.line.socket);

    const load = useCallback(
        async (from?: string) => {
            const answer = await read({ chatId, cursor: from });
            if (answer.data) dispatch(historyRead({ chatId, page: answer.data, older: from !== undefined }));
        },
        [chatId, dispatch, read],
    );
    // At the beginning, and again whenever the line is back: what was missed is read.
    useEffect(() => {
        if (line !== 'broken') void load();
    }, [load, line]);

    return {
        loading: isFetching,
        error,
        known: cursor !== undefined,
        hasOlder: typeof cursor === 'string',
        older: () => void (cursor && load(cursor)),
        reload: () => void load(),
    };
}

export function useSend(chatId: string) {
    const dispatch = useAppDispatch();
    const me = useMe();
    const { code } = useWords();
    const send = async (content: string, clientId: string) => {
        const ack = await socket.ask('message:send', { chatId, content, type: 'text', clientId });
        if (ack.ok) {
            const message = { ...ack.message, clientId };
            dispatch(received(message));
            dispatch(
                chatApi.util.updateQueryData('chats', undefined, (chats) => {
                    const chat = chats.find((candidate) => candidate.id === chatId);
                    if (chat) Object.assign(chat, { lastMessage: message, updatedAt: message.createdAt });
                }),
            );
        } else dispatch(failed({ chatId, clientId, problem: code(ack.error) }));
    };
    return {
        send: (content: string) => {
            if (!me) return;
            const person = { id: me.id, name: me.profile.name, avatar: me.profile.avatar };
            const clientId = crypto.randomUUID();
            dispatch(drafted(draft(chatId, person, content, clientId, Date.now())));
            void send(content, clientId);
        },
        again: (line: Line) => {
            if (!line.clientId) return;
            dispatch(resent({ chatId, clientId: line.clientId }));
            void send(line.content, line.clientId);
        },
    };
}

/** Tells the sender that the newest message is read, once it is really in front of someone. */
export function useReceipts(chatId: string, lines: readonly Line[]): void {
    const dispatch = useAppDispatch();
    const me = useMe();
    const line = useAppSelector((state) => state.line.socket);
    const told = useRef<string | null>(null);
    const newest = me && newestOfOthers(lines, me.id);
    useEffect(() => {
        const tell = () => {
            if (document.hidden || !newest || newest.readAt || told.current === newest.id || line !== 'on')
                return;
            told.current = newest.id;
            void socket.ask('message:read', { chatId, messageId: newest.id }).then((ack) => {
                if (!ack.ok) told.current = null;
            });
        };
        const seen = () => {
            tell();
            if (document.hidden) return;
            dispatch(
                chatApi.util.updateQueryData('chats', undefined, (chats) => {
                    const chat = chats.find((candidate) => candidate.id === chatId);
                    if (chat) chat.unreadCount = 0;
                }),
            );
        };
        seen();
        document.addEventListener('visibilitychange', seen);
        return () => document.removeEventListener('visibilitychange', seen);
    }, [chatId, dispatch, line, newest]);
}

/** Said again at most this often while someone types, and taken back after a pause. */
const sayEveryMs = 2_500;
const pauseMs = 3_500;

export function useTyping(chatId: string) {
    const lastMs = useRef(0);
    const pause = useRef<ReturnType<typeof setTimeout> | null>(null);
    const end = useCallback(() => {
        if (pause.current) clearTimeout(pause.current);
        pause.current = null;
        if (lastMs.current === 0) return;
        lastMs.current = 0;
        void socket.ask('typing:end', { chatId });
    }, [chatId]);
    useEffect(() => end, [end]);
    const typing = () => {
        const now = Date.now();
        if (now - lastMs.current > sayEveryMs) {
            lastMs.current = now;
            void socket.ask('typing:start', { chatId });
        }
        if (pause.current) clearTimeout(pause.current);
        pause.current = setTimeout(end, pauseMs);
    };
    return { typing, end };
}
