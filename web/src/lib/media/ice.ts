import type { Problem } from '@client/api/types';
import { request } from '@/lib/api';

/** How to reach the media server; one that does not say is reached directly. Its credentials end within the hour, so
 * every connection asks anew. */
export async function iceConfig(): Promise<RTCConfiguration> {
    const answer: { data: unknown } | { error: Problem } = await request({ url: '/api/rtc/config' });
    if ('error' in answer) return {};
    const { iceServers } = (answer.data ?? {}) as { iceServers?: RTCIceServer[] };
    return { iceServers: iceServers ?? [] };
}
