import { useMemo } from 'react';
import type { Earnings, Transaction, Wallet } from '@client/api/types';
import { Button } from '@/components/ui/Button';
import { Icon, type IconName, TokenIcon } from '@/components/ui/Icon';
import { Empty, Failure, Loading, Skeleton } from '@/components/ui/State';
import { Packages } from '@/features/payments/Packages';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useTransactionsInfiniteQuery, useWalletQuery } from './api';
import { balanceOverTime, stepPath } from './plot';

const plotLimit = 60;

export function WalletPage() {
    const { t } = useWords();
    const {
        data: wallet,
        error,
        isLoading,
        refetch,
    } = useWalletQuery(undefined, { refetchOnMountOrArgChange: true });
    const list = useTransactionsInfiniteQuery(undefined, { refetchOnMountOrArgChange: true });
    const transactions = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
    useTitle(t('wallet.title'));
    return (
        <div className="mx-auto max-w-275 px-4 py-6 sm:px-8 md:py-10">
            <h1 className="mb-6 text-[1.75rem] md:text-4xl">{t('wallet.title')}</h1>
            {isLoading ? (
                <Loading>
                    <Skeleton className="h-52 rounded-[1.75rem]" />
                </Loading>
            ) : error && !wallet ? (
                <Failure error={error} retry={() => void refetch()} />
            ) : (
                wallet && (
                    <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
                        <BalanceCard wallet={wallet} transactions={transactions} />
                        {wallet.earnings && <EarningsCard earnings={wallet.earnings} />}
                    </div>
                )
            )}
            <Packages />
            <section aria-labelledby="movimentacoes" className="mt-12">
                <h2 id="movimentacoes" className="mb-4 text-2xl">
                    {t('wallet.history')}
                </h2>
                {list.isLoading ? (
                    <Loading>
                        <Skeleton className="h-64 rounded-card" />
                    </Loading>
                ) : list.error && !list.data ? (
                    <Failure error={list.error} retry={() => void list.refetch()} />
                ) : transactions.length === 0 ? (
                    <div className="rounded-card border border-line bg-surface">
                        <Empty
                            icon="wallet"
                            title={t('wallet.historyNone')}
                            text={t('wallet.historyEmpty')}
                            className="py-10"
                        />
                    </div>
                ) : (
                    <>
                        <ul className="divide-y divide-line overflow-hidden rounded-card border border-line bg-surface">
                            {transactions.map((transaction) => (
                                <TransactionRow key={transaction.id} transaction={transaction} />
                            ))}
                        </ul>
                        {list.hasNextPage && (
                            <div className="mt-5 flex justify-center">
                                <Button
                                    busy={list.isFetchingNextPage}
                                    onPress={() => void list.fetchNextPage()}
                                >
                                    {t('app.more')}
                                </Button>
                            </div>
                        )}
                    </>
                )}
            </section>
        </div>
    );
}

function BalanceCard({ wallet, transactions }: { wallet: Wallet; transactions: Transaction[] }) {
    const { t, number } = useWords();
    return (
        <section
            aria-label={t('wallet.balance')}
            className="relative flex min-h-52 flex-col justify-between overflow-hidden rounded-[1.75rem] bg-linear-to-br from-[#3b1549] via-[#6d1d57] to-[#b32a55] p-6 text-white sm:p-8 lg:col-span-full has-[+section]:lg:col-span-1"
        >
            <Plot balance={wallet.balance} transactions={transactions} />
            <p className="relative font-medium text-white/80">{t('wallet.balance')}</p>
            <p className="relative flex items-end gap-3">
                <TokenIcon className="mb-1.5 size-9 text-[#f4bd55]" />
                <span
                    data-testid="balance"
                    className="font-display text-6xl leading-none font-bold tracking-tight tabular"
                >
                    {number(wallet.balance)}
                </span>
                <span className="mb-1 text-white/80">{t('wallet.unit')}</span>
            </p>
        </section>
    );
}

function Plot({ balance, transactions }: { balance: number; transactions: Transaction[] }) {
    const { t, number } = useWords();
    const points = useMemo(
        () => balanceOverTime(balance, transactions.slice(0, plotLimit), Date.now()),
        [balance, transactions],
    );
    const path = stepPath(points, 600, 120);
    const [first] = points;
    if (!path || !first) return null;
    return (
        <svg
            viewBox="0 0 600 160"
            preserveAspectRatio="none"
            role="img"
            aria-label={t('wallet.plot', { from: number(first.balance), to: number(balance) })}
            className="absolute inset-x-0 bottom-0 h-3/4 w-full"
        >
            <g transform="translate(0 34)">
                <path d={`${path}V160H0Z`} fill="#fff" fillOpacity=".07" />
                <path
                    d={path}
                    fill="none"
                    stroke="#ff9bb0"
                    strokeOpacity=".75"
                    strokeWidth="2"
                    vectorEffect="non-scaling-stroke"
                />
            </g>
        </svg>
    );
}

function EarningsCard({ earnings }: { earnings: Earnings }) {
    const { t, number } = useWords();
    return (
        <section
            aria-label={t('wallet.earnings')}
            className="flex flex-col justify-between gap-5 rounded-[1.75rem] border border-line bg-surface p-6 sm:p-7"
        >
            <h2 className="text-lg">{t('wallet.earnings')}</h2>
            <p className="flex items-center gap-2.5">
                <TokenIcon className="size-7" />
                <span data-testid="earnings" className="font-display text-4xl leading-none font-bold tabular">
                    {number(earnings.pending + earnings.available)}
                </span>
            </p>
            <dl className="grid grid-cols-2 gap-3 text-sm">
                <div>
                    <dt className="text-muted">{t('wallet.available')}</dt>
                    <dd className="font-semibold tabular">{number(earnings.available)}</dd>
                </div>
                <div>
                    <dt className="text-muted">{t('wallet.pendingEarnings')}</dt>
                    <dd className="font-semibold tabular">{number(earnings.pending)}</dd>
                </div>
            </dl>
        </section>
    );
}

/** The ledger names the event; who gains by it tells on which side of it this person stands. */
function kindOf({ kind, amount }: Transaction): string {
    return amount > 0 && (kind === 'gift' || kind === 'ticket') ? `${kind}_received` : kind;
}

const kindIcons: Record<string, IconName> = {
    purchase: 'plus',
    gift: 'gift',
    gift_received: 'gift',
    ticket: 'studio',
    ticket_received: 'studio',
    refund: 'retry',
};

function TransactionRow({ transaction }: { transaction: Transaction }) {
    const { t, dateTime, number } = useWords();
    const gain = transaction.amount > 0;
    const kind = kindOf(transaction);
    return (
        <li className="flex items-center gap-4 px-4 py-3.5 sm:px-5">
            <span
                className={`flex size-10 shrink-0 items-center justify-center rounded-full ${gain ? 'bg-good/15 text-good' : 'bg-raised text-muted'}`}
            >
                <Icon name={kindIcons[kind] ?? 'wallet'} />
            </span>
            <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">
                    {t([`wallet.kinds.${kind}`, 'wallet.kinds.other'])}
                    {transaction.counterparty?.name && (
                        <span className="text-muted"> · {transaction.counterparty.name}</span>
                    )}
                </span>
                <time dateTime={transaction.createdAt} className="block text-[0.8125rem] text-muted">
                    {dateTime(transaction.createdAt)}
                </time>
            </span>
            <span className={`font-semibold tabular ${gain ? 'text-good' : ''}`}>
                {gain ? '+' : '−'}
                {number(Math.abs(transaction.amount))}
            </span>
        </li>
    );
}
