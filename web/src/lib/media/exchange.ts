// The HTTP half of WHIP (RFC 9725) and WHEP: an offer goes out, an answer comes back, and the Location is the session
// that a PATCH gives new ICE credentials and a DELETE ends. Candidates are not waited for: the server is ICE-lite and
// learns our address from our checks.
import { readProblem, unreachable } from '@client/api/problem';
import type { Problem } from '@client/api/types';

export interface MediaSession {
    /** Absolute address of the session. */
    location: string;
    token: string;
    /** Where a layer of the video is chosen, if the server lets viewers choose. */
    layerUrl?: string;
}

export class Refused extends Error {
    constructor(readonly problem: Problem) {
        super(problem.code);
    }
}

export async function offerSession(
    connection: RTCPeerConnection,
    url: string,
    token: string,
    signal?: AbortSignal,
): Promise<MediaSession> {
    await connection.setLocalDescription();
    const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
        body: connection.localDescription?.sdp ?? '',
        signal,
    }).catch((reason: unknown) => {
        if (signal?.aborted) throw reason;
        throw new Refused(unreachable);
    });
    if (!answer.ok) throw new Refused(await readProblem(answer));
    const location = new URL(answer.headers.get('location') ?? url, new URL(url, document.baseURI)).href;
    const session: MediaSession = { location, token, layerUrl: layerUrlOf(answer, location) };
    try {
        await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    } catch (reason) {
        endSession(session);
        throw reason;
    }
    return session;
}

/** `Link: <…>; rel="urn:ietf:params:whep:ext:core:layer"`, among others. */
function layerUrlOf(answer: Response, base: string): string | undefined {
    const links = answer.headers.get('link') ?? '';
    const found = /<([^>]*)>\s*;[^<]*rel="?urn:ietf:params:whep:ext:core:layer"?/.exec(links)?.[1];
    return found === undefined ? undefined : new URL(found, base).href;
}

/** The part of an offer that restarts ICE: whose credentials they are, and what they are. */
export function restartFragment(offer: string): string {
    const lines = offer.split('\r\n');
    const first = (start: string) => lines.find((line) => line.startsWith(start)) ?? '';
    return [first('a=ice-ufrag:'), first('a=ice-pwd:'), first('m='), first('a=mid:'), ''].join('\r\n');
}

/** The answer in force, with the credentials and candidates of a restart. */
export function renewedAnswer(answer: string, fragment: string): string {
    const fresh = fragment.split(/\r?\n/);
    const isCandidate = (line: string) => /^a=(candidate:|end-of-candidates)/.test(line);
    const credential = (line: string) => /^a=ice-(ufrag|pwd):/.exec(line)?.[0];
    let candidates = fresh.filter(isCandidate);
    return answer
        .split('\r\n')
        .flatMap((line) => {
            const name = credential(line);
            if (name) return fresh.find((one) => one.startsWith(name)) ?? line;
            if (!isCandidate(line)) return line;
            const placed = candidates;
            candidates = [];
            return placed;
        })
        .join('\r\n');
}

/** ICE restart (RFC 9725 section 4.3.3): another path for the same session; keys and media stay as they are. */
export async function restartSession(
    connection: RTCPeerConnection,
    { location, token }: MediaSession,
    signal?: AbortSignal,
): Promise<void> {
    connection.restartIce();
    await connection.setLocalDescription();
    const answer = await fetch(location, {
        method: 'PATCH',
        headers: {
            'content-type': 'application/trickle-ice-sdpfrag',
            'if-match': '*',
            authorization: `Bearer ${token}`,
        },
        body: restartFragment(connection.localDescription?.sdp ?? ''),
        signal,
    });
    if (answer.status !== 200) throw new Refused(await readProblem(answer));
    const before = connection.currentRemoteDescription?.sdp ?? '';
    await connection.setRemoteDescription({
        type: 'answer',
        sdp: renewedAnswer(before, await answer.text()),
    });
}

/** Best effort, also while the page goes away: a server that does not hear it notices the silence. */
export function endSession({ location, token }: MediaSession): void {
    void fetch(location, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${token}` },
        keepalive: true,
    }).catch(() => undefined);
}
