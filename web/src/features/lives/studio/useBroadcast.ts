// A broadcast from the studio: the media session, how well it goes, and what came of it.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Problem } from '@client/api/types';
import { type Health, judge, readSent, type Sent } from '@/lib/media/health';
import { iceConfig } from '@/lib/media/ice';
import { type LinkState, MediaLink } from '@/lib/media/link';
import { publishing, sendLayers } from '@/lib/media/publish';
import { tokens } from '@/lib/session';

const measureMs = 2_000;
const unmeasured: Health = { level: 'starting', kbps: 0 };

export function useBroadcast(
    whipUrl: string | null,
    stream: MediaStream | null,
    /** The layers that anybody needs; a new connection sends all until it is told anew. */
    wantedLayers?: string[],
) {
    const [state, setState] = useState<LinkState>('closed');
    const [problem, setProblem] = useState<Problem | undefined>();
    const [health, setHealth] = useState<Health>(unmeasured);
    const link = useRef<MediaLink | null>(null);
    const source = useRef(stream);

    useEffect(() => {
        source.current = stream;
        if (stream) void swapTracks(link.current?.connection, stream);
    }, [stream]);

    useEffect(() => {
        const connection = link.current?.connection;
        if (connection && wantedLayers) void sendLayers(connection, wantedLayers);
    }, [wantedLayers]);

    const hasStream = stream !== null;
    useEffect(() => {
        if (!whipUrl || !hasStream) return;
        let before: Sent | null = null;
        link.current = new MediaLink({
            url: whipUrl,
            bearer: (refused) => tokens.accessToken(refused),
            build: async () => publishing(source.current ?? new MediaStream(), await iceConfig()),
            onState: (next, trouble) => {
                before = null;
                setState(next);
                setProblem(trouble);
            },
        });
        link.current.start();
        const timer = setInterval(() => {
            const connection = link.current?.connection;
            if (!connection || connection.connectionState !== 'connected') return setHealth(unmeasured);
            void connection.getStats().then((stats) => {
                const now = readSent(stats.values() as Iterable<Record<string, unknown>>, Date.now());
                setHealth(judge(before, now));
                before = now;
            });
        }, measureMs);
        const leave = () => link.current?.stop();
        window.addEventListener('pagehide', leave);
        return () => {
            clearInterval(timer);
            window.removeEventListener('pagehide', leave);
            link.current?.stop();
            link.current = null;
        };
    }, [whipUrl, hasStream]);

    const stop = useCallback(() => link.current?.stop(), []);
    return { state, problem, health, stop };
}

/** Another camera or microphone, on the same session. */
async function swapTracks(
    connection: RTCPeerConnection | null | undefined,
    stream: MediaStream,
): Promise<void> {
    for (const sender of connection?.getSenders() ?? []) {
        const track = stream.getTracks().find((candidate) => candidate.kind === sender.track?.kind);
        if (track && track !== sender.track) await sender.replaceTrack(track).catch(() => undefined);
    }
}
