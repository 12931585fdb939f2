// What the statistics panel shows: a measurement a second, and the last minute of them.
import { useEffect, useState } from 'react';
import { type Quality, qualityBetween, readReceived, type Received } from '@/lib/media/received';

const everyMs = 1_000;
const kept = 60;

/** `connection` is asked anew each time, as a session may be replaced. Measures only while `active`. */
export function usePlaybackStats(connection: () => RTCPeerConnection | null, active: boolean): Quality[] {
    const [history, setHistory] = useState<Quality[]>([]);
    useEffect(() => {
        if (!active) return;
        let before: Received | null = null;
        let gone = false;
        const measure = async () => {
            const stats = await connection()?.getStats();
            if (gone || !stats) return;
            const now = readReceived(stats.values() as Iterable<Record<string, unknown>>, Date.now());
            const quality = before && qualityBetween(before, now);
            before = now;
            if (quality) setHistory((past) => [...past, quality].slice(-kept));
        };
        void measure();
        const timer = setInterval(() => void measure(), everyMs);
        return () => {
            gone = true;
            clearInterval(timer);
            setHistory([]);
        };
    }, [connection, active]);
    return history;
}
