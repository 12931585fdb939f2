import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Live, Playback } from '@client/api/types';
import { LiveBadge, Viewers } from '@/components/ui/Badge';
import { Button, IconButton, Spinner } from '@/components/ui/Button';
import { GiftStage } from '@/features/gifts/GiftStage';
import { useWords } from '@/lib/words';
import { LivePicture } from '../LiveCard';
import { QualityMenu } from './QualityMenu';
import { StatsPanel } from './StatsPanel';
import { usePlayback } from './usePlayback';
import { usePlaybackStats } from './usePlaybackStats';
import { useQuality } from './useQuality';

/** The live picture with its controls; gifts fly over it, also in full screen. */
export function Player({
    live,
    playback,
    viewers,
    rejoin,
}: {
    live: Live;
    playback: Playback;
    viewers: number;
    rejoin: () => Promise<string | null>;
}) {
    const words = useWords();
    const { t } = words;
    const video = useRef<HTMLVideoElement>(null);
    const frame = useRef<HTMLDivElement>(null);
    const { view, session, muted, silenced, setSound, connection } = usePlayback(video, playback, rejoin);
    const quality = useQuality(session);
    const [measured, setMeasured] = useState(false);
    const history = usePlaybackStats(connection, measured);
    return (
        <div ref={frame} className="group/player absolute inset-0 overflow-hidden bg-black">
            {/* Where the stage is not as wide as the picture, its own colours fill the rest. */}
            <div
                className={`absolute inset-0 scale-125 transition-opacity duration-500 ${view.seen ? 'opacity-45 blur-3xl' : 'opacity-70 blur-lg'}`}
            >
                <LivePicture live={live} />
            </div>
            <video
                ref={video}
                data-testid="player-video"
                aria-label={t('live.player', { name: live.model?.name ?? '' })}
                autoPlay
                playsInline
                className="absolute inset-0 size-full object-contain"
            />
            <LineState state={view.state} stalled={view.stalled} />
            {view.state === 'refused' && (
                <div
                    role="alert"
                    className="absolute inset-0 flex flex-col items-center justify-center gap-2 bg-black/80 p-6 text-center text-white"
                >
                    <p className="font-display text-xl font-semibold">{t('live.failed')}</p>
                    <p className="max-w-sm text-white/75">{words.problem(view.problem)}</p>
                </div>
            )}
            <div className="pointer-events-none absolute inset-x-3 top-3 flex items-start justify-end gap-2 pl-14 sm:inset-x-5 sm:top-5 md:justify-start md:pl-0">
                <LiveBadge />
                <span data-testid="viewer-count">
                    <Viewers count={viewers} />
                </span>
            </div>
            <GiftStage liveId={live.id} />
            {silenced && (
                <Button
                    look="primary"
                    size="lg"
                    icon="muted"
                    onPress={() => setSound(true)}
                    className="absolute top-1/2 left-1/2 z-20 -translate-1/2 shadow-2xl"
                    data-testid="unmute"
                >
                    {t('live.unmute')}
                </Button>
            )}
            {measured && <StatsPanel history={history} close={() => setMeasured(false)} />}
            <Controls video={video} frame={frame} muted={muted} setSound={setSound}>
                <QualityMenu {...quality} within={frame} />
                <IconButton
                    look="glass"
                    icon="pulse"
                    label={t('stats.title')}
                    aria-expanded={measured}
                    data-testid="stats-button"
                    onPress={() => setMeasured(!measured)}
                />
            </Controls>
        </div>
    );
}

function LineState({ state, stalled }: { state: string; stalled: boolean }) {
    const { t } = useWords();
    const text =
        state === 'connecting'
            ? t('live.connecting')
            : state === 'reconnecting'
              ? t('live.reconnecting')
              : stalled
                ? t('live.waiting')
                : null;
    return (
        <div
            role="status"
            className="pointer-events-none absolute inset-0 z-10 flex items-center justify-center"
        >
            {text && (
                <span className="flex items-center gap-3 rounded-full bg-black/65 px-5 py-3 font-medium text-white backdrop-blur-md">
                    <Spinner />
                    {text}
                </span>
            )}
        </div>
    );
}

function Controls({
    video,
    frame,
    muted,
    setSound,
    children,
}: {
    video: React.RefObject<HTMLVideoElement | null>;
    frame: React.RefObject<HTMLDivElement | null>;
    muted: boolean;
    setSound: (on: boolean) => void;
    children: ReactNode;
}) {
    const { t } = useWords();
    const [volume, setVolume] = useState(1);
    useEffect(() => {
        if (video.current) video.current.volume = volume;
    }, [video, volume]);
    const fullscreen = () => {
        if (document.fullscreenElement) void document.exitFullscreen();
        else if (frame.current?.requestFullscreen) void frame.current.requestFullscreen();
        else (video.current as { webkitEnterFullscreen?: () => void } | null)?.webkitEnterFullscreen?.();
    };
    return (
        <div className="absolute inset-x-0 bottom-0 z-20 flex items-center gap-1.5 bg-linear-to-t from-black/65 to-transparent p-2 pt-8 transition-opacity duration-200 sm:p-4 sm:pt-12 md:opacity-0 md:group-hover/player:opacity-100 md:focus-within:opacity-100">
            <IconButton
                look="glass"
                icon={muted ? 'muted' : 'sound'}
                label={muted ? t('live.unmute') : t('live.mute')}
                onPress={() => setSound(muted)}
            />
            <input
                type="range"
                min={0}
                max={1}
                step={0.05}
                value={muted ? 0 : volume}
                onChange={(event) => {
                    setVolume(Number(event.target.value));
                    if (muted) setSound(true);
                }}
                aria-label={t('live.volume')}
                className="hidden w-24 accent-white md:block"
            />
            <span className="flex-1" />
            {children}
            {document.pictureInPictureEnabled && (
                <IconButton
                    look="glass"
                    icon="pip"
                    label={t('live.pip')}
                    className="hidden size-11 md:inline-flex"
                    onPress={() => void video.current?.requestPictureInPicture().catch(() => undefined)}
                />
            )}
            <IconButton look="glass" icon="expand" label={t('live.fullscreen')} onPress={fullscreen} />
        </div>
    );
}
