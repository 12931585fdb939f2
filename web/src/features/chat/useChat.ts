// One conversation on the screen: its history, what arrives, what is being sent. A retry carries the same clientId, so
// nothing is said twice.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Message } from '@client/api/types';
import { socket, useSession } from '../../app/session';
import type { Shown } from './MessageList';

/** Puts a message where it belongs; the server's copy replaces the one being sent. */
export function withMessage(messages: Shown[], message: Shown): Shown[] {
    const same = (other: Shown) =>
        other.id === message.id || (Boolean(message.clientId) && other.clientId === message.clientId);
    const rest = messages.filter((other) => !same(other));
    const known = messages.find(same);
    const merged = { ...message, clientId: message.clientId ?? known?.clientId ?? null };
    return [...rest, merged].sort(
        (a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id),
    );
}

export function useChat(chatId: string | undefined, event: 'chat:message' | 'message:received') {
    const session = useSession();
    const [messages, setMessages] = useState<Shown[]>([]);
    const add = useCallback((message: Shown) => setMessages((all) => withMessage(all, message)), []);
    const addAll = useCallback(
        (some: Message[]) => setMessages((all) => some.reduce<Shown[]>(withMessage, all)),
        [],
    );

    useEffect(
        () =>
            socket.on<{ message: Message }>(event, ({ message }) => {
                if (message.chatId === chatId) add(message);
            }),
        [chatId, event, add],
    );

    const send = useCallback(
        async (content: string, again?: Shown) => {
            if (!chatId || !session) return;
            const clientId = again?.clientId ?? crypto.randomUUID();
            const draft: Shown = {
                id: clientId,
                chatId,
                clientId,
                content,
                type: 'text',
                readAt: null,
                state: 'sending',
                sender: { id: session.user.id, name: session.user.profile.name, avatar: null },
                createdAt: again?.createdAt ?? new Date().toISOString(),
            };
            add(draft);
            const answer = await socket.ask<{ message: Message }>('message:send', {
                chatId,
                content,
                type: 'text',
                clientId,
            });
            add(answer.ok ? { ...answer.message, clientId } : { ...draft, state: 'failed' });
        },
        [chatId, session, add],
    );
    const markRead = useCallback(
        (messageId: string) =>
            setMessages((all) => {
                const upTo = all.find((message) => message.id === messageId);
                if (!upTo) return all;
                const readAt = new Date().toISOString();
                return all.map((message) =>
                    message.createdAt <= upTo.createdAt && !message.readAt ? { ...message, readAt } : message,
                );
            }),
        [],
    );
    return { messages, addAll, send, markRead, me: session?.user.id };
}

/** Says that the user types, and that they stopped after a while without a key. */
export function useTyping(chatId: string | undefined) {
    const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
    const stop = useCallback(() => {
        clearTimeout(timer.current);
        timer.current = undefined;
        if (chatId) void socket.ask('typing:end', { chatId });
    }, [chatId]);
    const typed = useCallback(() => {
        if (!timer.current && chatId) void socket.ask('typing:start', { chatId });
        clearTimeout(timer.current);
        timer.current = setTimeout(stop, 3000);
    }, [chatId, stop]);
    useEffect(() => () => clearTimeout(timer.current), []);
    return { typed, stop };
}
