import { NavLink, useParams } from 'react-router';
import type { Chat, User } from '@client/api/types';
import { useAppSelector, useMe } from '@/app/store';
import { Avatar } from '@/components/ui/Avatar';
import { Empty, Failure, Loading, Skeleton } from '@/components/ui/State';
import { ButtonLink } from '@/components/ui/Button';
import { useNow } from '@/lib/useNow';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useChatsQuery } from './api';
import { Conversation } from './Conversation';

export function ChatsPage() {
    const { t } = useWords();
    const { chatId } = useParams();
    const me = useMe();
    const {
        data: chats,
        error,
        isLoading,
        isFetching,
        refetch,
    } = useChatsQuery(undefined, {
        refetchOnMountOrArgChange: true,
    });
    useTitle(t('chats.title'));
    if (!me) return null;
    const open = chats?.find((chat) => chat.id === chatId);
    // An open conversation is what the page is about, and the list stands beside it.
    const Heading = open ? 'h2' : 'h1';
    return (
        <div
            className={`flex md:h-dvh ${chatId ? 'h-dvh' : ''} md:[&>aside]:flex md:[&>div]:flex ${chatId ? '[&>aside]:hidden' : '[&>div]:hidden'}`}
        >
            <aside className="w-full flex-col border-line md:w-80 md:border-r xl:w-95">
                <Heading className="px-4 pt-6 pb-4 text-[1.75rem] md:px-6">{t('chats.title')}</Heading>
                {isLoading ? (
                    <ListSkeleton />
                ) : error && !chats ? (
                    <Failure error={error} retry={() => void refetch()} />
                ) : chats && chats.length > 0 ? (
                    <ChatList chats={chats} me={me} />
                ) : (
                    <Empty icon="chat" title={t('chats.empty')} text={t('chats.emptyText')}>
                        <ButtonLink to="/" look="primary">
                            {t('app.goHome')}
                        </ButtonLink>
                    </Empty>
                )}
            </aside>
            <div className="flex min-w-0 flex-1 flex-col">
                {open ? (
                    <Conversation key={open.id} chat={open} me={me} />
                ) : chatId && (isLoading || isFetching) ? (
                    <ListSkeleton />
                ) : chatId && chats ? (
                    <Failure error={{ status: 404, code: 'not_found', detail: '' }} className="m-auto" />
                ) : (
                    <Empty
                        icon="chat"
                        title={t('chats.choose')}
                        text={t('chats.chooseText')}
                        className="m-auto"
                    />
                )}
            </div>
        </div>
    );
}

function ChatList({ chats, me }: { chats: Chat[]; me: User }) {
    const sorted = [...chats].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
    return (
        <ul className="flex flex-col gap-1 overflow-y-auto px-2 pb-4 md:px-3">
            {sorted.map((chat) => (
                <li key={chat.id}>
                    <ChatRow chat={chat} me={me} />
                </li>
            ))}
        </ul>
    );
}

function ChatRow({ chat, me }: { chat: Chat; me: User }) {
    const { t, recent } = useWords();
    const now = useNow(2000);
    const typing = useAppSelector((state) => state.chat.typing[chat.id]);
    const isTyping = Object.entries(typing ?? {}).some(([user, untilMs]) => user !== me.id && untilMs > now);
    const other = chat.participants.find((person) => person.id !== me.id);
    const name = other?.name ?? t('chats.unknown');
    const { lastMessage } = chat;
    const unread = chat.unreadCount > 0;
    return (
        <NavLink
            to={`/conversas/${chat.id}`}
            className="flex items-center gap-3.5 rounded-card px-3 py-3 transition-colors hover:bg-raised aria-[current=page]:bg-wash"
        >
            <Avatar name={name} src={other?.avatar} className="size-13 text-base" />
            <span className="min-w-0 flex-1">
                <span className="flex items-baseline justify-between gap-2">
                    <span className={`truncate ${unread ? 'font-bold' : 'font-semibold'}`}>{name}</span>
                    {lastMessage && (
                        <time
                            dateTime={lastMessage.createdAt}
                            className={`text-xs tabular ${unread ? 'font-semibold text-accent' : 'text-muted'}`}
                        >
                            {recent(lastMessage.createdAt)}
                        </time>
                    )}
                </span>
                <span className="flex items-center justify-between gap-2">
                    <span
                        className={`truncate text-sm ${isTyping ? 'text-accent' : unread ? 'text-ink' : 'text-muted'}`}
                    >
                        {isTyping
                            ? t('chats.typing', { name: name.split(' ')[0] })
                            : lastMessage
                              ? `${lastMessage.sender.id === me.id ? `${t('chats.you')}: ` : ''}${lastMessage.content}`
                              : t('chats.start')}
                    </span>
                    {unread && (
                        <span className="flex h-5 min-w-5 items-center justify-center rounded-full bg-live px-1.5 text-[0.6875rem] font-bold text-white tabular">
                            <span aria-hidden="true">{Math.min(chat.unreadCount, 99)}</span>
                            <span className="sr-only">{t('nav.unread', { count: chat.unreadCount })}</span>
                        </span>
                    )}
                </span>
            </span>
        </NavLink>
    );
}

function ListSkeleton() {
    return (
        <Loading>
            <div className="flex flex-col gap-5 px-5 py-3">
                {[0, 1, 2, 3].map((index) => (
                    <div key={index} className="flex items-center gap-3.5">
                        <Skeleton className="size-13 rounded-full" />
                        <div className="flex-1">
                            <Skeleton className="mb-2 h-4 w-1/2" />
                            <Skeleton className="h-3.5 w-4/5" />
                        </div>
                    </div>
                ))}
            </div>
        </Loading>
    );
}
