import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { GiftKind } from '@client/api/types';
import { formatTokens } from '@client/format/format';
import { api, useGiftsQuery, useWalletQuery } from '../../app/api';
import { socket } from '../../app/session';
import { store } from '../../app/store';
import { Button } from '../../components/ui/ui';
import { Dialog } from '../../components/ui/Dialog';

export function GiftDrawer({ liveId }: { liveId: string }) {
    const { t } = useTranslation();
    const [open, setOpen] = useState(false);
    const [chosen, setChosen] = useState<GiftKind | null>(null);
    const [problem, setProblem] = useState<string | null>(null);
    const [sending, setSending] = useState(false);
    const { data } = useGiftsQuery();
    const { data: wallet } = useWalletQuery();
    const send = async () => {
        if (!chosen) return;
        setSending(true);
        const answer = await socket.ask('gift:send', {
            liveId,
            giftType: chosen.type,
            amount: 1,
            idempotencyKey: crypto.randomUUID(),
        });
        setSending(false);
        store.dispatch(api.util.invalidateTags(['Wallet']));
        if (answer.ok) setOpen(false);
        else setProblem(answer.error.detail);
    };
    return (
        <>
            <Button
                data-testid="gift-open"
                onClick={() => {
                    setProblem(null);
                    setOpen(true);
                }}
            >
                🎁 {t('gift.open')}
            </Button>
            <Dialog title={t('gift.choose')} open={open} onClose={() => setOpen(false)}>
                <p className="flex justify-between text-sm text-soft">
                    <span>
                        {t('gift.balance')}:{' '}
                        <strong className="text-ink">{formatTokens(wallet?.balance ?? 0)}</strong>
                    </span>
                    <Link to="/carteira" className="font-semibold text-accent">
                        {t('gift.buy')}
                    </Link>
                </p>
                <div className="grid grid-cols-3 gap-2">
                    {data?.items.map((gift) => (
                        <button
                            key={gift.type}
                            type="button"
                            data-testid={`gift-item-${gift.type}`}
                            aria-pressed={chosen?.type === gift.type}
                            onClick={() => setChosen(gift)}
                            className="rounded-2xl border-2 border-line p-3 text-center aria-pressed:border-accent aria-pressed:bg-raised"
                        >
                            <span className="block text-3xl" aria-hidden>
                                {gift.icon}
                            </span>
                            <span className="block text-sm font-semibold">{gift.name}</span>
                            <span className="text-xs text-soft">{formatTokens(gift.price)}</span>
                        </button>
                    ))}
                </div>
                {problem && (
                    <p role="alert" className="rounded-xl bg-live/15 p-3 text-sm">
                        {problem}
                    </p>
                )}
                <div className="flex gap-2">
                    <Button
                        className="flex-1"
                        data-testid="gift-send"
                        disabled={!chosen || sending}
                        onClick={() => void send()}
                    >
                        {chosen
                            ? t('gift.send', { name: chosen.name, price: chosen.price })
                            : t('gift.choose')}
                    </Button>
                    <Button kind="quiet" onClick={() => setOpen(false)}>
                        {t('gift.close')}
                    </Button>
                </div>
            </Dialog>
        </>
    );
}
