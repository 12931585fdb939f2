// How a camera leaves the browser: H.264 first, three sizes of the picture, Opus.

/** Smallest first; the server takes `l`, `m`, `h` for what a viewer's line can carry. */
export const layers: RTCRtpEncodingParameters[] = [
    { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 180_000 },
    { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 600_000 },
    { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 2_000_000 },
];

/** H.264 in front, its constrained baseline before other profiles; the rest stays as the browser ordered it. */
export function preferH264<T extends { mimeType: string; sdpFmtpLine?: string }>(codecs: readonly T[]): T[] {
    const rank = ({ mimeType, sdpFmtpLine = '' }: T) => {
        if (mimeType.toLowerCase() !== 'video/h264') return 3;
        if (!sdpFmtpLine.includes('packetization-mode=1')) return 2;
        return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1;
    };
    return codecs
        .map((codec, index) => ({ codec, index, rank: rank(codec) }))
        .sort((a, b) => a.rank - b.rank || a.index - b.index)
        .map(({ codec }) => codec);
}

export function publishing(stream: MediaStream, config: RTCConfiguration): RTCPeerConnection {
    const connection = new RTCPeerConnection({ ...config, bundlePolicy: 'max-bundle' });
    const [audio] = stream.getAudioTracks();
    const [video] = stream.getVideoTracks();
    if (audio) connection.addTransceiver(audio, { direction: 'sendonly', streams: [stream] });
    if (video) {
        const sender = connection.addTransceiver(video, {
            direction: 'sendonly',
            streams: [stream],
            sendEncodings: layers.map((layer) => ({ ...layer })),
        });
        const known = RTCRtpSender.getCapabilities('video')?.codecs;
        if (known) sender.setCodecPreferences(preferH264(known));
    }
    return connection;
}

/** Sends these layers and no others; the lowest goes on whatever is said. */
export async function sendLayers(connection: RTCPeerConnection, wanted: readonly string[]): Promise<void> {
    for (const sender of connection.getSenders()) {
        if (sender.track?.kind !== 'video') continue;
        const parameters = sender.getParameters();
        if (parameters.encodings.length < 2) continue;
        let changed = false;
        parameters.encodings.forEach((encoding, index) => {
            const active = index === 0 || wanted.includes(encoding.rid ?? '');
            changed ||= (encoding.active ?? true) !== active;
            encoding.active = active;
        });
        // A browser that refuses sends more than it need, which is no harm.
        if (changed) await sender.setParameters(parameters).catch(() => undefined);
    }
}

export function playing(
    config: RTCConfiguration,
    onTrack: (track: MediaStreamTrack) => void,
): RTCPeerConnection {
    const connection = new RTCPeerConnection({ ...config, bundlePolicy: 'max-bundle' });
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.addTransceiver('video', { direction: 'recvonly' });
    connection.addEventListener('track', ({ track }) => onTrack(track));
    return connection;
}
