import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Problem } from '@client/api/types';
import { CaptureError, faultOf, openCapture } from '@/lib/media/capture';
import { judge, readSent, type Sent } from '@/lib/media/health';
import { loudness } from '@/lib/media/level';
import { type LinkState, MediaLink } from '@/lib/media/link';
import { chooseLayer, type Layer, layerFor, linesOf, readLayers } from '@/lib/media/layers';
import { layers, preferH264, sendLayers } from '@/lib/media/publish';
import { qualityBetween, readReceived } from '@/lib/media/received';

class FakeConnection extends EventTarget {
    connectionState = 'new';
    localDescription: { sdp: string } | null = null;
    remote: string | null = null;
    closed = false;
    restarts = 0;
    get currentRemoteDescription() {
        return this.remote === null ? null : { sdp: this.remote };
    }
    restartIce() {
        this.restarts++;
    }
    setLocalDescription() {
        this.localDescription = { sdp: 'v=0 offer' };
        return Promise.resolve();
    }
    setRemoteDescription({ sdp }: { sdp: string }) {
        this.remote = sdp;
        return Promise.resolve();
    }
    become(state: string) {
        this.connectionState = state;
        this.dispatchEvent(new Event('connectionstatechange'));
    }
    close() {
        this.closed = true;
    }
}

interface Sent1 {
    url: string;
    method: string;
    body?: string;
    authorization: string | null;
}

/** A media server that answers as it is told to, and what it was asked. */
function mediaServer(answers: (() => Response)[]) {
    const asked: Sent1[] = [];
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
        const headers = new Headers(init.headers);
        asked.push({
            url: String(url),
            method: init.method ?? 'GET',
            body: init.body as string,
            authorization: headers.get('authorization'),
        });
        if (init.method === 'DELETE') return Promise.resolve(new Response(null, { status: 200 }));
        const next = answers.length > 1 ? answers.shift() : answers[0];
        return next ? Promise.resolve(next()) : Promise.reject(new TypeError('offline'));
    });
    return asked;
}
const created = () =>
    new Response('v=0 answer', { status: 201, headers: { location: '/api/lives/l/whep/s1' } });
const problem = (status: number, code: string) => () =>
    new Response(JSON.stringify({ status, code, detail: 'texto' }), { status });

function linkTo(bearer: (refused?: string) => Promise<string | null> = () => Promise.resolve('token')) {
    const connections: FakeConnection[] = [];
    const told: [LinkState, Problem?][] = [];
    const link = new MediaLink({
        url: '/api/lives/l/whep',
        bearer,
        build: () => {
            const connection = new FakeConnection();
            connections.push(connection);
            return connection as unknown as RTCPeerConnection;
        },
        onState: (state, trouble) => told.push(trouble ? [state, trouble] : [state]),
    });
    return { link, connections, told, states: () => told.map(([state]) => state) };
}
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe('a media session (WHIP and WHEP)', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => {
        vi.useRealTimers();
        vi.unstubAllGlobals();
    });

    test('offers SDP with its token, takes the answer, and ends what Location names', async () => {
        const asked = mediaServer([created]);
        const { link, connections, states } = linkTo();
        link.start();
        await pass();
        expect(asked[0]).toEqual({
            url: '/api/lives/l/whep',
            method: 'POST',
            body: 'v=0 offer',
            authorization: 'Bearer token',
        });
        expect(connections[0]?.remote).toBe('v=0 answer');
        connections[0]?.become('connected');
        link.stop();
        expect(asked[1]?.method).toBe('DELETE');
        expect(new URL(asked[1]?.url ?? '').pathname).toBe('/api/lives/l/whep/s1');
        expect(connections[0]?.closed).toBe(true);
        expect(states()).toEqual(['connecting', 'on', 'closed']);
    });

    test('a path that breaks is made anew and says so; the old session is ended', async () => {
        const asked = mediaServer([created]);
        const { link, connections, states } = linkTo();
        link.start();
        await pass();
        connections[0]?.become('connected');
        connections[0]?.become('failed');
        await pass(1_000);
        expect(connections).toHaveLength(2);
        connections[1]?.become('connected');
        expect(states()).toEqual(['connecting', 'on', 'reconnecting', 'on']);
        expect(asked.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'POST']);
        link.stop();
    });

    test('a path that stays away is looked for with new credentials, on the same session', async () => {
        const before =
            'v=0\r\na=ice-ufrag:old\r\na=ice-pwd:oldpwd\r\na=candidate:1 old\r\na=end-of-candidates\r\na=mid:0\r\n';
        const fragment =
            'a=ice-ufrag:new\r\na=ice-pwd:newpwd\r\na=candidate:1 new\r\na=end-of-candidates\r\n';
        const headers = { location: '/api/lives/l/whep/s1' };
        const asked = mediaServer([
            () => new Response(before, { status: 201, headers }),
            () => new Response(fragment, { status: 200 }),
        ]);
        const { link, connections, states } = linkTo();
        link.start();
        await pass();
        connections[0]?.become('connected');
        connections[0]?.become('disconnected');
        await pass(3_500);
        expect(connections[0]?.restarts).toBe(1);
        expect(asked[1]).toMatchObject({ method: 'PATCH', authorization: 'Bearer token' });
        expect(connections[0]?.remote).toBe(
            'v=0\r\na=ice-ufrag:new\r\na=ice-pwd:newpwd\r\na=candidate:1 new\r\na=end-of-candidates\r\na=mid:0\r\n',
        );
        connections[0]?.become('connected');
        await pass(20_000);
        expect(connections).toHaveLength(1);
        expect(states()).toEqual(['connecting', 'on', 'reconnecting', 'on']);
        link.stop();
    });

    test('a session that cannot be restarted, or finds no path all the same, is made anew', async () => {
        mediaServer([created, problem(404, 'session_not_found'), created]);
        const refused = linkTo();
        refused.link.start();
        await pass();
        refused.connections[0]?.become('connected');
        refused.connections[0]?.become('disconnected');
        await pass(4_000);
        expect(refused.connections).toHaveLength(2);
        refused.link.stop();

        mediaServer([created, () => new Response('a=ice-ufrag:new\r\n'), created]);
        const lost = linkTo();
        lost.link.start();
        await pass();
        lost.connections[0]?.become('connected');
        lost.connections[0]?.become('disconnected');
        await pass(12_000);
        expect(lost.connections).toHaveLength(1);
        await pass(2_000);
        expect(lost.connections).toHaveLength(2);
        lost.link.stop();
    });

    test('a short loss of the path is waited out', async () => {
        mediaServer([created]);
        const { link, connections, states } = linkTo();
        link.start();
        await pass();
        connections[0]?.become('connected');
        connections[0]?.become('disconnected');
        await pass(1_000);
        connections[0]?.become('connected');
        await pass(20_000);
        expect(connections).toHaveLength(1);
        expect(states()).toEqual(['connecting', 'on', 'reconnecting', 'on']);
        link.stop();
    });

    test('a live that is not on air yet is tried again; a refusal is final and is told in its words', async () => {
        mediaServer([problem(409, 'live_not_live'), problem(403, 'entry_required')]);
        const { link, told } = linkTo();
        link.start();
        await pass(2_000);
        expect(told.at(-1)).toEqual(['refused', { status: 403, code: 'entry_required', detail: 'texto' }]);
        const before = told.length;
        await pass(60_000);
        expect(told).toHaveLength(before);
    });

    test('an expired token is replaced once; a second refusal is final', async () => {
        const asked = mediaServer([problem(401, 'invalid_token'), created]);
        const renewed = linkTo((refused) => Promise.resolve(refused === 'old' ? 'new' : 'old'));
        renewed.link.start();
        await pass(1_000);
        expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer old', 'Bearer new']);
        renewed.link.stop();

        mediaServer([problem(401, 'invalid_token')]);
        const refused = linkTo();
        refused.link.start();
        await pass(60_000);
        expect(refused.told.at(-1)?.[0]).toBe('refused');
        expect(refused.connections.length).toBeLessThanOrEqual(2);
    });

    test('no answer at all is tried again with growing patience', async () => {
        const asked = mediaServer([]);
        const { link } = linkTo();
        link.start();
        await pass(1_500);
        const early = asked.length;
        await pass(30_000);
        expect(early).toBeGreaterThanOrEqual(2);
        expect(asked.length - early).toBeLessThan(12);
        link.stop();
    });

    test('an answer that comes after the end is ended too', async () => {
        let give: (answer: Response) => void = () => undefined;
        const asked: string[] = [];
        vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
            asked.push(init.method ?? '');
            if (init.method === 'DELETE') return Promise.resolve(new Response());
            return new Promise<Response>((resolve) => (give = resolve));
        });
        const { link } = linkTo();
        link.start();
        await pass();
        link.stop();
        give(created());
        await pass();
        expect(asked).toEqual(['POST', 'DELETE']);
    });
});

describe('what leaves the camera', () => {
    test('H.264 constrained baseline goes first and nothing is lost', () => {
        const codec = (mimeType: string, sdpFmtpLine?: string) => ({ mimeType, sdpFmtpLine });
        const offered = [
            codec('video/VP8'),
            codec('video/rtx'),
            codec('video/H264', 'packetization-mode=0;profile-level-id=42e01f'),
            codec('video/H264', 'packetization-mode=1;profile-level-id=64001f'),
            codec('video/H264', 'packetization-mode=1;profile-level-id=42e01f'),
        ];
        expect(preferH264(offered)).toEqual([4, 3, 2, 0, 1].map((index) => offered[index]));
    });

    test('three layers, smallest first', () => {
        expect(layers.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
            ['l', 4],
            ['m', 2],
            ['h', 1],
        ]);
    });

    test('health is told by what was sent, missed, and what held the encoder back', () => {
        const sent = (bytes: number, extra: Partial<Sent> = {}): Sent => ({
            atMs: 0,
            bytes,
            limits: [],
            loss: 0,
            thinned: false,
            ...extra,
        });
        const later = (bytes: number, extra: Partial<Sent> = {}) =>
            judge(sent(0), sent(bytes, { atMs: 2000, ...extra }));
        expect(judge(null, sent(10)).level).toBe('starting');
        expect(later(500_000)).toEqual({ level: 'good', kbps: 2000 });
        expect(later(0).level).toBe('lost');
        expect(later(500_000, { loss: 0.2 })).toMatchObject({ level: 'poor', reason: 'loss' });
        expect(later(20_000)).toMatchObject({ level: 'poor', reason: 'bandwidth' });
        expect(later(20_000, { thinned: true }).level).toBe('good');
        expect(later(500_000, { limits: ['none', 'cpu'] })).toMatchObject({ level: 'fair', reason: 'cpu' });
    });

    test('bytes of all layers and the worst loss count', () => {
        const read = readSent(
            [
                { type: 'outbound-rtp', kind: 'video', bytesSent: 100, qualityLimitationReason: 'none' },
                {
                    type: 'outbound-rtp',
                    kind: 'video',
                    bytesSent: 0,
                    active: false,
                    qualityLimitationReason: 'cpu',
                },
                { type: 'outbound-rtp', kind: 'audio', bytesSent: 10 },
                { type: 'remote-inbound-rtp', fractionLost: 0.01 },
                { type: 'remote-inbound-rtp', fractionLost: 0.07 },
                { type: 'codec' },
            ],
            5,
        );
        expect(read).toEqual({ atMs: 5, bytes: 110, limits: ['none'], loss: 0.07, thinned: true });
    });

    test('the meter hears silence, speech and shouting', () => {
        const tone = (volume: number) =>
            Float32Array.from({ length: 1024 }, (_, i) => volume * Math.sin(i / 5));
        expect(loudness(tone(0))).toBe(0);
        expect(loudness(tone(0.05))).toBeGreaterThan(0.3);
        expect(loudness(tone(1))).toBeGreaterThan(loudness(tone(0.2)));
        expect(loudness(tone(1))).toBeLessThanOrEqual(1);
    });
});

describe('the quality that a viewer chooses', () => {
    const layer = (encodingId: string, width: number, height: number): Layer => ({
        encodingId,
        width,
        height,
        bitrate: 1,
    });
    const three = [layer('l', 320, 180), layer('m', 640, 360), layer('h', 1280, 720)];

    test('is a limit in lines, whatever the layers are called and whichever way the camera stands', () => {
        expect(layerFor(three, null)).toBeNull();
        expect(layerFor(three, 360)).toBe('m');
        expect(layerFor(three, 480)).toBe('m');
        expect(layerFor(three, 100)).toBe('l');
        expect(layerFor(three, 720)).toBeNull();
        expect(layerFor([], 360)).toBeNull();
        expect(linesOf(layer('p', 720, 1280))).toBe(720);
    });

    test('is asked for where the server said', async () => {
        const asked = mediaServer([() => new Response('{"layers":[],"chosen":null,"shown":null}')]);
        const session = { location: 'http://x/s', token: 't', layerUrl: 'http://x/s/layer' };
        expect(await readLayers(session)).toEqual({ layers: [], chosen: null, shown: null });
        await chooseLayer(session, 'm');
        expect(
            asked.map(({ url, method, body, authorization }) => [url, method, body, authorization]),
        ).toEqual([
            ['http://x/s/layer', 'GET', undefined, 'Bearer t'],
            ['http://x/s/layer', 'POST', '{"encodingId":"m"}', 'Bearer t'],
        ]);
        expect(await readLayers({ location: 'http://x/s', token: 't' })).toBeNull();
        expect(asked).toHaveLength(2);
    });
});

describe('layers that nobody needs', () => {
    test('are not sent, but the lowest is, and parameters are set only when they change', async () => {
        const encodings = [{ rid: 'l' }, { rid: 'm' }, { rid: 'h' }] as RTCRtpEncodingParameters[];
        const setParameters = vi.fn(() => Promise.resolve());
        const sender = { track: { kind: 'video' }, getParameters: () => ({ encodings }), setParameters };
        const connection = {
            getSenders: () => [{ track: { kind: 'audio' } }, sender],
        } as unknown as RTCPeerConnection;
        await sendLayers(connection, ['m']);
        expect(encodings.map(({ active }) => active)).toEqual([true, true, false]);
        await sendLayers(connection, ['l', 'm']);
        expect(setParameters).toHaveBeenCalledTimes(1);
        await sendLayers(connection, ['l', 'm', 'h']);
        expect(encodings.map(({ active }) => active)).toEqual([true, true, true]);
        expect(setParameters).toHaveBeenCalledTimes(2);
    });
});

describe('a camera that does not open', () => {
    const named = (name: string) => Object.assign(new Error(name), { name });
    afterEach(() => void vi.unstubAllGlobals());

    test('every reason of the browser becomes one that a person can act on', () => {
        expect(
            ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError'].map((name) =>
                faultOf(named(name)),
            ),
        ).toEqual(['refused', 'noCamera', 'busy', 'failed']);
    });

    test('a camera without a microphone is opened, and said to be silent', async () => {
        const stream = {} as MediaStream;
        const getUserMedia = vi.fn((wanted: MediaStreamConstraints) =>
            wanted.audio ? Promise.reject(named('NotFoundError')) : Promise.resolve(stream),
        );
        vi.stubGlobal('isSecureContext', true);
        vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
        expect(await openCapture({})).toEqual({ stream, silent: true });
        getUserMedia.mockImplementation(() => Promise.reject(named('NotAllowedError')));
        await expect(openCapture({})).rejects.toEqual(new CaptureError('refused'));
        vi.stubGlobal('isSecureContext', false);
        await expect(openCapture({})).rejects.toMatchObject({ fault: 'insecure' });
    });
});

describe('how a live arrives', () => {
    const reports = (video: object, pair: object = {}) => [
        { id: 'v', type: 'inbound-rtp', kind: 'video', codecId: 'c', ...video },
        {
            id: 'a',
            type: 'inbound-rtp',
            kind: 'audio',
            bytesReceived: 1000,
            packetsReceived: 10,
            packetsLost: -3,
        },
        { id: 'c', type: 'codec', mimeType: 'video/H264' },
        { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
        { id: 'p', type: 'candidate-pair', localCandidateId: 'l', currentRoundTripTime: 0.04, ...pair },
        { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    ];

    test('is read from what the browser counts', () => {
        const video = {
            bytesReceived: 9000,
            packetsReceived: 90,
            packetsLost: 5,
            freezeCount: 2,
            totalFreezesDuration: 1.5,
        };
        const got = readReceived(reports(video), 1000);
        expect(got).toMatchObject({ bytes: 10_000, packets: 100, lost: 5, freezes: 2, frozenMs: 1500 });
        expect(got).toMatchObject({ codec: 'H264', path: 'udp', roundTripMs: 40 });
    });

    test('is judged between two measurements, and not over a new session', () => {
        const at = (atMs: number, packetsReceived: number, packetsLost: number) =>
            readReceived(
                reports({
                    bytesReceived: packetsReceived * 100,
                    packetsReceived,
                    packetsLost,
                    jitterBufferDelay: packetsReceived / 100,
                    jitterBufferEmittedCount: packetsReceived / 10,
                }),
                atMs,
            );
        const quality = qualityBetween(at(0, 100, 0), at(1000, 190, 10));
        expect(quality).toMatchObject({ kbps: 72, loss: 0.1 });
        expect(quality?.bufferMs).toBeCloseTo(100);
        expect(qualityBetween(at(0, 100, 0), at(1000, 50, 0))).toBeNull();
        expect(qualityBetween(at(0, 100, 0), at(0, 200, 0))).toBeNull();
    });

    test('is silent about what is not known', () => {
        const got = readReceived([{ id: 'v', type: 'inbound-rtp', kind: 'video' }], 0);
        expect(got).toMatchObject({ roundTripMs: null, path: '', codec: '', width: 0 });
        const relayed = reports({}, { localCandidateId: 'r' });
        relayed.push({ id: 'r', type: 'local-candidate', candidateType: 'relay', protocol: 'udp' });
        expect(readReceived(relayed, 0).path).toBe('relay');
    });
});
