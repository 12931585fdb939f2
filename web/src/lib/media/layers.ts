// The layers of a live's video: what there is, what is seen, and the viewer's own limit (WHEP's layer extension).
import type { components } from '@client/api/openapi';
import type { MediaSession } from './exchange';

export type Layers = components['schemas']['Layers'];
export type Layer = components['schemas']['Layer'];

/** Nothing when the server has no such address, or does not answer: the connection decides then, as always. */
export async function readLayers(session: MediaSession, signal?: AbortSignal): Promise<Layers | null> {
    return ask(session, { method: 'GET', signal });
}

/** `null` leaves the choice to the connection. */
export async function chooseLayer(session: MediaSession, encodingId: string | null): Promise<Layers | null> {
    return ask(session, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ encodingId }),
    });
}

async function ask({ layerUrl, token }: MediaSession, init: RequestInit): Promise<Layers | null> {
    if (!layerUrl) return null;
    const headers = { ...init.headers, authorization: `Bearer ${token}` };
    const answer = await fetch(layerUrl, { ...init, headers }).catch(() => null);
    if (!answer?.ok) return null;
    return (await answer.json()) as Layers;
}

/** The lines that people know a picture by: 720 of 1280 × 720, and of 720 × 1280. */
export const linesOf = ({ width, height }: Layer): number => Math.min(width, height);

/** The best layer with at most so many lines, or the lowest there is; null when every layer is allowed. */
export function layerFor(layers: Layer[], lines: number | null): string | null {
    if (lines === null || layers.length === 0) return null;
    const allowed = layers.filter((layer) => linesOf(layer) > 0 && linesOf(layer) <= lines);
    const best = allowed[allowed.length - 1] ?? layers[0];
    return best && best !== layers[layers.length - 1] ? best.encodingId : null;
}
