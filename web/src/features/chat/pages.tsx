import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { formatDateTime } from '@client/format/format';
import { useChatsQuery, useMessagesQuery, useLazyMessagesQuery } from '../../app/api';
import { socket, useSession } from '../../app/session';
import { Avatar, Button, Empty, Failed, Loading } from '../../components/ui/ui';
import { RequireSession } from '../auth/pages';
import { Composer } from './Composer';
import { MessageList } from './MessageList';
import { useChat, useTyping } from './useChat';

function ChatList({ active }: { active?: string | undefined }) {
    const { t } = useTranslation();
    const session = useSession();
    const { data, error, isLoading, refetch } = useChatsQuery();
    if (isLoading) return <Loading />;
    if (error) return <Failed error={error} retry={() => void refetch()} />;
    if (!data?.items.length) return <Empty title={t('chat.noChats')} hint={t('chat.noChatsHint')} />;
    return (
        <ul className="space-y-1">
            {data.items.map((chat) => {
                const other =
                    chat.participants.find((person) => person.id !== session?.user.id) ??
                    chat.participants[0];
                return (
                    <li key={chat.id}>
                        <Link
                            to={`/conversas/${chat.id}`}
                            aria-current={chat.id === active ? 'page' : undefined}
                            className="flex items-center gap-3 rounded-2xl p-3 hover:bg-raised aria-[current]:bg-raised"
                        >
                            <Avatar name={other?.name ?? '?'} />
                            <span className="min-w-0 flex-1">
                                <span className="block truncate font-bold">{other?.name}</span>
                                <span className="block truncate text-sm text-soft">
                                    {chat.lastMessage?.content}
                                </span>
                            </span>
                            <span className="text-right text-xs text-soft">
                                {formatDateTime(chat.updatedAt)}
                                {chat.unreadCount > 0 && (
                                    <span className="ml-auto mt-1 block w-fit rounded-full bg-accent px-2 font-bold text-on-accent">
                                        {chat.unreadCount}
                                    </span>
                                )}
                            </span>
                        </Link>
                    </li>
                );
            })}
        </ul>
    );
}

export function ChatsPage() {
    const { t } = useTranslation();
    return (
        <RequireSession>
            <div className="mx-auto max-w-2xl space-y-5">
                <h1 className="text-2xl font-extrabold">{t('chat.list')}</h1>
                <ChatList />
            </div>
        </RequireSession>
    );
}

function Conversation({ chatId }: { chatId: string }) {
    const { t } = useTranslation();
    const { data: chats } = useChatsQuery();
    const { data, error, isLoading, refetch } = useMessagesQuery(
        { chatId },
        { refetchOnMountOrArgChange: true },
    );
    const [loadOlder] = useLazyMessagesQuery();
    const [cursor, setCursor] = useState<string | null>(null);
    const { messages, addAll, send, markRead, me } = useChat(chatId, 'message:received');
    const { typed, stop } = useTyping(chatId);
    const [typing, setTyping] = useState(false);
    const other = chats?.items
        .find((chat) => chat.id === chatId)
        ?.participants.find((person) => person.id !== me);

    useEffect(() => {
        if (!data) return;
        addAll(data.items);
        setCursor(data.nextCursor);
    }, [data, addAll]);
    useEffect(
        () =>
            socket.on<{ chatId: string; userId: string; typing: boolean }>('user:typing', (event) => {
                if (event.chatId === chatId && event.userId !== me) setTyping(event.typing);
            }),
        [chatId, me],
    );
    useEffect(
        () =>
            socket.on<{ messageId: string; status: string }>('message:updated', (event) => {
                if (event.status === 'read') markRead(event.messageId);
            }),
        [markRead],
    );
    const lastTheirs = messages.findLast((message) => message.sender.id !== me && !message.readAt)?.id;
    useEffect(() => {
        if (!lastTheirs) return;
        setTyping(false);
        return socket.onConnected(() => void socket.ask('message:read', { chatId, messageId: lastTheirs }));
    }, [chatId, lastTheirs]);

    if (error) return <Failed error={error} retry={() => void refetch()} />;
    return (
        <section className="flex h-[calc(100dvh-11rem)] flex-col rounded-card bg-panel md:h-[calc(100dvh-8rem)]">
            <header className="flex items-center gap-3 border-b border-line p-4">
                <Link
                    to="/conversas"
                    aria-label={t('chat.list')}
                    className="grid size-10 place-items-center rounded-full hover:bg-raised md:hidden"
                >
                    ←
                </Link>
                <Avatar name={other?.name ?? '?'} />
                <h1 className="font-bold">{other?.name}</h1>
            </header>
            {cursor && (
                <Button
                    kind="quiet"
                    className="m-3 self-center text-sm"
                    onClick={() =>
                        void loadOlder({ chatId, cursor })
                            .unwrap()
                            .then((page) => {
                                addAll(page.items);
                                setCursor(page.nextCursor);
                            })
                    }
                >
                    {t('chat.older')}
                </Button>
            )}
            {isLoading ? <Loading /> : <MessageList messages={messages} me={me} receipts />}
            <p aria-live="polite" className="h-6 px-4 text-sm text-soft">
                {typing && (
                    <span data-testid="typing-indicator">
                        {t('chat.typing', { name: other?.name ?? '' })}
                    </span>
                )}
            </p>
            <Composer
                onTyping={typed}
                onSend={(text) => {
                    stop();
                    void send(text);
                }}
            />
        </section>
    );
}

export function ChatPage() {
    const { chatId = '' } = useParams();
    return (
        <RequireSession>
            <div className="grid gap-6 md:grid-cols-[20rem_1fr]">
                <aside className="hidden md:block">
                    <ChatList active={chatId} />
                </aside>
                <Conversation key={chatId} chatId={chatId} />
            </div>
        </RequireSession>
    );
}
