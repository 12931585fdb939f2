import { useState } from 'react';
import type { TokenPackage } from '@client/api/types';
import { Button } from '@/components/ui/Button';
import { TokenIcon } from '@/components/ui/Icon';
import { Failure, Loading, Skeleton } from '@/components/ui/State';
import { useWords } from '@/lib/words';
import { usePackagesQuery } from './api';
import { Checkout } from './Checkout';

const perToken = (pack: TokenPackage) => pack.price.amount / pack.tokens;

/** What tokens cost, and what larger packages save against the dearest token. */
export function Packages() {
    const { t } = useWords();
    const { data, error, isLoading, refetch } = usePackagesQuery();
    const [chosen, setChosen] = useState<TokenPackage | null>(null);
    const prices = data?.map(perToken) ?? [];
    const [dearest, cheapest] = [Math.max(...prices), Math.min(...prices)];
    return (
        <section aria-labelledby="comprar" className="mt-12">
            <h2 id="comprar" className="text-2xl">
                {t('wallet.buy')}
            </h2>
            <p className="mt-1 mb-5 text-muted">{t('wallet.buyText')}</p>
            {isLoading ? (
                <Loading>
                    <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
                        {[0, 1, 2, 3].map((index) => (
                            <Skeleton key={index} className="h-48 rounded-card" />
                        ))}
                    </div>
                </Loading>
            ) : error ? (
                <Failure error={error} retry={() => void refetch()} />
            ) : data && data.length > 0 ? (
                <ul className="grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-[repeat(auto-fit,minmax(11rem,1fr))]">
                    {data.map((pack) => (
                        <li key={pack.id}>
                            <PackageCard
                                pack={pack}
                                best={cheapest < dearest && perToken(pack) === cheapest}
                                saved={Math.floor(100 * (1 - perToken(pack) / dearest))}
                                choose={() => setChosen(pack)}
                            />
                        </li>
                    ))}
                </ul>
            ) : (
                <p className="text-muted">{t('wallet.noPackages')}</p>
            )}
            {chosen && <Checkout key={chosen.id} pack={chosen} close={() => setChosen(null)} />}
        </section>
    );
}

function PackageCard({
    pack,
    best,
    saved,
    choose,
}: {
    pack: TokenPackage;
    best: boolean;
    saved: number;
    choose: () => void;
}) {
    const { t, number, money } = useWords();
    return (
        <div
            className={`relative flex h-full flex-col items-center gap-1 rounded-card border p-4 pt-7 text-center sm:p-5 sm:pt-8 ${best ? 'border-accent bg-wash' : 'border-line bg-surface'}`}
        >
            {best && (
                <span className="absolute -top-3 rounded-full px-3 py-1 text-xs font-bold whitespace-nowrap text-on-accent glow">
                    {t('wallet.best')}
                </span>
            )}
            <p className="flex items-center gap-2 font-display text-3xl font-bold tabular">
                <TokenIcon className="size-6" />
                {number(pack.tokens)}
            </p>
            <p className="text-sm text-muted">{t('wallet.unit')}</p>
            {saved > 0 && (
                <p className="text-[0.8125rem] font-semibold text-good">
                    {t('wallet.saved', { percent: number(saved) })}
                </p>
            )}
            <p className="mt-auto pt-3 text-lg font-semibold tabular">{money(pack.price)}</p>
            <Button
                look={best ? 'primary' : 'plain'}
                onPress={choose}
                className="mt-2 w-full"
                data-testid="package-buy"
                aria-label={`${t('wallet.choose')}: ${number(pack.tokens)} ${t('wallet.unit')}, ${money(pack.price)}`}
            >
                {t('wallet.choose')}
            </Button>
        </div>
    );
}
