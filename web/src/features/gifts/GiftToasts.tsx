import { useTranslation } from 'react-i18next';
import type { Gift } from '@client/api/types';

export function GiftToasts({ gifts }: { gifts: Gift[] }) {
    const { t } = useTranslation();
    return (
        <ul aria-live="polite" className="pointer-events-none absolute bottom-4 left-4 space-y-2">
            {gifts.map((gift) => (
                <li
                    key={gift.id}
                    data-testid="gift-toast"
                    className="rise flex items-center gap-3 rounded-full bg-black/70 py-2 pr-5 pl-3 text-white"
                >
                    <span className="text-3xl" aria-hidden>
                        {gift.icon ?? '🎁'}
                    </span>
                    <span className="text-sm font-semibold">
                        {t('gift.sentBy', {
                            sender: gift.senderName ?? '',
                            name: gift.name ?? gift.giftType,
                        })}
                    </span>
                </li>
            ))}
        </ul>
    );
}
