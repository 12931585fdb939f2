import { type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import type { Line } from '@client/chat/messages';
import type { Chat, User } from '@client/api/types';
import { useAppSelector } from '@/app/store';
import { Avatar } from '@/components/ui/Avatar';
import { Button, IconButton } from '@/components/ui/Button';
import { Icon } from '@/components/ui/Icon';
import { Failure, Loading, Notice, Skeleton } from '@/components/ui/State';
import { useNow } from '@/lib/useNow';
import { useWords } from '@/lib/words';
import { Bubbles } from './Bubbles';
import { useHistory, useReceipts, useSend, useTyping } from './useConversation';

const contentLimit = 2000;
const followPx = 120;
const none: Line[] = [];

export function Conversation({ chat, me }: { chat: Chat; me: User }) {
    const { t } = useWords();
    const lines = useAppSelector((state) => state.chat.conversations[chat.id]?.lines ?? none);
    const history = useHistory(chat.id);
    const { send, again } = useSend(chat.id);
    useReceipts(chat.id, lines);
    const other = chat.participants.find((person) => person.id !== me.id);
    const name = other?.name ?? t('chats.unknown');

    return (
        <section aria-label={name} className="flex min-h-0 min-w-0 flex-1 flex-col">
            <header className="flex items-center gap-3 border-b border-line px-3 py-2.5 md:px-5 md:py-3.5">
                <Link
                    to="/conversas"
                    aria-label={t('app.back')}
                    className="flex size-11 items-center justify-center rounded-full text-muted hover:bg-raised md:hidden"
                >
                    <Icon name="back" />
                </Link>
                <Link
                    to={me.type === 'model' ? '.' : `/modelo/${other?.id ?? ''}`}
                    className="flex min-w-0 items-center gap-3 rounded-full pr-4"
                >
                    <Avatar name={name} src={other?.avatar} className="size-11 text-sm" />
                    <h1 className="truncate text-lg">{name}</h1>
                </Link>
            </header>
            <Lines lines={lines} me={me.id} history={history} again={again}>
                <TypingSign chatId={chat.id} name={name} me={me.id} />
            </Lines>
            {chat.status === 'blocked' ? (
                <div className="p-4">
                    <Notice kind="plain">{t('chats.blocked')}</Notice>
                </div>
            ) : (
                <Composer chatId={chat.id} send={send} />
            )}
        </section>
    );
}

function Lines({
    lines,
    me,
    history,
    again,
    children,
}: {
    lines: Line[];
    me: string;
    history: ReturnType<typeof useHistory>;
    again: (line: Line) => void;
    children: React.ReactNode;
}) {
    const { t } = useWords();
    const box = useRef<HTMLDivElement>(null);
    const following = useRef(true);
    const height = useRef(0);
    const first = lines[0]?.id;
    const last = lines.at(-1);
    const lastKey = last && (last.clientId ?? last.id);

    // New lines below: stay at the end if the reader is there, or wrote them.
    useLayoutEffect(() => {
        const list = box.current;
        if (list && (following.current || last?.sender.id === me)) list.scrollTop = list.scrollHeight;
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, [lastKey, history.known]);
    // Older lines above: what was being read stays where it is.
    useLayoutEffect(() => {
        const list = box.current;
        if (!list) return;
        if (!following.current && height.current) list.scrollTop += list.scrollHeight - height.current;
        height.current = list.scrollHeight;
    }, [first]);

    const onScroll = () => {
        const list = box.current;
        if (!list) return;
        following.current = list.scrollHeight - list.scrollTop - list.clientHeight < followPx;
        height.current = list.scrollHeight;
        if (list.scrollTop < 80 && history.hasOlder && !history.loading) history.older();
    };

    return (
        <div
            ref={box}
            onScroll={onScroll}
            className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-4 py-3 md:px-6"
        >
            {!history.known && lines.length === 0 ? (
                history.error ? (
                    <Failure error={history.error} retry={history.reload} />
                ) : (
                    <Loading>
                        <div className="flex flex-col gap-3 pt-6">
                            {['w-2/5', 'w-1/2 self-end', 'w-1/3', 'w-2/5 self-end'].map((shape) => (
                                <Skeleton key={shape} className={`h-10 rounded-[1.2rem] ${shape}`} />
                            ))}
                        </div>
                    </Loading>
                )
            ) : (
                <div className="flex min-h-full flex-col justify-end">
                    <div className="flex justify-center py-3 text-xs text-faint">
                        {history.hasOlder ? (
                            <Button size="sm" look="ghost" busy={history.loading} onPress={history.older}>
                                {t('chats.older')}
                            </Button>
                        ) : (
                            <span>{lines.length > 0 ? t('chats.beginning') : t('chats.start')}</span>
                        )}
                    </div>
                    <div role="log" aria-live="polite">
                        <ol className="flex flex-col">
                            <Bubbles lines={lines} me={me} again={again} />
                        </ol>
                    </div>
                    {children}
                </div>
            )}
        </div>
    );
}

function TypingSign({ chatId, name, me }: { chatId: string; name: string; me: string }) {
    const { t } = useWords();
    const now = useNow(1000);
    const typing = useAppSelector((state) => state.chat.typing[chatId]);
    const shown = Object.entries(typing ?? {}).some(([user, untilMs]) => user !== me && untilMs > now);
    const sign = useRef<HTMLDivElement>(null);
    useEffect(() => {
        if (shown) sign.current?.scrollIntoView({ block: 'nearest' });
    }, [shown]);
    return (
        <div role="status" ref={sign} className="h-9 pt-2">
            {shown && (
                <span data-testid="typing-indicator" className="flex items-center gap-2.5 text-sm text-muted">
                    <span
                        className="flex h-7 items-center gap-1 rounded-full bg-raised px-3"
                        aria-hidden="true"
                    >
                        {['', '[animation-delay:150ms]', '[animation-delay:300ms]'].map((delay) => (
                            <span
                                key={delay}
                                className={`size-1.5 animate-typing rounded-full bg-muted ${delay}`}
                            />
                        ))}
                    </span>
                    {t('chats.typing', { name })}
                </span>
            )}
        </div>
    );
}

function Composer({ chatId, send }: { chatId: string; send: (content: string) => void }) {
    const { t } = useWords();
    const [text, setText] = useState('');
    const { typing, end } = useTyping(chatId);
    const area = useRef<HTMLTextAreaElement>(null);

    useLayoutEffect(() => {
        const box = area.current;
        if (!box) return;
        box.style.height = 'auto';
        box.style.height = `${Math.min(box.scrollHeight, 144)}px`;
    }, [text]);

    const submit = (event?: FormEvent) => {
        event?.preventDefault();
        const content = text.trim();
        if (!content) return;
        setText('');
        end();
        send(content);
        area.current?.focus();
    };
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
        submit(event);
    };

    return (
        <form
            onSubmit={submit}
            className="flex items-end gap-2 border-t border-line p-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:p-4"
        >
            <div className="flex min-w-0 flex-1 rounded-[1.4rem] bg-raised focus-within:ring-2 focus-within:ring-accent/50">
                <textarea
                    ref={area}
                    rows={1}
                    value={text}
                    onChange={(event) => {
                        setText(event.target.value);
                        if (event.target.value) typing();
                        else end();
                    }}
                    onKeyDown={onKeyDown}
                    aria-label={t('chats.message')}
                    placeholder={t('chats.placeholder')}
                    maxLength={contentLimit}
                    enterKeyHint="send"
                    data-testid="chat-input"
                    className="min-h-11 flex-1 resize-none bg-transparent px-4.5 py-2.5 outline-none focus-visible:outline-none"
                />
            </div>
            <IconButton
                type="submit"
                look="primary"
                icon="send"
                label={t('chats.send')}
                isDisabled={!text.trim()}
                data-testid="chat-send"
            />
        </form>
    );
}
