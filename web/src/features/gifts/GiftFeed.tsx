import type { Gift } from '@client/api/types';
import { useAppSelector } from '@/app/store';
import { TokenIcon } from '@/components/ui/Icon';
import { useWords } from '@/lib/words';

const none: Gift[] = [];

/** What the model was given in this live, newest first. */
export function GiftFeed({ liveId }: { liveId: string }) {
    const { t, number, time } = useWords();
    const gifts = useAppSelector((state) => state.rooms[liveId]?.gifts ?? none);
    if (gifts.length === 0) return <p className="px-5 py-4 text-sm text-muted">{t('gifts.feedEmpty')}</p>;
    return (
        <ul className="flex max-h-52 flex-col overflow-y-auto px-3 py-2">
            {gifts.toReversed().map((gift) => (
                <li
                    key={gift.id}
                    className="flex animate-rise items-center gap-3 rounded-control px-2 py-1.5 text-sm"
                >
                    <span className="text-2xl leading-none" aria-hidden="true">
                        {gift.icon ?? '🎁'}
                    </span>
                    <span className="min-w-0 flex-1">
                        <span className="block truncate font-semibold">
                            {gift.senderName ?? t('gifts.someone')}
                        </span>
                        <span className="block truncate text-xs text-muted">
                            {gift.name ?? gift.giftType}
                            {gift.amount > 1 && ` × ${gift.amount}`} · {time(gift.createdAt)}
                        </span>
                    </span>
                    {gift.total !== undefined && (
                        <span className="flex items-center gap-1 font-semibold tabular">
                            <TokenIcon className="size-3.5" />
                            {number(gift.total)}
                        </span>
                    )}
                </li>
            ))}
        </ul>
    );
}
