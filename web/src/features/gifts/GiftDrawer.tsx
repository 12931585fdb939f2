import { useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { GiftKind } from '@client/api/types';
import { useAppDispatch } from '@/app/store';
import { Button, ButtonLink, IconButton } from '@/components/ui/Button';
import { Dialog } from '@/components/ui/Dialog';
import { TokenIcon } from '@/components/ui/Icon';
import { Empty, Failure, Loading, Notice, Skeleton } from '@/components/ui/State';
import { useWalletQuery, walletApi } from '@/features/wallet/api';
import { api } from '@/lib/api';
import { socket } from '@/lib/socket';
import { useWords } from '@/lib/words';
import { useGiftsQuery } from './api';

const amountLimit = 99;

/** Sends one gift; a try again after silence carries the same key, so that it is paid once. */
function useSendGift(liveId: string, done: () => void) {
    const dispatch = useAppDispatch();
    const words = useWords();
    const [sending, setSending] = useState(false);
    const [problem, setProblem] = useState<string | null>(null);
    const attempt = useRef<{ what: string; key: string } | null>(null);

    const send = async (giftType: string, amount: number) => {
        const what = `${giftType}×${amount}`;
        if (attempt.current?.what !== what) attempt.current = { what, key: crypto.randomUUID() };
        setSending(true);
        setProblem(null);
        const ack = await socket.ask('gift:send', {
            liveId,
            giftType,
            amount,
            idempotencyKey: attempt.current.key,
        });
        setSending(false);
        if (!ack.ok) {
            if (ack.error.code !== 'unreachable') attempt.current = null;
            return setProblem(words.code(ack.error));
        }
        attempt.current = null;
        dispatch(
            walletApi.util.updateQueryData('wallet', undefined, (wallet) => {
                wallet.balance = ack.balance;
            }),
        );
        dispatch(api.util.invalidateTags(['Transactions']));
        done();
    };
    return { send, sending, problem, forget: () => setProblem(null) };
}

export function GiftDrawer({
    liveId,
    to,
    isOpen,
    onClose,
}: {
    liveId: string;
    to: string;
    isOpen: boolean;
    onClose: () => void;
}) {
    const { t, number } = useWords();
    const { data: wallet } = useWalletQuery(undefined, { skip: !isOpen });
    return (
        <Dialog isOpen={isOpen} onClose={onClose} title={t('gifts.title')}>
            <div className="-mt-3 flex items-center justify-between gap-3">
                <p className="text-sm text-muted">{t('gifts.to', { name: to })}</p>
                {wallet && (
                    <span className="flex items-center gap-1.5 rounded-full bg-raised px-3 py-1.5 text-sm font-semibold tabular">
                        <TokenIcon />
                        {number(wallet.balance)}
                    </span>
                )}
            </div>
            <GiftChooser liveId={liveId} balance={wallet?.balance ?? null} onSent={onClose} />
        </Dialog>
    );
}

function GiftChooser({
    liveId,
    balance,
    onSent,
}: {
    liveId: string;
    balance: number | null;
    onSent: () => void;
}) {
    const words = useWords();
    const { t } = words;
    const { data: gifts, error, isLoading, refetch } = useGiftsQuery();
    const [chosen, setChosen] = useState<GiftKind | null>(null);
    const [amount, setAmount] = useState(1);
    const { send, sending, problem, forget } = useSendGift(liveId, onSent);

    if (isLoading)
        return (
            <Loading>
                <div className="grid grid-cols-3 gap-2 sm:grid-cols-4">
                    {Array.from({ length: 8 }, (_, index) => (
                        <Skeleton key={index} className="aspect-square" />
                    ))}
                </div>
            </Loading>
        );
    if (error) return <Failure error={error} retry={() => void refetch()} className="py-6" />;
    if (!gifts || gifts.length === 0) return <Empty icon="gift" title={t('gifts.empty')} className="py-6" />;

    const total = (chosen?.price ?? 0) * amount;
    const missing = balance === null ? 0 : Math.max(0, total - balance);
    return (
        <>
            <div role="group" aria-label={t('gifts.title')} className="grid grid-cols-3 gap-2 sm:grid-cols-4">
                {gifts.map((gift) => (
                    <AriaButton
                        key={gift.type}
                        data-testid={`gift-item-${gift.type}`}
                        aria-pressed={chosen?.type === gift.type}
                        onPress={() => {
                            setChosen(gift);
                            setAmount(1);
                            forget();
                        }}
                        className={`flex flex-col items-center gap-1 rounded-card border px-1.5 py-3 transition-colors ${chosen?.type === gift.type ? 'border-accent bg-wash' : 'border-transparent bg-raised/70 hover:bg-raised'}`}
                    >
                        <span className="text-[2.1rem] leading-none" aria-hidden="true">
                            {gift.icon}
                        </span>
                        <span className="mt-1 w-full truncate text-center text-[0.8125rem] font-medium">
                            {gift.name}
                        </span>
                        <span className="flex items-center gap-1 text-xs font-semibold text-muted tabular">
                            <TokenIcon className="size-3" />
                            {words.number(gift.price)}
                        </span>
                    </AriaButton>
                ))}
            </div>
            {problem && <Notice>{problem}</Notice>}
            {chosen && missing > 0 && (
                <Notice kind="plain">{t('gifts.insufficient', { missing: words.tokens(missing) })}</Notice>
            )}
            <div className="flex items-center gap-3">
                <div
                    className="flex items-center rounded-full bg-raised"
                    role="group"
                    aria-label={t('gifts.quantity')}
                >
                    <IconButton
                        icon="minus"
                        label={t('gifts.less')}
                        isDisabled={!chosen || amount <= 1}
                        onPress={() => setAmount(amount - 1)}
                    />
                    <output className="w-7 text-center font-semibold tabular">{amount}</output>
                    <IconButton
                        icon="plus"
                        label={t('gifts.moreOne')}
                        isDisabled={!chosen || amount >= amountLimit}
                        onPress={() => setAmount(amount + 1)}
                    />
                </div>
                {chosen && missing > 0 ? (
                    <ButtonLink to="/carteira" look="primary" size="lg" className="flex-1">
                        {t('live.buyTokens')}
                    </ButtonLink>
                ) : (
                    <Button
                        look="primary"
                        size="lg"
                        className="flex-1"
                        data-testid="gift-send"
                        busy={sending}
                        isDisabled={!chosen}
                        onPress={() => chosen && void send(chosen.type, amount)}
                    >
                        {chosen ? t('gifts.send', { price: words.tokens(total) }) : t('gifts.open')}
                    </Button>
                )}
            </div>
        </>
    );
}
