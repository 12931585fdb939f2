// What stands in the place of the video when there is none to show (yet, any more, or for this person).
import type { ReactNode } from 'react';
import type { Live } from '@client/api/types';
import { Avatar } from '@/components/ui/Avatar';
import { Button, ButtonLink } from '@/components/ui/Button';
import { TokenIcon } from '@/components/ui/Icon';
import { useWalletQuery } from '@/features/wallet/api';
import { useWords } from '@/lib/words';
import { LivePicture } from '../LiveCard';

function Stand({
    live,
    title,
    text,
    children,
    testId,
    alert = false,
}: {
    live: Live;
    title: ReactNode;
    text: string;
    children?: ReactNode;
    testId?: string;
    alert?: boolean;
}) {
    return (
        <div
            data-testid={testId}
            role={alert ? 'status' : undefined}
            className="absolute inset-0 flex items-center justify-center overflow-hidden bg-[#160a1c] text-white"
        >
            <div className="absolute inset-0 scale-110 opacity-55 blur-2xl">
                <LivePicture live={live} />
            </div>
            <div className="absolute inset-0 bg-black/45" />
            <div className="relative flex max-w-md animate-rise flex-col items-center gap-2 px-6 py-5 text-center sm:gap-3">
                <Avatar
                    name={live.model?.name ?? ''}
                    src={live.model?.avatar}
                    className="hidden size-18 text-2xl ring-3 ring-white/70 sm:inline-flex"
                />
                <h2 className="text-xl sm:text-3xl">{title}</h2>
                <p className="text-sm text-pretty text-white/85 sm:text-base">{text}</p>
                {children && (
                    <div className="mt-2 flex flex-wrap items-center justify-center gap-3">{children}</div>
                )}
            </div>
        </div>
    );
}

export function EndedStand({ live }: { live: Live }) {
    const { t } = useWords();
    return (
        <Stand live={live} title={t('live.ended')} text={t('live.endedText')} testId="live-ended" alert>
            <ButtonLink to="/" look="primary">
                {t('app.goHome')}
            </ButtonLink>
            <ButtonLink to={`/modelo/${live.modelId}`} look="glass">
                {t('live.endedProfile', { name: live.model?.name ?? '' })}
            </ButtonLink>
        </Stand>
    );
}

export function ScheduledStand({ live }: { live: Live }) {
    const { t, when } = useWords();
    const time = live.scheduledFor ? when(live.scheduledFor) : '…';
    return (
        <Stand live={live} title={t('live.scheduledTitle')} text={t('live.scheduledText', { when: time })} />
    );
}

export function SignInStand({ live }: { live: Live }) {
    const { t } = useWords();
    const back = `?volta=${encodeURIComponent(`/live/${live.id}`)}`;
    return (
        <Stand live={live} title={t('live.signInTitle')} text={t('live.signInText')}>
            <ButtonLink to={`/entrar${back}`} look="primary">
                {t('nav.signIn')}
            </ButtonLink>
            <ButtonLink to={`/cadastrar${back}`} look="glass">
                {t('nav.signUp')}
            </ButtonLink>
        </Stand>
    );
}

export function PaywallStand({
    live,
    pay,
    busy,
    problem,
}: {
    live: Live;
    pay: () => void;
    busy: boolean;
    problem?: string;
}) {
    const words = useWords();
    const { t } = words;
    const { data: wallet } = useWalletQuery();
    const missing = wallet ? Math.max(0, live.price - wallet.balance) : 0;
    return (
        <Stand
            live={live}
            title={
                <span className="flex items-center justify-center gap-2">
                    <TokenIcon className="size-7" />
                    {t('live.payTitle', { price: words.tokens(live.price) })}
                </span>
            }
            text={t('live.payText')}
        >
            {wallet && (
                <p className="w-full text-sm text-white/75">
                    {missing > 0
                        ? t('live.payMissing', { missing: words.tokens(missing) })
                        : t('live.payBalance', { balance: words.tokens(wallet.balance) })}
                </p>
            )}
            {problem && (
                <p role="alert" className="w-full font-semibold text-[#ffb3b8]">
                    {problem}
                </p>
            )}
            {missing > 0 ? (
                <ButtonLink to="/carteira" look="primary" size="lg">
                    {t('live.buyTokens')}
                </ButtonLink>
            ) : (
                <Button look="primary" size="lg" busy={busy} onPress={pay} data-testid="pay-entry">
                    {t('live.payButton', { price: words.tokens(live.price) })}
                </Button>
            )}
        </Stand>
    );
}

export function TroubleStand({ live, text, retry }: { live: Live; text: string; retry: () => void }) {
    const { t } = useWords();
    return (
        <Stand live={live} title={t('live.failed')} text={text} alert>
            <Button look="primary" icon="retry" onPress={retry}>
                {t('app.retry')}
            </Button>
        </Stand>
    );
}

export function WaitStand({ live }: { live: Live }) {
    const { t } = useWords();
    return <Stand live={live} title={t('live.connecting')} text={live.title} />;
}
