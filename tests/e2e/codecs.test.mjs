// Codecs of real browsers through the real server: layers in one stream (SVC) of VP9 and AV1, encodings of VP8 side by side, and
// H.264 whose parameter sets change while it is watched. Chromium publishes and watches; what counts is what it decodes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openPage } from '../lib/browser.mjs';
import { goLive, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server, browser, model, client, publisher, viewer;

before(async () => {
    server = await startServer();
    browser = await openBrowser();
    [model, client] = await Promise.all([register(server.url, 'model', 'Luna'), register(server.url, 'client', 'Davi')]);
    [publisher, viewer] = [(await openPage(browser)).page, (await openPage(browser)).page];
    for (const page of [publisher, viewer]) {
        await page.addInitScript(helpers);
        await page.goto(`${server.url}/entrar`);
    }
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

/** What both pages know. */
function helpers() {
    /** Offers what `connection` is set up for, and takes the answer. */
    window.exchange = async (connection, url, token) => {
        await connection.setLocalDescription(await connection.createOffer());
        const answer = await fetch(url, {
            method: 'POST', body: connection.localDescription.sdp,
            headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
        });
        if (answer.status !== 201) throw new Error(await answer.text());
        await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    };
    /** This codec and its repetitions; the dependency descriptor where the browser has it. */
    window.prefer = (transceiver, codec) => {
        const known = RTCRtpReceiver.getCapabilities('video').codecs;
        const other = /profile-id=[123]|profile=1|packetization-mode=0/;
        transceiver.setCodecPreferences(known.filter(({ mimeType, sdpFmtpLine = '' }) =>
            mimeType === 'video/rtx' || (mimeType === `video/${codec}` && !other.test(sdpFmtpLine))));
        const extensions = transceiver.getHeaderExtensionsToNegotiate();
        for (const one of extensions) if (one.uri.includes('dependency-descriptor')) one.direction = 'sendrecv';
        transceiver.setHeaderExtensionsToNegotiate(extensions);
    };
}

async function publish(publication, codec, encodings) {
    await publisher.evaluate(async ([{ whipUrl, streamKey }, wanted, layers]) => {
        window.stream ??= await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 15 } });
        const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
        const transceiver = connection.addTransceiver(window.stream.getVideoTracks()[0], {
            direction: 'sendonly', sendEncodings: layers,
        });
        window.prefer(transceiver, wanted);
        await window.exchange(connection, whipUrl, streamKey);
        window.connection = connection;
    }, [publication, codec, encodings]);
}

async function watch(live, codec) {
    const { playback } = (await client.call('POST', `/api/lives/${live.id}/join`)).body;
    await viewer.evaluate(async ([{ whepUrl, token }, wanted]) => {
        window.connection?.close();
        const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
        window.prefer(connection.addTransceiver('video', { direction: 'recvonly' }), wanted);
        await window.exchange(connection, whepUrl, token);
        window.connection = connection;
        window.descriptor = connection.localDescription.sdp.includes('dependency-descriptor') &&
            connection.remoteDescription.sdp.includes('dependency-descriptor');
    }, [playback, codec]);
}

/** Waits until the viewer has decoded `frames` more frames of this height, and tells what it knows then. */
async function decoded(height, frames = 30) {
    return viewer.evaluate(async ([wanted, count]) => {
        const inbound = async () => {
            for (const one of (await window.connection.getStats()).values())
                if (one.type === 'inbound-rtp' && one.kind === 'video') return one;
            return {};
        };
        let first;
        for (let i = 0; i < 200; ++i) {
            const now = await inbound();
            if (now.frameHeight !== wanted) first = undefined;
            else first ??= now.framesDecoded;
            if (first !== undefined && now.framesDecoded - first >= count)
                return { descriptor: window.descriptor, keyframes: now.keyFramesDecoded, plis: now.pliCount, lost: now.packetsLost };
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`never ${count} frames of ${wanted} lines: ${JSON.stringify(await inbound())}`);
    }, [height, frames]);
}

for (const [name, codec, encodings] of [
    ['AV1 with two layers in one stream', 'AV1', [{ scalabilityMode: 'L2T2_KEY', maxBitrate: 800_000 }]],
    ['VP9 with two layers in one stream', 'VP9', [{ scalabilityMode: 'L2T3_KEY', maxBitrate: 800_000 }]],
    ['VP9 with layers that predict from each other', 'VP9', [{ scalabilityMode: 'L2T3', maxBitrate: 800_000 }]],
])
    test(`${name} is watched in its full size`, async () => {
        const { live, publish: publication } = await goLive(model, { title: name });
        await publish(publication, codec, encodings);
        await watch(live, codec);
        const seen = await decoded(360);
        assert.equal(seen.descriptor, codec === 'AV1' || codec === 'VP9', 'the dependency descriptor was agreed on');
        assert.equal(seen.lost, 0);
        // Who comes later starts at a keyframe of its own.
        await watch(live, codec);
        await decoded(360, 10);
        await publisher.evaluate(() => window.connection.close());
        await model.call('PUT', `/api/lives/${live.id}/end`);
    });

for (const [name, codec] of [['VP8', 'VP8'], ['H.264', 'H264']])
    test(`${name} in two encodings goes down and up again without a break`, async () => {
        const { live, publish: publication } = await goLive(model, { title: name });
        await publish(publication, codec, [
            { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 150_000 },
            { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 600_000 },
        ]);
        await watch(live, codec);
        await decoded(360);
        const active = (on) => publisher.evaluate(async (upper) => {
            const [sender] = window.connection.getSenders();
            const parameters = sender.getParameters();
            parameters.encodings[1].active = upper;
            await sender.setParameters(parameters);
        }, on);
        await active(false);
        await decoded(180);
        await active(true);
        const seen = await decoded(360);
        assert.equal(seen.lost, 0);
        // The browser's decoder never had to ask: each piece began with a keyframe and went on counting.
        assert.equal(seen.plis, 0);
        await publisher.evaluate(() => window.connection.close());
        await model.call('PUT', `/api/lives/${live.id}/end`);
    });

test('H.264 whose size, and so its parameter sets, change goes on for who watches and for who comes later', async () => {
    const { live, publish: publication } = await goLive(model);
    await publish(publication, 'H264', [{ maxBitrate: 600_000 }]);
    await watch(live, 'H264');
    await decoded(360, 15);
    const scale = (by) => publisher.evaluate(async (down) => {
        const [sender] = window.connection.getSenders();
        const parameters = sender.getParameters();
        parameters.encodings[0].scaleResolutionDownBy = down;
        await sender.setParameters(parameters);
    }, by);
    await scale(2);
    await decoded(180, 15);
    await watch(live, 'H264');
    await decoded(180, 15);
    await scale(1);
    const seen = await decoded(360, 15);
    assert.equal(seen.lost, 0);
    await model.call('PUT', `/api/lives/${live.id}/end`);
});
