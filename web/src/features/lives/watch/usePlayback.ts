// A live's video on a <video>: the session, its reconnections, and what browsers allow of sound.
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { Playback, Problem } from '@client/api/types';
import type { MediaSession } from '@/lib/media/exchange';
import { iceConfig } from '@/lib/media/ice';
import { type LinkState, MediaLink } from '@/lib/media/link';
import { playing } from '@/lib/media/publish';

export interface PlaybackView {
    state: LinkState;
    /** Connected, but no new picture arrives. */
    stalled: boolean;
    /** At least one picture was shown. */
    seen: boolean;
    problem?: Problem;
}

const watchEveryMs = 1_000;
/** Without a new picture for this long, the viewer is told; later the session is made anew. */
const stallMs = 3_500;
const renewMs = 12_000;

export const canPlay = () => typeof RTCPeerConnection !== 'undefined';

export function usePlayback(
    video: RefObject<HTMLVideoElement | null>,
    playback: Playback,
    rejoin: () => Promise<string | null>,
) {
    const [view, setView] = useState<PlaybackView>({ state: 'connecting', stalled: false, seen: false });
    const [session, setSession] = useState<MediaSession | null>(null);
    const [muted, setMuted] = useState(false);
    /** The browser did not allow sound without a gesture. */
    const [silenced, setSilenced] = useState(false);
    const renew = useRef(rejoin);
    const current = useRef<MediaLink | null>(null);
    useEffect(() => {
        renew.current = rejoin;
    });

    const play = useCallback(async () => {
        const element = video.current;
        if (!element) return;
        try {
            await element.play();
        } catch (reason) {
            if (!(reason instanceof DOMException) || reason.name !== 'NotAllowedError') return;
            element.muted = true;
            setSilenced(true);
            await element.play().catch(() => undefined);
        }
    }, [video]);

    useEffect(() => {
        let token = playback.token;
        const element = video.current;
        const link = (current.current = new MediaLink({
            url: playback.whepUrl,
            bearer: async (refused) => {
                if (refused === token) token = (await renew.current()) ?? token;
                return token === refused ? null : token;
            },
            build: async () => {
                const stream = new MediaStream();
                return playing(await iceConfig(), (track) => {
                    stream.addTrack(track);
                    if (element && element.srcObject !== stream) element.srcObject = stream;
                    void play();
                });
            },
            onState: (state, problem) => setView((now) => ({ ...now, state, problem, stalled: false })),
            onSession: setSession,
        }));
        link.start();
        const stop = watchPictures(element, (idleMs) => {
            setView((now) => {
                const seen = now.seen || idleMs === 0;
                const stalled = now.state === 'on' && seen && idleMs > stallMs;
                return seen === now.seen && stalled === now.stalled ? now : { ...now, seen, stalled };
            });
            if (idleMs > renewMs && idleMs % renewMs < watchEveryMs) link.restart();
        });
        const leave = () => link.stop();
        window.addEventListener('pagehide', leave);
        return () => {
            window.removeEventListener('pagehide', leave);
            stop();
            link.stop();
            current.current = null;
            if (element) element.srcObject = null;
        };
    }, [playback, video, play]);

    const setSound = useCallback(
        (on: boolean) => {
            const element = video.current;
            if (!element) return;
            element.muted = !on;
            setMuted(!on);
            setSilenced(false);
            void play();
        },
        [video, play],
    );
    /** The session as it is now; it may be replaced. */
    const connection = useCallback(() => current.current?.connection ?? null, []);
    return { view, session, muted: muted || silenced, silenced, setSound, connection };
}

/** Tells once a second for how long no new picture was shown; 0 when there was one. A hidden page shows none. */
function watchPictures(element: HTMLVideoElement | null, tell: (idleMs: number) => void): () => void {
    let last = 0;
    let idleMs = 0;
    const timer = setInterval(() => {
        const frames = element?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
        idleMs = frames > last || document.hidden ? 0 : idleMs + watchEveryMs;
        const moved = frames > last;
        last = frames;
        if (moved || idleMs > 0) tell(idleMs);
    }, watchEveryMs);
    return () => clearInterval(timer);
}
