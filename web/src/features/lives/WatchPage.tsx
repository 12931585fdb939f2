import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';
import { isProblem } from '@client/api/problem';
import type { Live } from '@client/api/types';
import { useMe } from '@/app/store';
import { NotFoundPage } from '@/app/NotFoundPage';
import { Avatar } from '@/components/ui/Avatar';
import { Price } from '@/components/ui/Badge';
import { Button } from '@/components/ui/Button';
import { Icon } from '@/components/ui/Icon';
import { Failure, Loading, Skeleton } from '@/components/ui/State';
import { GiftDrawer } from '@/features/gifts/GiftDrawer';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useLiveQuery } from './api';
import { LiveChat } from './LiveChat';
import { useRoom } from './useRoom';
import { Player } from './watch/Player';
import {
    EndedStand,
    PaywallStand,
    ScheduledStand,
    SignInStand,
    TroubleStand,
    WaitStand,
} from './watch/Stand';
import { useEntry } from './watch/useEntry';
import { canPlay } from './watch/usePlayback';

/** A live that is to come is asked for now and then, so that the page opens by itself. */
const waitingMs = 10_000;

export function WatchPage() {
    const { id = '' } = useParams();
    // A new live is a new page: nothing of the last one stays.
    return <Watch key={id} id={id} />;
}

function Watch({ id }: { id: string }) {
    const { t } = useWords();
    const {
        data: live,
        error,
        isLoading,
        refetch,
    } = useLiveQuery(id, {
        pollingInterval: waitingMs,
        skipPollingIfUnfocused: true,
        refetchOnMountOrArgChange: true,
    });
    useTitle(live?.title);
    if (isLoading) return <WatchSkeleton />;
    if (!live) {
        if (isProblem(error) && (error.status === 404 || error.status === 400)) return <NotFoundPage />;
        return <Failure error={error} retry={() => void refetch()} className="min-h-dvh justify-center" />;
    }
    return (
        <>
            <h1 className="sr-only">{`${live.title} · ${t('live.player', { name: live.model?.name ?? '' })}`}</h1>
            <WatchLive live={live} />
        </>
    );
}

function WatchLive({ live }: { live: Live }) {
    const words = useWords();
    const me = useMe();
    const [present, setPresent] = useState(false);
    const room = useRoom(live, present);
    const status = room?.status ?? live.status;
    const entry = useEntry(live, status === 'live');
    const inside = !!entry.playback && status === 'live';
    if (inside !== present) setPresent(inside);

    const stage = (): ReactNode => {
        if (status === 'ended') return <EndedStand live={live} />;
        if (status === 'scheduled') return <ScheduledStand live={live} />;
        if (!me) return <SignInStand live={live} />;
        if (!canPlay())
            return (
                <TroubleStand live={live} text={words.t('live.noWebRtc')} retry={() => location.reload()} />
            );
        const { problem } = entry;
        if (entry.playback)
            return (
                <Player
                    live={live}
                    playback={entry.playback}
                    viewers={room?.viewerCount ?? live.viewerCount}
                    rejoin={entry.rejoin}
                />
            );
        if (entry.needsToPay)
            return (
                <PaywallStand
                    live={live}
                    busy={entry.entering}
                    pay={() => void entry.open()}
                    problem={problem ? words.problem(problem) : undefined}
                />
            );
        if (problem)
            return <TroubleStand live={live} text={words.problem(problem)} retry={() => void entry.open()} />;
        return <WaitStand live={live} />;
    };

    return (
        <div className="flex h-dvh flex-col lg:grid lg:grid-cols-[minmax(0,1fr)_23rem] xl:grid-cols-[minmax(0,1fr)_25rem]">
            <div className="flex shrink-0 flex-col lg:min-h-0 lg:p-4 lg:pr-0">
                <div className="relative aspect-video max-h-[56dvh] w-full overflow-hidden bg-black lg:aspect-auto lg:max-h-none lg:min-h-0 lg:flex-1 lg:rounded-[1.5rem]">
                    {stage()}
                    <BackLink />
                </div>
                <Facts live={live} />
            </div>
            <aside className="flex min-h-0 flex-1 flex-col border-t border-line bg-surface lg:m-4 lg:rounded-[1.5rem] lg:border">
                <h2 className="hidden border-b border-line px-5 py-4 text-lg lg:block">
                    {words.t('live.chat')}
                </h2>
                <LiveChat
                    liveId={live.id}
                    chatId={live.chatId}
                    hostId={live.modelId}
                    closed={status !== 'live' || (!!me && !inside)}
                    beside={inside && me?.id !== live.modelId ? <Gifts live={live} /> : undefined}
                />
            </aside>
        </div>
    );
}

function BackLink() {
    const { t } = useWords();
    return (
        <Link
            to="/"
            aria-label={t('app.back')}
            className="absolute top-3 left-3 z-20 flex size-11 items-center justify-center rounded-full bg-black/55 text-white backdrop-blur-md md:hidden"
        >
            <Icon name="back" />
        </Link>
    );
}

function Gifts({ live }: { live: Live }) {
    const { t } = useWords();
    const [open, setOpen] = useState(false);
    return (
        <>
            <Button
                look="primary"
                icon="gift"
                onPress={() => setOpen(true)}
                data-testid="gift-open"
                aria-label={t('gifts.open')}
                className="w-11 px-0"
            />
            <GiftDrawer
                liveId={live.id}
                to={live.model?.name ?? ''}
                isOpen={open}
                onClose={() => setOpen(false)}
            />
        </>
    );
}

function Facts({ live }: { live: Live }) {
    const { t } = useWords();
    return (
        <div className="flex items-center gap-3 px-4 py-3 lg:gap-4 lg:px-1 lg:pt-4 lg:pb-0">
            <Link to={`/modelo/${live.modelId}`} className="rounded-full" aria-label={live.model?.name}>
                <Avatar
                    name={live.model?.name ?? ''}
                    src={live.model?.avatar}
                    className="size-11 text-sm lg:size-13"
                />
            </Link>
            <div className="min-w-0 flex-1">
                <p className="truncate font-display text-[1.05rem] font-semibold tracking-tight lg:text-xl">
                    {live.title}
                </p>
                <p className="flex items-center gap-2 text-sm text-muted">
                    <Link to={`/modelo/${live.modelId}`} className="truncate font-medium hover:text-accent">
                        {live.model?.name}
                    </Link>
                    <span className="size-1 shrink-0 rounded-full bg-faint" />
                    <Price tokens={live.price} />
                </p>
            </div>
            {live.description && (
                <details className="group relative hidden lg:block">
                    <summary className="cursor-pointer list-none rounded-full px-4 py-2 text-sm font-medium text-muted hover:bg-raised hover:text-ink">
                        {t('live.about')}
                    </summary>
                    <p className="absolute right-0 bottom-full z-30 mb-2 w-96 rounded-card border border-line bg-surface p-5 text-sm whitespace-pre-line shadow-2xl">
                        {live.description}
                    </p>
                </details>
            )}
        </div>
    );
}

function WatchSkeleton() {
    return (
        <Loading>
            <div className="flex h-dvh flex-col lg:grid lg:grid-cols-[minmax(0,1fr)_25rem]">
                <div className="lg:p-4">
                    <Skeleton className="aspect-video rounded-none lg:h-[calc(100%-5rem)] lg:w-full lg:rounded-[1.5rem]" />
                    <Skeleton className="m-4 h-10 w-2/3" />
                </div>
                <Skeleton className="m-4 hidden rounded-[1.5rem] lg:block" />
            </div>
        </Loading>
    );
}
