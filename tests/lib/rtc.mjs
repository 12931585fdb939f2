// Chromium as a publisher and as a viewer without our pages around it: bare WHIP and WHEP from an empty document, so
// that a test measures the media and not the app. What it decodes is sampled all the time.
import { openPage } from './browser.mjs';

/** Milliseconds between two samples of getStats. */
const sampleMs = 250;

/**
 * A page of the server's origin with nothing on it, allowed to use its camera. What the server answers goes through
 * `change` before the browser takes it.
 */
export async function emptyPage(browser, server, change = (sdp) => sdp) {
    const { page, context } = await openPage(browser, { permissions: ['camera', 'microphone'] });
    await page.exposeFunction('changeAnswer', change);
    // The app's own page, because its policy lets it call the server, without the app.
    await page.route('**/*.js', (route) => route.abort());
    await page.goto(`${server.url}/entrar`);
    await page.evaluate(installInPage, sampleMs);
    return { page, context };
}

/**
 * Sends the fake microphone and a picture with noise on it, which costs the bits that a real one does; `layers` as
 * RTCRtpEncodingParameters, smallest first (Chromium sends two of 480 x 270, three only from 960 x 540 on).
 */
export async function publishFrom(page, { url, token, width = 480, height = 270, fps = 15, layers, config = {} }) {
    await page.evaluate((options) => window.rtc.publish(options), {
        url, token, width, height, fps, config,
        layers: layers ?? [
            { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 150_000 },
            { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 500_000 },
        ],
    });
}

/** Watches and samples until the page goes. */
export async function watchFrom(page, { url, token, config = {} }) {
    await page.evaluate((options) => window.rtc.watch(options), { url, token, config });
}

export const restartFrom = (page) => page.evaluate(() => window.rtc.restart());
/** Which way the packets take now: {local, remote, protocol, relayProtocol}, types of candidates. */
export const pathOf = (page) => page.evaluate(() => window.rtc.path());
export const connectionState = (page) => page.evaluate(() => window.rtc.connection.connectionState);
export const samplesOf = (page) => page.evaluate(() => window.rtc.samples);
/** Milliseconds since 1970, as all samples count them. */
export const nowOf = (page) => page.evaluate(() => window.rtc.now());
/** Resolves with the moment at which `frames` more were decoded. */
export const framesMore = (page, frames, limitMs = 20_000) =>
    page.evaluate(({ wanted, limit }) => window.rtc.framesMore(wanted, limit), { wanted: frames, limit: limitMs });
export const dtlsOf = (page) => page.evaluate(() => window.rtc.dtls());

/** Runs in the page. */
function installInPage(everyMs) {
    const rtc = (window.rtc = { samples: [], now: () => performance.timeOrigin + performance.now() });

    async function exchange({ url, token }) {
        await rtc.connection.setLocalDescription();
        const answer = await fetch(url, {
            method: 'POST',
            headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
            body: rtc.connection.localDescription.sdp,
        });
        if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
        rtc.session = { url: new URL(answer.headers.get('location'), location.href).href, token, etag: answer.headers.get('etag') };
        rtc.answer = await window.changeAnswer(await answer.text());
        await rtc.connection.setRemoteDescription({ type: 'answer', sdp: rtc.answer });
        await rtc.until((connection) => connection.connectionState === 'connected', 'connectionstatechange');
    }

    rtc.until = (fits, event, limitMs = 20_000) => new Promise((resolve, reject) => {
        const { connection } = rtc;
        const limit = setTimeout(() => reject(new Error(`still ${connection.connectionState} after ${limitMs} ms`)), limitMs);
        const look = () => {
            if (!fits(connection)) return;
            clearTimeout(limit);
            connection.removeEventListener(event, look);
            resolve();
        };
        connection.addEventListener(event, look);
        look();
    });

    function noisyPicture(width, height, fps) {
        const small = new ImageData(width / 8, height / 8);
        const [canvas, noise] = [width, width / 8].map((w) => Object.assign(document.createElement('canvas'), { width: w, height: (w * height) / width }));
        const [picture, grain] = [canvas, noise].map((one) => one.getContext('2d'));
        let frame = 0;
        setInterval(() => {
            for (let i = 0; i < small.data.length; ++i) small.data[i] = i % 4 === 3 ? 255 : Math.random() * 256;
            grain.putImageData(small, 0, 0);
            picture.globalAlpha = 0.15;
            picture.drawImage(noise, 0, 0, width, height);
            picture.globalAlpha = 1;
            picture.fillRect((frame++ * 7) % width, height / 3, height / 4, height / 4);
        }, 1000 / fps);
        return canvas.captureStream(fps).getVideoTracks()[0];
    }

    rtc.publish = async (options) => {
        const { width, height, fps, layers, config } = options;
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        stream.addTrack(noisyPicture(width, height, fps));
        rtc.connection = new RTCPeerConnection({ ...config, bundlePolicy: 'max-bundle' });
        rtc.connection.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly', streams: [stream] });
        const sender = rtc.connection.addTransceiver(stream.getVideoTracks()[0], {
            direction: 'sendonly', streams: [stream], sendEncodings: layers,
        });
        const codecs = RTCRtpSender.getCapabilities('video').codecs;
        const isH264 = ({ mimeType, sdpFmtpLine = '' }) =>
            mimeType === 'video/H264' && sdpFmtpLine.includes('packetization-mode=1') && sdpFmtpLine.includes('42e0');
        sender.setCodecPreferences([...codecs.filter(isH264), ...codecs.filter((one) => !isH264(one))]);
        // A picture of another size would have other layers: when something is short, it shall be pictures.
        await sender.sender.setParameters({ ...sender.sender.getParameters(), degradationPreference: 'maintain-resolution' });
        await exchange(options);
        setInterval(sampleSent, everyMs);
    };

    async function sampleSent() {
        const one = { at: rtc.now(), frames: 0, heights: {}, limits: new Set() };
        for (const report of (await rtc.connection.getStats()).values()) {
            if (report.type !== 'outbound-rtp' || report.kind !== 'video') continue;
            one.frames = Math.max(one.frames, report.framesSent ?? 0);
            one.heights[report.rid] = report.frameHeight ?? 0;
            one.limits.add(report.qualityLimitationReason);
        }
        rtc.samples.push({ ...one, limits: [...one.limits].join() });
    }

    rtc.watch = async (options) => {
        rtc.connection = new RTCPeerConnection({ ...options.config, bundlePolicy: 'max-bundle' });
        const video = document.createElement('video');
        video.muted = true;
        video.srcObject = new MediaStream();
        rtc.connection.addTransceiver('audio', { direction: 'recvonly' });
        rtc.connection.addTransceiver('video', { direction: 'recvonly' });
        rtc.connection.addEventListener('track', ({ track }) => video.srcObject.addTrack(track));
        document.documentElement.append(video);
        await exchange(options);
        void video.play();
        rtc.video = video;
        setInterval(sample, everyMs);
    };

    async function sample() {
        const stats = await rtc.connection.getStats();
        const one = { at: rtc.now(), state: rtc.connection.connectionState };
        for (const report of stats.values()) {
            if (report.type !== 'inbound-rtp') continue;
            if (report.kind === 'video')
                Object.assign(one, {
                    frames: report.framesDecoded, height: report.frameHeight ?? 0, freezes: report.freezeCount ?? 0,
                    frozenMs: (report.totalFreezesDuration ?? 0) * 1000, lost: report.packetsLost, received: report.packetsReceived,
                    nacks: report.nackCount, plis: report.pliCount, repaired: report.retransmittedPacketsReceived ?? 0,
                    bytes: report.bytesReceived,
                });
            else
                Object.assign(one, {
                    samples: report.totalSamplesReceived ?? 0, concealed: report.concealedSamples ?? 0, audioPackets: report.packetsReceived,
                });
        }
        if (one.frames !== undefined) rtc.samples.push(one);
    }

    rtc.framesMore = (wanted, limitMs) => new Promise((resolve, reject) => {
        const began = rtc.video.getVideoPlaybackQuality().totalVideoFrames;
        const seen = () => rtc.video.getVideoPlaybackQuality().totalVideoFrames - began;
        const limit = setTimeout(() => reject(new Error(`${seen()} of ${wanted} frames in ${limitMs} ms`)), limitMs);
        const onFrame = () => {
            if (seen() < wanted) return rtc.video.requestVideoFrameCallback(onFrame);
            clearTimeout(limit);
            resolve(rtc.now());
        };
        rtc.video.requestVideoFrameCallback(onFrame);
    });

    rtc.restart = async () => {
        const { connection, session } = rtc;
        connection.restartIce();
        await connection.setLocalDescription();
        const lines = connection.localDescription.sdp.split('\r\n');
        const first = (start) => lines.find((line) => line.startsWith(start));
        const answer = await fetch(session.url, {
            method: 'PATCH',
            headers: { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*', authorization: `Bearer ${session.token}` },
            body: [first('a=ice-ufrag:'), first('a=ice-pwd:'), first('m='), first('a=mid:'), ''].join('\r\n'),
        });
        const told = await answer.text();
        if (answer.status !== 200) throw new Error(`${answer.status} ${told}`);
        const fragment = (await window.changeAnswer(told)).split('\r\n');
        const fresh = (start) => fragment.find((line) => line.startsWith(start));
        rtc.answer = rtc.answer.split('\r\n')
            .map((line) => (line.startsWith('a=ice-ufrag:') ? fresh('a=ice-ufrag:') : line.startsWith('a=ice-pwd:') ? fresh('a=ice-pwd:') : line))
            .join('\r\n');
        await connection.setRemoteDescription({ type: 'answer', sdp: rtc.answer });
        await rtc.until((one) => one.connectionState === 'connected', 'connectionstatechange');
        return { etag: answer.headers.get('etag'), before: session.etag };
    };

    rtc.path = async () => {
        const stats = await rtc.connection.getStats();
        const transport = [...stats.values()].find((one) => one.type === 'transport');
        const pair = stats.get(transport.selectedCandidatePairId);
        const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
        return {
            local: local.candidateType, remote: remote.candidateType, protocol: remote.protocol, relayProtocol: local.relayProtocol,
            address: remote.address, port: remote.port,
        };
    };

    rtc.dtls = async () => {
        const transport = [...(await rtc.connection.getStats()).values()].find((one) => one.type === 'transport');
        return { state: transport.dtlsState, cipher: transport.srtpCipher, remote: transport.remoteCertificateId, ufrag: transport.iceLocalUsernameFragment };
    };
}

/** What a viewer saw between two moments of the page's clock, from its samples. */
export function seenBetween(samples, from, to) {
    const inside = samples.filter(({ at }) => at >= from && at <= to);
    const [first, last] = [inside[0], inside.at(-1)];
    if (!first || first === last) return null;
    const grown = (name) => last[name] - first[name];
    const seconds = (last.at - first.at) / 1000;
    let stillMs = 0;
    let moved = first.at;
    for (let i = 1; i < inside.length; ++i) {
        if (inside[i].frames > inside[i - 1].frames) moved = inside[i].at;
        stillMs = Math.max(stillMs, inside[i].at - moved);
    }
    const layers = [];
    for (const { at, height } of inside)
        if (layers.at(-1)?.height !== height) layers.push({ height, afterMs: Math.round(at - from) });
    return {
        seconds: Number(seconds.toFixed(1)),
        frames: grown('frames'),
        fps: Number((grown('frames') / seconds).toFixed(1)),
        freezes: grown('freezes'),
        stillMs: Math.round(stillMs),
        frozenPercent: Number(((grown('frozenMs') / 10) / seconds).toFixed(1)),
        lostPackets: grown('lost'),
        nacks: grown('nacks'),
        plis: grown('plis'),
        kbps: Math.round((grown('bytes') * 8) / 1000 / seconds),
        concealedPercent: Number(((100 * grown('concealed')) / Math.max(1, grown('samples'))).toFixed(1)),
        layers: layers.map(({ height, afterMs }) => `${height}p@${afterMs}`).join(' '),
        heights: new Set(inside.map(({ height }) => height)),
        lastHeight: last.height,
    };
}

/** Of the pictures that the publisher sent between two moments, the part that was shown; and what held the publisher back. */
export function shownOfSent(sent, shown, from, to) {
    const inside = sent.filter(({ at }) => at >= from && at <= to);
    const frames = (inside.at(-1)?.frames ?? 0) - (inside[0]?.frames ?? 0);
    const limits = [...new Set(inside.map((one) => one.limits))].join(' ');
    return { sent: frames, shownPercent: Math.round((100 * shown) / Math.max(1, frames)), limits };
}

/** Milliseconds after `moment` until pictures flow again: the first sample from which a whole second had `fps` of them. */
export function recoveredAfter(samples, moment, fps) {
    const later = samples.filter(({ at }) => at >= moment);
    for (const one of later) {
        const end = later.find(({ at }) => at >= one.at + 1000);
        if (end && ((end.frames - one.frames) * 1000) / (end.at - one.at) >= fps) return Math.round(one.at - moment);
    }
    return Infinity;
}
