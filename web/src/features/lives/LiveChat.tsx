// The chat of a live, for those who watch and for the one who is watched.
import { type FormEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { draft, type Line } from '@client/chat/messages';
import { useAppDispatch, useAppSelector, useMe } from '@/app/store';
import { Avatar } from '@/components/ui/Avatar';
import { Button, IconButton } from '@/components/ui/Button';
import { Icon } from '@/components/ui/Icon';
import { socket } from '@/lib/socket';
import { useWords } from '@/lib/words';
import { notSaid, said, saying, sayingAgain } from './roomSlice';

const contentLimit = 500;
/** Nearer to the end than this, the list follows what is said. */
const followPx = 80;
const none: Line[] = [];

function useSay(liveId: string, chatId: string) {
    const dispatch = useAppDispatch();
    const me = useMe();
    const { code } = useWords();
    const send = async (content: string, clientId: string) => {
        const ack = await socket.ask('message:send', {
            chatId,
            content,
            type: 'text',
            clientId,
        });
        if (ack.ok) dispatch(said({ ...ack.message, clientId }));
        else dispatch(notSaid({ liveId, clientId, problem: code(ack.error) }));
    };
    return {
        say: (content: string) => {
            if (!me) return;
            const person = { id: me.id, name: me.profile.name, avatar: me.profile.avatar };
            const clientId = crypto.randomUUID();
            dispatch(saying({ liveId, line: draft(chatId, person, content, clientId, Date.now()) }));
            void send(content, clientId);
        },
        again: (line: Line) => {
            if (!line.clientId) return;
            dispatch(sayingAgain({ liveId, clientId: line.clientId }));
            void send(line.content, line.clientId);
        },
    };
}

function ChatLine({ line, hostId, again }: { line: Line; hostId: string; again: (line: Line) => void }) {
    const { t } = useWords();
    const host = line.sender.id === hostId;
    return (
        <li
            data-testid="chat-message"
            className={`flex gap-2.5 rounded-control px-2 py-1.5 wrap-anywhere ${line.type === 'gift' ? 'bg-wash' : ''} ${line.delivery === 'sending' ? 'opacity-60' : ''}`}
        >
            <Avatar
                name={line.sender.name}
                src={line.sender.avatar}
                className="mt-0.5 size-7 text-[0.625rem]"
            />
            <div className="min-w-0 text-sm">
                <span className={`mr-2 font-semibold ${host ? 'text-accent' : 'text-muted'}`}>
                    {line.sender.name}
                    {host && (
                        <span className="ml-1.5 inline-block rounded-full bg-accent px-1.5 align-[1px] text-[0.625rem] leading-4 font-bold text-on-accent">
                            {t('live.host')}
                        </span>
                    )}
                </span>
                {/* What it says turns nothing around but itself. */}
                <bdi>{line.content}</bdi>
                {line.delivery === 'failed' && (
                    <span className="mt-0.5 flex items-center gap-2 text-xs text-bad">
                        {line.problem ?? t('chats.failed')}
                        <button type="button" className="font-semibold underline" onClick={() => again(line)}>
                            {t('app.retry')}
                        </button>
                    </span>
                )}
            </div>
        </li>
    );
}

/** Follows the newest line unless the reader went up to read. */
function useFollow(length: number) {
    const list = useRef<HTMLDivElement>(null);
    const following = useRef(true);
    const [behind, setBehind] = useState(false);
    const toEnd = () => {
        const box = list.current;
        if (box) box.scrollTop = box.scrollHeight;
        setBehind(false);
    };
    useLayoutEffect(() => {
        if (following.current) toEnd();
        else setBehind(true);
    }, [length]);
    useEffect(() => {
        const box = list.current;
        if (!box) return;
        const onScroll = () => {
            following.current = box.scrollHeight - box.scrollTop - box.clientHeight < followPx;
            if (following.current) setBehind(false);
        };
        box.addEventListener('scroll', onScroll, { passive: true });
        return () => box.removeEventListener('scroll', onScroll);
    }, []);
    return { list, behind, toEnd };
}

export function LiveChat({
    liveId,
    chatId,
    hostId,
    beside,
    closed = false,
}: {
    liveId: string;
    chatId: string;
    hostId: string;
    /** Stands left of the composer: the gift button. */
    beside?: ReactNode;
    closed?: boolean;
}) {
    const { t } = useWords();
    const me = useMe();
    const { pathname } = useLocation();
    const lines = useAppSelector((state) => state.rooms[liveId]?.lines ?? none);
    const { say, again } = useSay(liveId, chatId);
    const { list, behind, toEnd } = useFollow(lines.length);
    const [text, setText] = useState('');

    const submit = (event: FormEvent) => {
        event.preventDefault();
        const content = text.trim();
        if (!content) return;
        setText('');
        say(content);
    };

    return (
        <section aria-label={t('live.chat')} className="flex min-h-0 flex-1 flex-col">
            <div className="relative min-h-0 flex-1">
                <div ref={list} className="absolute inset-0 overflow-y-auto overscroll-contain px-3 py-3">
                    {lines.length === 0 ? (
                        <p className="flex h-full items-center justify-center px-6 text-center text-sm text-muted">
                            {t('live.chatEmpty')}
                        </p>
                    ) : (
                        <ul
                            className="flex min-h-full flex-col justify-end"
                            role="log"
                            aria-label={t('live.chat')}
                        >
                            {lines.map((line) => (
                                <ChatLine
                                    key={line.clientId ?? line.id}
                                    line={line}
                                    hostId={hostId}
                                    again={again}
                                />
                            ))}
                        </ul>
                    )}
                </div>
                {behind && (
                    <Button
                        look="primary"
                        size="sm"
                        icon="down"
                        onPress={toEnd}
                        className="absolute bottom-2 left-1/2 -translate-x-1/2"
                    >
                        {t('live.newMessages')}
                    </Button>
                )}
            </div>
            {closed ? null : me ? (
                <form onSubmit={submit} className="flex items-center gap-2 border-t border-line p-3">
                    {beside}
                    <div className="flex h-11 min-w-0 flex-1 items-center rounded-full bg-raised pr-1 focus-within:ring-2 focus-within:ring-accent/50">
                        <input
                            value={text}
                            onChange={(event) => setText(event.target.value)}
                            aria-label={t('chats.message')}
                            placeholder={t('live.chatPlaceholder')}
                            maxLength={contentLimit}
                            autoComplete="off"
                            enterKeyHint="send"
                            data-testid="chat-input"
                            className="h-full min-w-0 flex-1 bg-transparent pl-4 text-[0.9375rem] outline-none focus-visible:outline-none"
                        />
                        <IconButton
                            type="submit"
                            icon="send"
                            label={t('chats.send')}
                            className="size-9"
                            isDisabled={!text.trim()}
                            data-testid="chat-send"
                        />
                    </div>
                </form>
            ) : (
                <Link
                    to={`/entrar?volta=${encodeURIComponent(pathname)}`}
                    className="flex items-center justify-center gap-2 border-t border-line p-4 text-sm font-semibold text-accent hover:underline"
                >
                    <Icon name="chat" />
                    {t('live.chatSignIn')}
                </Link>
            )}
        </section>
    );
}
