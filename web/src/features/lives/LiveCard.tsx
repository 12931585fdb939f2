import { useState } from 'react';
import { Link } from 'react-router';
import type { Live } from '@client/api/types';
import { Avatar } from '@/components/ui/Avatar';
import { LiveBadge, Price, Viewers } from '@/components/ui/Badge';
import { Icon, Logo } from '@/components/ui/Icon';
import { useWords } from '@/lib/words';

/** The live's picture; the last good one stays while the next loads, and a drawn ground where there is none. */
export function LivePicture({ live, className = '' }: { live: Live; className?: string }) {
    const [shown, setShown] = useState<string | null>(null);
    const [broken, setBroken] = useState<string | null>(null);
    const next = live.thumbnailUrl && live.thumbnailUrl !== broken ? live.thumbnailUrl : null;
    return (
        <div
            className={`absolute inset-0 overflow-hidden bg-linear-to-br from-[#3a1748] via-[#5b1a4b] to-[#8f2a49] ${className}`}
        >
            <Logo className="absolute top-1/2 left-1/2 size-1/4 -translate-1/2 opacity-35" />
            {shown && shown !== next && (
                <img src={shown} alt="" className="absolute inset-0 size-full object-cover" />
            )}
            {next && (
                <img
                    key={next}
                    src={next}
                    alt=""
                    className="absolute inset-0 size-full object-cover transition-transform duration-500 group-hover:scale-[1.03]"
                    onLoad={() => setShown(next)}
                    onError={() => setBroken(next)}
                />
            )}
        </div>
    );
}

/** A live on the home page. The featured one says its title on the picture. */
export function LiveCard({ live, featured = false }: { live: Live; featured?: boolean }) {
    const name = live.model?.name ?? '';
    return (
        <Link
            to={`/live/${live.id}`}
            data-testid="live-card"
            className={`group relative flex min-w-0 animate-rise flex-col rounded-card ${featured ? 'overflow-hidden' : 'gap-3'}`}
        >
            <div
                className={`relative w-full overflow-hidden rounded-card ${featured ? 'aspect-[4/3] sm:aspect-video lg:aspect-auto lg:h-full lg:min-h-105' : 'aspect-[16/10]'}`}
            >
                <LivePicture live={live} />
                <div
                    className={`absolute inset-0 ${featured ? 'scrim' : 'bg-linear-to-t from-black/45 to-transparent to-40%'}`}
                />
                <div className="absolute inset-x-3 top-3 flex items-start justify-between">
                    <LiveBadge />
                    <Viewers count={live.viewerCount} />
                </div>
                {featured ? (
                    <div className="absolute inset-x-0 bottom-0 flex items-end gap-4 p-4 text-white sm:p-6">
                        <Avatar
                            name={name}
                            src={live.model?.avatar}
                            className="size-12 text-base ring-2 ring-white/80 sm:size-14"
                        />
                        <div className="min-w-0 flex-1">
                            <h2 className="line-clamp-2 text-xl sm:text-[1.7rem]">{live.title}</h2>
                            <p className="mt-1 flex items-center gap-2.5 font-medium text-white/85">
                                <span className="truncate">{name}</span>
                                <span className="size-1 rounded-full bg-white/60" />
                                <Price tokens={live.price} />
                            </p>
                        </div>
                        <span className="hidden size-13 shrink-0 items-center justify-center rounded-full bg-white text-[#2a0d22] transition-transform group-hover:scale-108 sm:flex">
                            <Icon name="next" className="size-6" />
                        </span>
                    </div>
                ) : (
                    <Price
                        tokens={live.price}
                        className="absolute right-3 bottom-3 h-6.5 rounded-full bg-black/60 px-2.5 text-xs text-white backdrop-blur-sm"
                    />
                )}
            </div>
            {!featured && (
                <div className="flex items-center gap-3">
                    <Avatar name={name} src={live.model?.avatar} className="size-10 text-sm" />
                    <div className="min-w-0">
                        <h2 className="truncate font-sans text-[0.9375rem] font-semibold tracking-normal transition-colors group-hover:text-accent">
                            {live.title}
                        </h2>
                        <p className="truncate text-sm text-muted">{name}</p>
                    </div>
                </div>
            )}
        </Link>
    );
}

/** A live to come: when, what and by whom. */
export function UpcomingCard({ live }: { live: Live }) {
    const { when, relative } = useWords();
    return (
        <Link
            to={`/live/${live.id}`}
            className="group flex items-center gap-4 rounded-card border border-line bg-surface p-4 transition-colors hover:border-faint"
        >
            <Avatar name={live.model?.name ?? ''} src={live.model?.avatar} className="size-13 text-base" />
            <div className="min-w-0 flex-1">
                <h3 className="truncate font-sans font-semibold tracking-normal">{live.title}</h3>
                <p className="truncate text-sm text-muted">{live.model?.name}</p>
                {live.scheduledFor && (
                    <p className="mt-1 flex items-center gap-1.5 text-[0.8125rem] font-medium text-accent">
                        <Icon name="calendar" className="size-4" />
                        <time dateTime={live.scheduledFor} title={relative(live.scheduledFor)}>
                            {when(live.scheduledFor)}
                        </time>
                    </p>
                )}
            </div>
            <Price tokens={live.price} className="self-start text-sm text-muted" />
        </Link>
    );
}

/** A live that is over, among those of its model. */
export function EndedCard({ live }: { live: Live }) {
    const { t, day } = useWords();
    return (
        <Link
            to={`/live/${live.id}`}
            data-testid="ended-card"
            className="group flex flex-col gap-2.5 rounded-card"
        >
            <div className="relative aspect-video overflow-hidden rounded-card">
                <LivePicture live={live} />
                <span className="absolute top-2.5 left-2.5 rounded-full bg-black/60 px-2.5 py-1 text-xs font-semibold text-white">
                    {t('live.over')}
                </span>
            </div>
            <div className="min-w-0">
                <h3 className="truncate font-sans font-semibold tracking-normal group-hover:text-accent">
                    {live.title}
                </h3>
                <p className="text-sm text-muted">
                    <time dateTime={live.updatedAt}>{day(live.updatedAt)}</time>
                </p>
            </div>
        </Link>
    );
}
