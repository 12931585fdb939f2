// How well a broadcast goes, in words a person can act on, from what the browser counts while it sends.
export type Level = 'starting' | 'good' | 'fair' | 'poor' | 'lost';
export type Reason = 'cpu' | 'bandwidth' | 'loss';

export interface Health {
    level: Level;
    reason?: Reason;
    kbps: number;
}

export interface Sent {
    atMs: number;
    bytes: number;
    /** What holds the encoder back, of any layer. */
    limits: string[];
    /** Part of the packets that the server missed, 0 to 1. */
    loss: number;
    /** Layers are left out because nobody needs them: little is sent, and that is well. */
    thinned: boolean;
}

export function readSent(reports: Iterable<Record<string, unknown>>, atMs: number): Sent {
    const sent: Sent = { atMs, bytes: 0, limits: [], loss: 0, thinned: false };
    for (const report of reports) {
        if (report.type === 'outbound-rtp') {
            sent.bytes += Number(report.bytesSent ?? 0);
            if (report.kind === 'video' && report.active === false) sent.thinned = true;
            else if (report.kind === 'video' && report.qualityLimitationReason)
                sent.limits.push(String(report.qualityLimitationReason));
        }
        if (report.type === 'remote-inbound-rtp')
            sent.loss = Math.max(sent.loss, Number(report.fractionLost ?? 0));
    }
    return sent;
}

export function judge(before: Sent | null, now: Sent): Health {
    if (!before || now.bytes < before.bytes) return { level: 'starting', kbps: 0 };
    const kbps = Math.round(((now.bytes - before.bytes) * 8) / Math.max(1, now.atMs - before.atMs));
    if (kbps === 0) return { level: 'lost', kbps };
    if (now.loss > 0.08) return { level: 'poor', reason: 'loss', kbps };
    const enough = now.thinned ? 0 : 150;
    if (kbps < enough) return { level: 'poor', reason: 'bandwidth', kbps };
    if (now.loss > 0.03) return { level: 'fair', reason: 'loss', kbps };
    if (now.limits.includes('cpu')) return { level: 'fair', reason: 'cpu', kbps };
    if (now.limits.includes('bandwidth') && !now.thinned && kbps < 700)
        return { level: 'fair', reason: 'bandwidth', kbps };
    return { level: 'good', kbps };
}
