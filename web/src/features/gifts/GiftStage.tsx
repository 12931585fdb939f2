// Gifts as everyone in the live sees them: a card with who and what, and the gift itself rising over the picture.
import { useEffect, useRef, useState } from 'react';
import type { Gift } from '@client/api/types';
import { useAppSelector } from '@/app/store';
import { useWords } from '@/lib/words';

const shownMs = 4_500;
/** Cards at a time; a rain of gifts shows its newest. */
const atOnce = 3;
const none: Gift[] = [];

function useArrivals(gifts: Gift[]): Gift[] {
    const [shown, setShown] = useState<Gift[]>([]);
    const seen = useRef<Set<string> | null>(null);
    const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
    useEffect(() => {
        // What was given before this page came is history, not an arrival.
        if (!seen.current) {
            seen.current = new Set(gifts.map((gift) => gift.id));
            return;
        }
        const fresh = gifts.filter((gift) => !seen.current?.has(gift.id));
        if (fresh.length === 0) return;
        fresh.forEach((gift) => seen.current?.add(gift.id));
        setShown((now) => [...now, ...fresh].slice(-atOnce));
        const timer = setTimeout(() => {
            timers.current.delete(timer);
            setShown((now) => now.filter((gift) => !fresh.includes(gift)));
        }, shownMs);
        timers.current.add(timer);
    }, [gifts]);
    useEffect(() => {
        const running = timers.current;
        return () => running.forEach(clearTimeout);
    }, []);
    return shown;
}

export function GiftStage({ liveId }: { liveId: string }) {
    const { t } = useWords();
    const gifts = useAppSelector((state) => state.rooms[liveId]?.gifts ?? none);
    const shown = useArrivals(gifts);
    return (
        <div className="pointer-events-none absolute inset-0 z-10 overflow-hidden" aria-live="polite">
            {shown.map((gift) => (
                <FloatingGift key={gift.id} gift={gift} />
            ))}
            <div className="absolute bottom-16 left-3 flex flex-col gap-2 sm:bottom-20 sm:left-5">
                {shown.map((gift) => (
                    <div
                        key={gift.id}
                        data-testid="gift-toast"
                        className="flex max-w-[80vw] animate-toast items-center gap-3 self-start rounded-full bg-linear-to-r from-[#d81b6a] to-[#7a2bb0] py-2 pr-5 pl-2 text-white shadow-xl"
                    >
                        <span className="flex size-10 items-center justify-center rounded-full bg-white/20 text-2xl">
                            {gift.icon ?? '🎁'}
                        </span>
                        <span className="min-w-0">
                            <span className="block truncate text-sm leading-tight font-bold">
                                {t('gifts.received', {
                                    name: gift.senderName ?? t('gifts.someone'),
                                    gift: gift.name ?? gift.giftType,
                                })}
                            </span>
                            {gift.amount > 1 && (
                                <span className="font-display text-lg leading-tight font-extrabold">
                                    × {gift.amount}
                                </span>
                            )}
                        </span>
                    </div>
                ))}
            </div>
        </div>
    );
}

const drifts = [-46, 22, -12, 54, -30, 8, 38];

function FloatingGift({ gift }: { gift: Gift }) {
    const copies = Math.min(7, Math.max(3, gift.amount));
    return (
        <div className="absolute bottom-12 left-1/2 motion-reduce:hidden" aria-hidden="true">
            {drifts.slice(0, copies).map((drift, index) => (
                <span
                    key={drift}
                    className="absolute animate-float text-5xl opacity-0 sm:text-6xl"
                    style={{
                        left: `${drift * 2.4}px`,
                        animationDelay: `${index * 140}ms`,
                        ['--drift' as string]: `${drift}px`,
                    }}
                >
                    {gift.icon ?? '🎁'}
                </span>
            ))}
        </div>
    );
}
