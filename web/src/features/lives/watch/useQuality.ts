// The viewer's choice of quality: remembered by lines, because every live names its layers as it likes.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { MediaSession } from '@/lib/media/exchange';
import { chooseLayer, layerFor, type Layers, readLayers } from '@/lib/media/layers';

const key = 'confidente.quality';
/** The sizes of a live that has just begun are known with its first pictures. */
const lookEveryMs = 2_000;

/** Lines at most; null = as the connection allows. */
function remembered(): number | null {
    const lines = Number(localStorage.getItem(key));
    return Number.isInteger(lines) && lines > 0 ? lines : null;
}

export function useQuality(session: MediaSession | null) {
    const [layers, setLayers] = useState<Layers | null>(null);
    const [lines, setLines] = useState<number | null>(remembered);
    const wanted = useRef(lines);

    const apply = useCallback(async (to: MediaSession, known: Layers) => {
        const encodingId = layerFor(known.layers, wanted.current);
        const next = encodingId === known.chosen ? known : await chooseLayer(to, encodingId);
        if (next) setLayers(next);
    }, []);

    useEffect(() => {
        if (!session) return;
        const abort = new AbortController();
        const look = async () => {
            const known = await readLayers(session, abort.signal);
            if (known && !abort.signal.aborted) await apply(session, known);
        };
        void look();
        const timer = setInterval(() => !document.hidden && void look(), lookEveryMs);
        return () => {
            abort.abort();
            clearInterval(timer);
            setLayers(null);
        };
    }, [session, apply]);

    const choose = useCallback(
        (next: number | null) => {
            wanted.current = next;
            setLines(next);
            if (next === null) localStorage.removeItem(key);
            else localStorage.setItem(key, String(next));
            if (session && layers) void apply(session, layers);
        },
        [session, layers, apply],
    );
    return { layers, lines, choose };
}
