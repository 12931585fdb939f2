// The studio while it broadcasts: the picture, how it goes, the chat, what is given.
import { type ReactNode, useEffect, useState } from 'react';
import { useBlocker } from 'react-router';
import type { Live } from '@client/api/types';
import { toast, useAppDispatch } from '@/app/store';
import { LiveBadge, Viewers } from '@/components/ui/Badge';
import { Button, IconButton } from '@/components/ui/Button';
import { Dialog } from '@/components/ui/Dialog';
import { Icon, TokenIcon } from '@/components/ui/Icon';
import { Notice } from '@/components/ui/State';
import { GiftFeed } from '@/features/gifts/GiftFeed';
import { GiftStage } from '@/features/gifts/GiftStage';
import { useWalletQuery } from '@/features/wallet/api';
import { formatDuration } from '@client/format/format';
import type { Health } from '@/lib/media/health';
import { useNow } from '@/lib/useNow';
import { useWords } from '@/lib/words';
import { useEndLiveMutation } from '../api';
import { LiveChat } from '../LiveChat';
import type { Room } from '../roomSlice';
import { Preview } from './Preview';
import { useBroadcast } from './useBroadcast';

export interface Outcome {
    seconds: number;
    earned: number;
}

const tones: Record<Health['level'], string> = {
    starting: 'text-muted',
    good: 'text-good',
    fair: 'text-gold',
    poor: 'text-bad',
    lost: 'text-bad',
};

export function OnAir({
    live,
    room,
    whipUrl,
    since,
    stream,
    retryCamera,
    fault,
    ended,
}: {
    live: Live;
    room: Room | undefined;
    whipUrl: string;
    /** When the broadcast began, in ms. */
    since: number;
    stream: MediaStream | null;
    fault: Parameters<typeof Preview>[0]['fault'];
    retryCamera: () => void;
    ended: (outcome: Outcome) => void;
}) {
    const words = useWords();
    const { t } = words;
    const { state, problem, health, stop } = useBroadcast(whipUrl, stream, room?.wantedLayers);
    const given = room?.gifts.reduce((sum, gift) => sum + (gift.total ?? 0), 0) ?? 0;
    const [endLive, { isLoading: ending, error: endError }] = useEndLiveMutation();
    const [asking, setAsking] = useState(false);
    const outcome = () => ({ seconds: (Date.now() - since) / 1000, earned: given });

    useWarnBeforeLeaving();
    // Another page of the app would stop the broadcast just as closing the window does.
    const blocker = useBlocker(true);
    const endedElsewhere = room?.status === 'ended';
    useEffect(() => {
        if (!endedElsewhere) return;
        stop();
        ended({ seconds: (Date.now() - since) / 1000, earned: given });
        // The outcome is taken once, when the end is told.
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, [endedElsewhere]);

    const end = async () => {
        const answer = await endLive(live.id);
        if (answer.error) return;
        stop();
        ended(outcome());
    };

    return (
        <div className="flex flex-col lg:grid lg:h-dvh lg:grid-cols-[minmax(0,1fr)_23rem] xl:grid-cols-[minmax(0,1fr)_25rem]">
            <div className="flex flex-col lg:min-h-0 lg:p-4 lg:pr-0">
                <div className="relative aspect-video max-h-[56dvh] w-full overflow-hidden bg-black lg:aspect-auto lg:max-h-none lg:min-h-0 lg:flex-1 lg:rounded-[1.5rem]">
                    <Preview stream={stream} fault={fault} retry={retryCamera} />
                    <div className="absolute inset-x-3 top-3 z-10 flex items-center gap-2 sm:inset-x-5 sm:top-5">
                        <LiveBadge />
                        <Elapsed since={since} />
                        <span data-testid="viewer-count">
                            <Viewers count={room?.viewerCount ?? 0} />
                        </span>
                    </div>
                    <GiftStage liveId={live.id} />
                </div>
                {(problem || state === 'reconnecting') && (
                    <div className="px-4 pt-3 lg:px-0">
                        <Notice>{problem ? words.problem(problem) : t('studio.lost')}</Notice>
                    </div>
                )}
                <div className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3 lg:px-1 lg:pt-4 lg:pb-0">
                    <HealthFact health={health} />
                    <EarningsFact />
                    <span className="flex-1" />
                    <Toggles stream={stream} />
                    <CopyLink liveId={live.id} />
                    <Button look="danger" onPress={() => setAsking(true)} data-testid="end-live">
                        {t('studio.endLive')}
                    </Button>
                </div>
            </div>
            <aside className="flex h-[70dvh] min-h-0 flex-col overflow-hidden border-t border-line bg-surface lg:m-4 lg:h-auto lg:rounded-[1.5rem] lg:border">
                <section aria-labelledby="presentes" className="border-b border-line">
                    <h2 id="presentes" className="flex items-center gap-2 px-5 pt-4 text-lg">
                        <Icon name="gift" className="size-5 text-accent" />
                        {t('gifts.feed')}
                    </h2>
                    <GiftFeed liveId={live.id} />
                </section>
                <LiveChat liveId={live.id} chatId={live.chatId} hostId={live.modelId} />
            </aside>
            <Dialog
                isOpen={asking}
                onClose={() => setAsking(false)}
                role="alertdialog"
                title={t('studio.endTitle')}
                actions={
                    <>
                        <Button onPress={() => setAsking(false)} isDisabled={ending}>
                            {t('studio.keep')}
                        </Button>
                        <Button look="danger" busy={ending} onPress={() => void end()}>
                            {t('studio.endConfirm')}
                        </Button>
                    </>
                }
            >
                <p className="text-muted">{t('studio.endText')}</p>
                {endError && <Notice>{words.problem(endError)}</Notice>}
            </Dialog>
            <Dialog
                isOpen={blocker.state === 'blocked'}
                onClose={() => blocker.reset?.()}
                role="alertdialog"
                title={t('studio.onAir')}
                actions={
                    <>
                        <Button onPress={() => blocker.proceed?.()}>{t('studio.leaveAnyway')}</Button>
                        <Button look="primary" onPress={() => blocker.reset?.()}>
                            {t('studio.keep')}
                        </Button>
                    </>
                }
            >
                <p className="text-muted">{t('studio.leave')}</p>
            </Dialog>
        </div>
    );
}

function useWarnBeforeLeaving(): void {
    useEffect(() => {
        const warn = (event: BeforeUnloadEvent) => event.preventDefault();
        window.addEventListener('beforeunload', warn);
        return () => window.removeEventListener('beforeunload', warn);
    }, []);
}

function Elapsed({ since }: { since: number }) {
    const { t } = useWords();
    const now = useNow();
    return (
        <span
            role="timer"
            aria-label={t('studio.duration')}
            className="inline-flex h-6.5 items-center rounded-full bg-black/60 px-2.5 text-xs font-semibold text-white tabular backdrop-blur-sm"
        >
            {formatDuration((now - since) / 1000)}
        </span>
    );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
    return (
        <div className="min-w-0">
            <p className="text-xs text-muted">{label}</p>
            <div className="flex items-center gap-1.5 font-semibold tabular">{children}</div>
        </div>
    );
}

function HealthFact({ health }: { health: Health }) {
    const { t, number } = useWords();
    return (
        <div aria-live="polite" className="flex items-center gap-4">
            <Fact label={t('studio.health')}>
                <span className={`size-2 rounded-full bg-current ${tones[health.level]}`} />
                <span className={tones[health.level]}>{t(`studio.healthLevels.${health.level}`)}</span>
                {health.kbps > 0 && (
                    <span className="text-xs font-medium text-muted">
                        {t('studio.kbps', { amount: number(health.kbps) })}
                    </span>
                )}
            </Fact>
            {health.reason && (
                <p className="max-w-52 text-xs text-muted">{t(`studio.healthReasons.${health.reason}`)}</p>
            )}
        </div>
    );
}

function EarningsFact() {
    const { t, number } = useWords();
    const { data: wallet } = useWalletQuery();
    const { pending = 0, available = 0 } = wallet?.earnings ?? {};
    return (
        <Fact label={t('studio.earnings')}>
            <TokenIcon />
            <span data-testid="earnings">{number(pending + available)}</span>
        </Fact>
    );
}

function Toggles({ stream }: { stream: MediaStream | null }) {
    const { t } = useWords();
    const [off, setOff] = useState({ audio: false, video: false });
    const toggle = (kind: 'audio' | 'video') => {
        const tracks = kind === 'audio' ? stream?.getAudioTracks() : stream?.getVideoTracks();
        tracks?.forEach((track) => (track.enabled = off[kind]));
        setOff({ ...off, [kind]: !off[kind] });
    };
    return (
        <div className="flex gap-2">
            <IconButton
                look={off.audio ? 'danger' : 'plain'}
                icon={off.audio ? 'micOff' : 'mic'}
                label={t(off.audio ? 'studio.turnMicOn' : 'studio.turnMicOff')}
                onPress={() => toggle('audio')}
            />
            <IconButton
                look={off.video ? 'danger' : 'plain'}
                icon={off.video ? 'cameraOff' : 'studio'}
                label={t(off.video ? 'studio.turnCameraOn' : 'studio.turnCameraOff')}
                onPress={() => toggle('video')}
            />
        </div>
    );
}

function CopyLink({ liveId }: { liveId: string }) {
    const { t } = useWords();
    const dispatch = useAppDispatch();
    const copy = async () => {
        const url = new URL(`/live/${liveId}`, location.origin).href;
        if (navigator.share) await navigator.share({ url }).catch(() => undefined);
        else {
            await navigator.clipboard.writeText(url);
            dispatch(toast(t('studio.shared'), 'good'));
        }
    };
    return <IconButton look="plain" icon="link" label={t('studio.share')} onPress={() => void copy()} />;
}
