import { Link } from 'react-router';
import type { Live } from '@client/api/types';
import { useMe } from '@/app/store';
import { Avatar } from '@/components/ui/Avatar';
import { ButtonLink } from '@/components/ui/Button';
import { Empty, Failure, Loading, Skeleton } from '@/components/ui/State';
import { useModelsQuery } from '@/features/profiles/api';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useLivesQuery } from './api';
import { LiveCard, UpcomingCard } from './LiveCard';

/** Pictures of lives change about every 10 s. */
const refreshMs = 8_000;

export function HomePage() {
    const { t } = useWords();
    const lives = useLivesQuery(
        { status: 'live', limit: 24 },
        { pollingInterval: refreshMs, skipPollingIfUnfocused: true },
    );
    const upcoming = useLivesQuery({ status: 'scheduled', limit: 6 }, { pollingInterval: 60_000 });
    const items = [...(lives.data?.items ?? [])].sort((a, b) => b.viewerCount - a.viewerCount);
    const next = [...(upcoming.data?.items ?? [])].sort((a, b) =>
        (a.scheduledFor ?? '').localeCompare(b.scheduledFor ?? ''),
    );
    useTitle(t('home.title'));
    return (
        <div className="mx-auto max-w-375 px-4 py-6 sm:px-8 md:py-10">
            <section aria-labelledby="ao-vivo">
                <div className="mb-5 flex items-baseline gap-3 md:mb-7">
                    <h1 id="ao-vivo" className="text-[1.75rem] md:text-4xl">
                        {t('home.title')}
                    </h1>
                    {items.length > 0 && (
                        <span className="text-sm text-muted tabular">
                            {t('home.liveCount', { count: items.length })}
                        </span>
                    )}
                </div>
                {lives.isLoading ? (
                    <LiveGridSkeleton />
                ) : lives.error && !lives.data ? (
                    <Failure error={lives.error} retry={() => void lives.refetch()} />
                ) : items.length > 0 ? (
                    <LiveGrid lives={items} />
                ) : (
                    <NobodyLive />
                )}
            </section>
            {next.length > 0 && (
                <section aria-labelledby="a-seguir" className="mt-12 md:mt-16">
                    <h2 id="a-seguir" className="mb-5 text-2xl">
                        {t('home.upcoming')}
                    </h2>
                    <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
                        {next.map((live) => (
                            <li key={live.id}>
                                <UpcomingCard live={live} />
                            </li>
                        ))}
                    </ul>
                </section>
            )}
            <ModelStrip />
        </div>
    );
}

function LiveGrid({ lives }: { lives: Live[] }) {
    const [first, ...rest] = lives;
    if (!first) return null;
    if (rest.length === 0)
        return (
            <div className="grid lg:h-[min(38rem,62vh)]">
                <LiveCard live={first} featured />
            </div>
        );
    return (
        <div className="grid grid-cols-1 gap-x-5 gap-y-7 sm:grid-cols-2 lg:grid-cols-3 2xl:grid-cols-4">
            <div className="grid sm:col-span-2 lg:row-span-2">
                <LiveCard live={first} featured />
            </div>
            {rest.map((live) => (
                <LiveCard key={live.id} live={live} />
            ))}
        </div>
    );
}

function LiveGridSkeleton() {
    return (
        <Loading>
            <div className="grid grid-cols-1 gap-5 sm:grid-cols-2 lg:grid-cols-3">
                <Skeleton className="aspect-video rounded-card sm:col-span-2 lg:row-span-2 lg:aspect-auto lg:h-full lg:min-h-105" />
                {[0, 1].map((index) => (
                    <div key={index}>
                        <Skeleton className="aspect-[16/10] rounded-card" />
                        <Skeleton className="mt-3 h-5 w-3/4" />
                    </div>
                ))}
            </div>
        </Loading>
    );
}

function NobodyLive() {
    const { t } = useWords();
    const me = useMe();
    const model = me?.type === 'model';
    return (
        <div className="rounded-[1.75rem] border border-line bg-surface">
            <Empty
                icon="sparkle"
                title={t('home.empty')}
                text={model ? t('home.emptyModel') : t('home.emptyText')}
            >
                {model && (
                    <ButtonLink to="/studio" look="primary" icon="studio">
                        {t('home.openStudio')}
                    </ButtonLink>
                )}
                {!me && (
                    <ButtonLink to="/cadastrar" look="primary">
                        {t('nav.signUp')}
                    </ButtonLink>
                )}
            </Empty>
        </div>
    );
}

function ModelStrip() {
    const { t } = useWords();
    const { data } = useModelsQuery({ limit: 12 });
    if (!data || data.items.length === 0) return null;
    return (
        <section aria-labelledby="conhecer" className="mt-12 md:mt-16">
            <h2 id="conhecer" className="mb-5 text-2xl">
                {t('home.models')}
            </h2>
            <ul className="no-scrollbar -mx-4 flex gap-2 overflow-x-auto px-4 pb-2 sm:-mx-8 sm:px-8">
                {data.items.map((model) => (
                    <li key={model.id}>
                        <Link
                            to={`/modelo/${model.id}`}
                            className="group flex w-26 flex-col items-center gap-2.5 rounded-card p-2 text-center"
                        >
                            <span className="relative">
                                <Avatar
                                    name={model.profile.name}
                                    src={model.profile.avatar}
                                    className={`size-19 text-xl transition-transform group-hover:scale-105 ${model.live ? 'ring-3 ring-live ring-offset-3 ring-offset-canvas' : ''}`}
                                />
                                {model.online && !model.live && (
                                    <span
                                        className="absolute right-0.5 bottom-0.5 size-4.5 rounded-full border-3 border-canvas bg-good"
                                        title={t('home.online')}
                                    />
                                )}
                            </span>
                            <span className="w-full truncate text-sm font-medium">{model.profile.name}</span>
                        </Link>
                    </li>
                ))}
            </ul>
        </section>
    );
}
