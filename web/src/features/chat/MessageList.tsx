import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '@client/api/types';
import { formatTime } from '@client/format/format';

export type Shown = Message & { state?: 'sending' | 'failed' };

export function MessageList({
    messages,
    me,
    receipts,
}: {
    messages: Shown[];
    me: string | undefined;
    receipts: boolean;
}) {
    const { t } = useTranslation();
    const end = useRef<HTMLLIElement>(null);
    const last = messages.at(-1)?.id;
    useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [last]);
    const status = (message: Shown) => message.state ?? (message.readAt ? 'read' : 'sent');
    return (
        <ol aria-live="polite" className="flex min-h-0 flex-1 flex-col gap-2 overflow-y-auto p-4">
            {messages.length === 0 && <li className="m-auto text-center text-soft">{t('chat.empty')}</li>}
            {messages.map((message) => {
                const mine = message.sender.id === me;
                return (
                    <li
                        key={message.clientId ?? message.id}
                        data-testid="chat-message"
                        className={`max-w-[85%] rounded-2xl px-3.5 py-2 ${mine ? 'self-end bg-accent text-on-accent' : 'self-start bg-raised'}`}
                    >
                        {!mine && (
                            <span className="block text-xs font-bold text-accent">{message.sender.name}</span>
                        )}
                        <span className="break-words whitespace-pre-wrap">{message.content}</span>
                        <span className="ml-2 inline-flex gap-1 align-bottom text-[0.7rem] opacity-70">
                            {formatTime(message.createdAt)}
                            {mine && receipts && (
                                <span
                                    data-testid="message-status"
                                    data-status={status(message)}
                                    aria-label={t(`chat.${status(message)}`)}
                                >
                                    {{ sending: '◌', failed: '!', sent: '✓', read: '✓✓' }[status(message)]}
                                </span>
                            )}
                        </span>
                    </li>
                );
            })}
            <li ref={end} aria-hidden />
        </ol>
    );
}
