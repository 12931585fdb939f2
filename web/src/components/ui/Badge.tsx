import { useWords } from '@/lib/words';
import { Icon, TokenIcon } from './Icon';

export function LiveBadge({ className = '' }: { className?: string }) {
    const { t } = useWords();
    return (
        <span
            className={`inline-flex h-6.5 items-center gap-1.5 rounded-full bg-live px-2.5 text-[0.6875rem] font-bold tracking-[0.07em] text-white uppercase ${className}`}
        >
            <span className="size-1.5 animate-pulse-dot rounded-full bg-white" />
            {t('live.badge')}
        </span>
    );
}

/** How many watch, over a picture. */
export function Viewers({ count, className = '' }: { count: number; className?: string }) {
    const { compact, viewers } = useWords();
    return (
        <span
            className={`inline-flex h-6.5 items-center gap-1.5 rounded-full bg-black/60 px-2.5 text-xs font-semibold text-white tabular backdrop-blur-sm ${className}`}
            title={viewers(count)}
        >
            <Icon name="eye" className="size-3.5" />
            <span aria-hidden="true">{compact(count)}</span>
            <span className="sr-only">{viewers(count)}</span>
        </span>
    );
}

export function Price({ tokens, className = '' }: { tokens: number; className?: string }) {
    const words = useWords();
    return (
        <span className={`inline-flex items-center gap-1 font-semibold tabular ${className}`}>
            {tokens > 0 ? (
                <>
                    <TokenIcon className="size-3.5" />
                    <span aria-hidden="true">{words.number(tokens)}</span>
                    <span className="sr-only">{words.tokens(tokens)}</span>
                </>
            ) : (
                words.t('app.free')
            )}
        </span>
    );
}
