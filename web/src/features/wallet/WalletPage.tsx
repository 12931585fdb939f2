import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TokenPackage, Transaction } from '@client/api/types';
import { formatDateTime, formatMoney, formatTokens } from '@client/format/format';
import {
    problemText,
    useConfirmPurchaseMutation,
    usePackagesQuery,
    usePurchaseMutation,
    useTransactionsQuery,
    useWalletQuery,
} from '../../app/api';
import { useSession } from '../../app/session';
import { Dialog } from '../../components/ui/Dialog';
import { Button, Empty, Failed, Loading } from '../../components/ui/ui';
import { RequireSession } from '../auth/pages';

/** The balance after each movement, oldest first, as a line with its area. */
function BalancePlot({ transactions, label }: { transactions: Transaction[]; label: string }) {
    const values = transactions
        .flatMap((item) => (item.balanceAfter === undefined ? [] : [item.balanceAfter]))
        .reverse();
    if (values.length < 2) return null;
    const top = Math.max(...values, 1);
    const points = values.map(
        (value, index) => `${(index / (values.length - 1)) * 300},${84 - (value / top) * 76}`,
    );
    return (
        <svg
            viewBox="0 0 300 88"
            role="img"
            aria-label={`${label}: ${values.map((value) => formatTokens(value)).join(', ')}`}
            className="w-full text-accent"
            preserveAspectRatio="none"
        >
            <polygon points={`0,88 ${points.join(' ')} 300,88`} fill="currentColor" opacity="0.15" />
            <polyline
                points={points.join(' ')}
                fill="none"
                stroke="currentColor"
                strokeWidth="2.5"
                vectorEffect="non-scaling-stroke"
            />
        </svg>
    );
}

function Packages() {
    const { t } = useTranslation();
    const { data, error, isLoading } = usePackagesQuery();
    const [chosen, setChosen] = useState<TokenPackage | null>(null);
    const [purchase, buying] = usePurchaseMutation();
    const [confirm, confirming] = useConfirmPurchaseMutation();
    const buy = async () => {
        if (!chosen) return;
        const made = await purchase(chosen.id);
        if (!made.data) return;
        const settled = await confirm(made.data.purchase.id);
        if (!settled.error) setChosen(null);
    };
    if (isLoading) return <Loading />;
    if (error) return <Failed error={error} />;
    const problem = buying.error ?? confirming.error;
    return (
        <section className="space-y-4">
            <h2 className="text-xl font-bold">{t('wallet.packages')}</h2>
            <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4">
                {data?.items.map((item) => (
                    <li key={item.id} className="flex flex-col gap-3 rounded-card bg-panel p-5">
                        <span className="text-3xl font-extrabold">{formatTokens(item.tokens)}</span>
                        <span className="text-soft">{t('wallet.tokens')}</span>
                        <Button
                            data-testid="package-buy"
                            aria-label={t('wallet.buy', { tokens: item.tokens })}
                            onClick={() => setChosen(item)}
                            className="mt-auto px-3"
                        >
                            {formatMoney(item.price)}
                        </Button>
                    </li>
                ))}
            </ul>
            <Dialog title={t('wallet.confirm')} open={chosen !== null} onClose={() => setChosen(null)}>
                {chosen && (
                    <p>
                        {t('wallet.confirmText', {
                            tokens: formatTokens(chosen.tokens),
                            price: formatMoney(chosen.price),
                        })}
                    </p>
                )}
                {problem && <p role="alert">{problemText(problem)}</p>}
                <div className="flex gap-2">
                    <Button
                        className="flex-1"
                        data-testid="purchase-confirm"
                        disabled={buying.isLoading || confirming.isLoading}
                        onClick={() => void buy()}
                    >
                        {t('wallet.confirm')}
                    </Button>
                    <Button kind="quiet" onClick={() => setChosen(null)}>
                        {t('wallet.cancel')}
                    </Button>
                </div>
            </Dialog>
        </section>
    );
}

function Transactions() {
    const { t } = useTranslation();
    const { data, error, isLoading } = useTransactionsQuery();
    if (isLoading) return <Loading />;
    if (error) return <Failed error={error} />;
    return (
        <section className="space-y-4">
            <h2 className="text-xl font-bold">{t('wallet.transactions')}</h2>
            {!data?.items.length && <Empty title={t('wallet.noTransactions')} />}
            {data && <BalancePlot transactions={data.items} label={t('wallet.chart')} />}
            <ul className="divide-y divide-line">
                {data?.items.map((item) => (
                    <li key={item.id} className="flex items-center justify-between gap-4 py-3">
                        <span>
                            <span className="block font-semibold">
                                {t(`kind.${item.kind}`, {
                                    defaultValue: item.kind,
                                    keySeparator: '~',
                                    nsSeparator: '~',
                                })}
                            </span>
                            <span className="text-sm text-soft">{formatDateTime(item.createdAt)}</span>
                        </span>
                        <span className={`font-bold tabular-nums ${item.amount > 0 ? 'text-good' : ''}`}>
                            {item.amount > 0 ? '+' : ''}
                            {formatTokens(item.amount)}
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    );
}

function Wallet() {
    const { t } = useTranslation();
    const session = useSession();
    const { data, error, isLoading, refetch } = useWalletQuery(undefined, {
        refetchOnMountOrArgChange: true,
    });
    if (isLoading) return <Loading />;
    if (error || !data) return <Failed error={error} retry={() => void refetch()} />;
    return (
        <div className="mx-auto max-w-4xl space-y-10">
            <section className="rounded-card bg-linear-to-br from-[#ff6b81] to-[#8e2a86] p-6 text-white md:p-8">
                <h1 className="font-semibold opacity-90">{t('wallet.balance')}</h1>
                <p className="text-5xl font-extrabold tabular-nums">
                    <span data-testid="balance">{formatTokens(data.balance)}</span>{' '}
                    <span className="text-xl font-semibold">{t('wallet.tokens')}</span>
                </p>
                {data.earnings && (
                    <p className="mt-4">
                        {t('wallet.earnings')}: {t('wallet.pending')} {formatTokens(data.earnings.pending)} ·{' '}
                        {t('wallet.available')} {formatTokens(data.earnings.available)}
                    </p>
                )}
            </section>
            {session?.user.type === 'client' && <Packages />}
            <Transactions />
        </div>
    );
}

export const WalletPage = () => (
    <RequireSession>
        <Wallet />
    </RequireSession>
);
