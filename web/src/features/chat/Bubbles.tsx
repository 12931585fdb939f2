import type { Delivery, Line } from '@client/chat/messages';
import { Icon, type IconName } from '@/components/ui/Icon';
import { useWords } from '@/lib/words';

const marks: Record<Delivery, IconName> = {
    sending: 'clock',
    failed: 'alert',
    sent: 'check',
    delivered: 'checks',
    read: 'checks',
};

function Status({ delivery }: { delivery: Delivery }) {
    const { t } = useWords();
    return (
        <span
            data-testid="message-status"
            data-status={delivery}
            title={t(`chats.status.${delivery}`)}
            className={`inline-flex ${delivery === 'read' ? 'text-[#9df3ff]' : ''}`}
        >
            <Icon name={marks[delivery]} className="size-4" />
            <span className="sr-only">{t(`chats.status.${delivery}`)}</span>
        </span>
    );
}

function Bubble({
    line,
    mine,
    joined,
    again,
}: {
    line: Line;
    mine: boolean;
    joined: boolean;
    again: () => void;
}) {
    const { t, time } = useWords();
    const shape = mine
        ? `self-end bg-mine text-white ${joined ? 'rounded-tr-md' : ''}`
        : `self-start bg-raised ${joined ? 'rounded-tl-md' : ''}`;
    return (
        <li
            data-testid="chat-message"
            className={`flex max-w-[82%] flex-col ${mine ? 'items-end self-end' : 'items-start self-start'} ${joined ? 'mt-0.5' : 'mt-3'}`}
        >
            <div
                className={`flex flex-wrap items-end justify-end gap-x-2.5 rounded-[1.2rem] px-3.5 py-2 ${shape} ${line.delivery === 'sending' ? 'opacity-75' : ''}`}
            >
                <span className="min-w-0 flex-auto whitespace-pre-wrap wrap-anywhere">{line.content}</span>
                <span
                    className={`flex items-center gap-1 text-[0.6875rem] leading-5 tabular ${mine ? 'text-white/80' : 'text-muted'}`}
                >
                    <time dateTime={line.createdAt}>{time(line.createdAt)}</time>
                    {mine && <Status delivery={line.delivery} />}
                </span>
            </div>
            {line.delivery === 'failed' && (
                <p className="mt-1 flex items-center gap-2 text-xs text-bad" role="alert">
                    {line.problem ?? t('chats.failed')}
                    <button type="button" className="font-semibold underline" onClick={again}>
                        {t('app.retry')}
                    </button>
                </p>
            )}
        </li>
    );
}

const dayOf = (iso: string) => new Date(iso).toDateString();
const togetherMs = 4 * 60_000;

function Day({ iso }: { iso: string }) {
    const { t, day } = useWords();
    const today = new Date();
    const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
    const name =
        dayOf(iso) === today.toDateString()
            ? t('chats.today')
            : dayOf(iso) === yesterday.toDateString()
              ? t('chats.yesterday')
              : day(iso);
    return (
        <li className="sticky top-1 z-10 my-3 self-center rounded-full border border-line bg-canvas/90 px-3.5 py-1 text-xs font-medium text-muted backdrop-blur">
            {name}
        </li>
    );
}

/** The conversation by days; lines of one person in one breath stand together. */
export function Bubbles({
    lines,
    me,
    again,
}: {
    lines: readonly Line[];
    me: string;
    again: (line: Line) => void;
}) {
    return lines.map((line, index) => {
        const before = lines[index - 1];
        const newDay = !before || dayOf(before.createdAt) !== dayOf(line.createdAt);
        const joined =
            !newDay &&
            before.sender.id === line.sender.id &&
            new Date(line.createdAt).getTime() - new Date(before.createdAt).getTime() < togetherMs;
        return [
            newDay && <Day key={`day-${line.createdAt}`} iso={line.createdAt} />,
            <Bubble
                key={line.clientId ?? line.id}
                line={line}
                mine={line.sender.id === me}
                joined={joined}
                again={() => again(line)}
            />,
        ];
    });
}
