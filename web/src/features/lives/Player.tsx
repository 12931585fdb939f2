import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Playback } from '@client/api/types';
import { Button } from '../../components/ui/ui';
import { play, type RtcSession } from '../../lib/rtc';

/** A viewer whose connection broke tries again after this; the live goes on without them meanwhile. */
const retryMs = 1500;

/** `renew` gives a fresh playback token: they live for two minutes. */
export function Player({ renew }: { renew: () => Promise<Playback | null> }) {
    const { t } = useTranslation();
    const video = useRef<HTMLVideoElement>(null);
    const [muted, setMuted] = useState(false);
    const [waiting, setWaiting] = useState(true);

    useEffect(() => {
        let session: RtcSession | null = null;
        let over = false;
        let retry: ReturnType<typeof setTimeout> | undefined;
        const again = () => {
            session?.close();
            session = null;
            setWaiting(true);
            clearTimeout(retry);
            if (!over) retry = setTimeout(() => void connect(), retryMs);
        };
        const start = async (element: HTMLVideoElement) => {
            try {
                await element.play();
            } catch {
                // Browsers refuse sound before the first gesture: show the picture, and offer the sound.
                element.muted = true;
                setMuted(true);
                await element.play().catch(() => undefined);
            }
        };
        const connect = async () => {
            const playback = await renew();
            if (over || !playback) return playback ? undefined : again();
            const stream = new MediaStream();
            try {
                const opened = await play(playback.whepUrl, playback.token, (track) =>
                    stream.addTrack(track),
                );
                if (over) return opened.close();
                session = opened;
                opened.connection.addEventListener('connectionstatechange', () => {
                    if (
                        ['failed', 'closed', 'disconnected'].includes(opened.connection.connectionState) &&
                        session === opened
                    )
                        again();
                });
                if (!video.current) return;
                video.current.srcObject = stream;
                await start(video.current);
            } catch {
                again();
            }
        };
        void connect();
        return () => {
            over = true;
            clearTimeout(retry);
            session?.close();
        };
    }, [renew]);

    return (
        <>
            {/* A live has no captions yet; its chat stands beside it. */}
            {/* eslint-disable-next-line jsx-a11y/media-has-caption */}
            <video
                ref={video}
                playsInline
                data-testid="player-video"
                onPlaying={() => setWaiting(false)}
                className="size-full bg-black object-contain"
            />
            {waiting && (
                <p role="status" className="absolute inset-0 grid place-items-center text-white/80">
                    {t('live.waiting')}
                </p>
            )}
            {muted && (
                <Button
                    className="absolute top-4 left-1/2 -translate-x-1/2 shadow-lg"
                    onClick={() => {
                        if (video.current) video.current.muted = false;
                        setMuted(false);
                    }}
                >
                    🔊 {t('live.sound')}
                </Button>
            )}
        </>
    );
}
