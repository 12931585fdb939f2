// Publishing and playing by WHIP (RFC 9725) and WHEP: one offer, one answer, and DELETE on the way out.

const gatherLimitMs = 500;

export interface RtcSession {
    connection: RTCPeerConnection;
    close: () => void;
}

async function exchange(connection: RTCPeerConnection, url: string, token: string): Promise<() => void> {
    await connection.setLocalDescription();
    await gathered(connection);
    const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
        body: connection.localDescription?.sdp ?? '',
    });
    if (!answer.ok)
        throw new Error(
            ((await answer.json().catch(() => null)) as { code?: string } | null)?.code ??
                `http_${answer.status}`,
        );
    const location = answer.headers.get('location');
    await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    return () => {
        if (location)
            void fetch(new URL(location, new URL(url, window.location.href)), {
                method: 'DELETE',
                headers: { authorization: `Bearer ${token}` },
                keepalive: true,
            }).catch(() => undefined);
    };
}

/** The server is ICE-lite and learns our address from our checks, so a few candidates are enough. */
function gathered(connection: RTCPeerConnection): Promise<void> {
    if (connection.iceGatheringState === 'complete') return Promise.resolve();
    return new Promise((resolve) => {
        const limit = setTimeout(resolve, gatherLimitMs);
        connection.addEventListener('icegatheringstatechange', () => {
            if (connection.iceGatheringState !== 'complete') return;
            clearTimeout(limit);
            resolve();
        });
    });
}

function preferH264(transceiver: RTCRtpTransceiver, codecs: RTCRtpCodec[]): void {
    const isH264 = (codec: RTCRtpCodec) => codec.mimeType === 'video/H264';
    const first = codecs.filter(isH264);
    if (first.length > 0)
        transceiver.setCodecPreferences([...first, ...codecs.filter((codec) => !isH264(codec))]);
}

/** Three layers, a quarter, a half and the whole picture; the server picks one for each viewer. */
export async function publish(stream: MediaStream, whipUrl: string, token: string): Promise<RtcSession> {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    try {
        const [video] = stream.getVideoTracks();
        const [audio] = stream.getAudioTracks();
        if (video) {
            const transceiver = connection.addTransceiver(video, {
                direction: 'sendonly',
                sendEncodings: [
                    { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 200_000 },
                    { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 700_000 },
                    { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 2_500_000 },
                ],
            });
            preferH264(transceiver, RTCRtpSender.getCapabilities('video')?.codecs ?? []);
        }
        if (audio) connection.addTransceiver(audio, { direction: 'sendonly' });
        const hangUp = await exchange(connection, whipUrl, token);
        return { connection, close: () => (hangUp(), connection.close()) };
    } catch (error) {
        connection.close();
        throw error;
    }
}

export async function play(
    whepUrl: string,
    token: string,
    onTrack: (track: MediaStreamTrack) => void,
): Promise<RtcSession> {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    try {
        connection.addEventListener('track', (event) => onTrack(event.track));
        connection.addTransceiver('video', { direction: 'recvonly' });
        connection.addTransceiver('audio', { direction: 'recvonly' });
        const hangUp = await exchange(connection, whepUrl, token);
        return { connection, close: () => (hangUp(), connection.close()) };
    } catch (error) {
        connection.close();
        throw error;
    }
}
