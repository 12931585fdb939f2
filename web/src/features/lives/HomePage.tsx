import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Live } from '@client/api/types';
import { formatDateTime, formatTokens } from '@client/format/format';
import { useLivesQuery } from '../../app/api';
import { Avatar, Empty, Failed, LiveBadge, Loading } from '../../components/ui/ui';

/** The pictures of lives change every few seconds, viewers come and go. */
const refreshMs = 5000;

function LiveCard({ live }: { live: Live }) {
    const { t } = useTranslation();
    return (
        <Link to={`/live/${live.id}`} data-testid="live-card" className="group block">
            <div className="relative aspect-video overflow-hidden rounded-card bg-linear-to-br from-raised to-panel">
                {live.thumbnailUrl ? (
                    <img
                        src={live.thumbnailUrl}
                        alt=""
                        className="size-full object-cover transition duration-500 group-hover:scale-105"
                    />
                ) : (
                    <span className="grid size-full place-items-center">
                        <Avatar name={live.model?.name ?? '?'} size="size-20" />
                    </span>
                )}
                <div className="absolute inset-x-3 top-3 flex items-center justify-between">
                    {live.status === 'live' ? (
                        <LiveBadge />
                    ) : (
                        <span className="rounded-full bg-black/60 px-3 py-1 text-xs font-bold text-white">
                            {t('home.scheduled')}
                        </span>
                    )}
                    {live.status === 'live' && (
                        <span className="rounded-full bg-black/60 px-2.5 py-1 text-xs font-semibold text-white">
                            {t('home.viewers', { count: live.viewerCount })}
                        </span>
                    )}
                </div>
                <span className="absolute right-3 bottom-3 rounded-full bg-black/60 px-2.5 py-1 text-xs font-bold text-white">
                    {live.price > 0 ? `${formatTokens(live.price)} ${t('wallet.tokens')}` : t('home.free')}
                </span>
            </div>
            <div className="mt-3 flex gap-3">
                <Avatar name={live.model?.name ?? '?'} />
                <div className="min-w-0">
                    <h3 className="truncate font-bold group-hover:text-accent">{live.title}</h3>
                    <p className="truncate text-sm text-soft">
                        {live.model?.name}
                        {live.scheduledFor &&
                            live.status === 'scheduled' &&
                            ` · ${formatDateTime(live.scheduledFor)}`}
                    </p>
                </div>
            </div>
        </Link>
    );
}

const Grid = ({ lives }: { lives: Live[] }) => (
    <div className="grid gap-x-5 gap-y-8 sm:grid-cols-2 lg:grid-cols-3 2xl:grid-cols-4">
        {lives.map((live) => (
            <LiveCard key={live.id} live={live} />
        ))}
    </div>
);

export function HomePage() {
    const { t } = useTranslation();
    const { data, error, isLoading, refetch } = useLivesQuery('live', {
        pollingInterval: refreshMs,
        refetchOnMountOrArgChange: true,
    });
    const { data: scheduled } = useLivesQuery('scheduled');
    const coming = scheduled?.items.filter((live) => live.scheduledFor) ?? [];
    return (
        <div className="space-y-10">
            <section className="space-y-5">
                <h1 className="text-2xl font-extrabold md:text-3xl">{t('home.title')}</h1>
                {isLoading && <Loading />}
                {error && !data && <Failed error={error} retry={() => void refetch()} />}
                {data && data.items.length === 0 && (
                    <Empty title={t('home.empty')} hint={t('home.emptyHint')} />
                )}
                {data && data.items.length > 0 && <Grid lives={data.items} />}
            </section>
            {coming.length > 0 && (
                <section className="space-y-5">
                    <h2 className="text-xl font-bold">{t('home.scheduled')}</h2>
                    <Grid lives={coming} />
                </section>
            )}
        </div>
    );
}
