// How well a live arrives, from what the browser counts while it plays (W3C webrtc-stats).
export interface Received {
    atMs: number;
    bytes: number;
    packets: number;
    lost: number;
    frames: number;
    dropped: number;
    freezes: number;
    frozenMs: number;
    width: number;
    height: number;
    fps: number;
    /** Sum over the frames shown of the time that each waited in the buffer. */
    bufferMs: number;
    buffered: number;
    /** Null while it is not known. */
    roundTripMs: number | null;
    codec: string;
    path: 'udp' | 'tcp' | 'relay' | '';
}

/** Between two measurements. */
export interface Quality {
    kbps: number;
    /** Part of the packets that never came, 0 to 1. */
    loss: number;
    /** Mean time of a frame in the buffer against jitter. */
    bufferMs: number;
    now: Received;
}

type Report = Record<string, unknown>;
const count = (report: Report, name: string) => Number(report[name] ?? 0);

function pathOf(pair: Report, all: Map<string, Report>): Received['path'] {
    const local = all.get(String(pair.localCandidateId));
    if (!local) return '';
    if (local.candidateType === 'relay') return 'relay';
    return local.protocol === 'tcp' ? 'tcp' : 'udp';
}

export function readReceived(reports: Iterable<Report>, atMs: number): Received {
    const got: Received = {
        atMs,
        bytes: 0,
        packets: 0,
        lost: 0,
        frames: 0,
        dropped: 0,
        freezes: 0,
        frozenMs: 0,
        width: 0,
        height: 0,
        fps: 0,
        bufferMs: 0,
        buffered: 0,
        roundTripMs: null,
        codec: '',
        path: '',
    };
    const all = new Map<string, Report>();
    for (const report of reports) all.set(String(report.id), report);
    for (const report of all.values()) {
        if (report.type === 'inbound-rtp') {
            got.bytes += count(report, 'bytesReceived');
            got.packets += count(report, 'packetsReceived');
            // Late and doubled packets make it negative (RFC 3550 section 6.4.1).
            got.lost += Math.max(0, count(report, 'packetsLost'));
        }
        if (report.type === 'inbound-rtp' && report.kind === 'video') {
            got.frames = count(report, 'framesDecoded');
            got.dropped = count(report, 'framesDropped');
            got.freezes = count(report, 'freezeCount');
            got.frozenMs = count(report, 'totalFreezesDuration') * 1000;
            got.width = count(report, 'frameWidth');
            got.height = count(report, 'frameHeight');
            got.fps = count(report, 'framesPerSecond');
            got.bufferMs = count(report, 'jitterBufferDelay') * 1000;
            got.buffered = count(report, 'jitterBufferEmittedCount');
            got.codec = String(all.get(String(report.codecId))?.mimeType ?? '').replace(/^video\//, '');
        }
        if (report.type === 'transport') {
            const pair = all.get(String(report.selectedCandidatePairId));
            if (!pair) continue;
            const seconds = pair.currentRoundTripTime;
            got.roundTripMs = seconds === undefined ? null : Number(seconds) * 1000;
            got.path = pathOf(pair, all);
        }
    }
    return got;
}

/** Nothing when the session began anew in between. */
export function qualityBetween(before: Received, now: Received): Quality | null {
    const ms = now.atMs - before.atMs;
    if (ms <= 0 || now.bytes < before.bytes || now.packets < before.packets) return null;
    const lost = Math.max(0, now.lost - before.lost);
    const expected = now.packets - before.packets + lost;
    const shown = now.buffered - before.buffered;
    return {
        kbps: Math.round(((now.bytes - before.bytes) * 8) / ms),
        loss: expected > 0 ? lost / expected : 0,
        bufferMs: shown > 0 ? (now.bufferMs - before.bufferMs) / shown : 0,
        now,
    };
}
