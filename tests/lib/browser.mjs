// Headless Chromium with a fake camera and microphone, and what tests ask of pages.
import { chromium } from 'playwright-core';

/** Flags a browser needs inside a container with no way out. */
const args = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
    '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
];

const fakeDevices = '--use-fake-device-for-media-stream';
const cameras = {
    granted: [fakeDevices, '--use-fake-ui-for-media-stream'],
    refused: [fakeDevices, '--deny-permission-prompts'],
    missing: [`${fakeDevices}=device-count=0`, '--use-fake-ui-for-media-stream'],
};

/** `camera`: granted, refused or missing; `flags`: more of the browser's own. */
export async function openBrowser({ camera = 'granted', flags = [] } = {}) {
    return chromium.launch({ executablePath: '/usr/bin/chromium', args: [...args, ...cameras[camera], ...flags] });
}

/** A user's own window; `problems` gathers console errors, page errors and refusals by the Content-Security-Policy. */
export async function openPage(browser, { width = 1280, height = 800, theme = 'dark', permissions = [] } = {}) {
    const context = await browser.newContext({
        viewport: { width, height }, colorScheme: theme, locale: 'pt-BR', permissions,
    });
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
        if (/Content Security Policy|Trusted/i.test(message.text())) problems.push(message.text());
    });
    return { page, context, problems };
}

/** Puts a signed-in session into the page, as if the user had been here before. */
export async function signUp(page, url, type, name) {
    await page.goto(`${url}/cadastrar`);
    const email = `${type}-${Date.now()}-${Math.floor(performance.now())}@example.com`;
    await page.getByTestId(`type-${type}`).click();
    await page.getByLabel('Nome', { exact: false }).first().fill(name);
    await page.getByLabel('E-mail', { exact: false }).first().fill(email);
    await page.getByLabel('Senha', { exact: false }).first().fill('uma senha comprida 2026');
    await page.getByTestId('birth-date').fill('1995-05-05');
    await page.getByTestId('accept-terms').check({ force: true });
    await page.getByTestId('submit').click();
    await page.waitForURL((at) => !at.pathname.startsWith('/cadastrar'));
    return email;
}

/** Opens every later page of the context as this person, without the sign-in page. */
export async function enterAs(context, session) {
    await context.addInitScript((stored) => localStorage.setItem('confidente.session', stored), JSON.stringify({
        ...session, expiresAtMs: Date.now() + session.expiresIn * 1000,
    }));
}

/** Waits until the video has decoded `frames` more frames; what getStats-like counters say, not what the page claims. */
export async function framesDecoded(page, testId, frames = 10) {
    return page.getByTestId(testId).evaluate(async (video, wanted) => {
        const start = video.getVideoPlaybackQuality().totalVideoFrames;
        return new Promise((resolve, reject) => {
            const limit = setTimeout(
                () => reject(new Error(`${video.getVideoPlaybackQuality().totalVideoFrames - start} frames in 15 s`)), 15_000);
            const onFrame = () => {
                const seen = video.getVideoPlaybackQuality().totalVideoFrames - start;
                if (seen < wanted) return video.requestVideoFrameCallback(onFrame);
                clearTimeout(limit);
                resolve(seen);
            };
            video.requestVideoFrameCallback(onFrame);
        });
    }, frames);
}

/** True when two pictures of the video, some frames apart, differ: the picture moves. */
export async function pictureMoves(page, testId) {
    return page.getByTestId(testId).evaluate(async (video) => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [64, 36];
        const context = canvas.getContext('2d', { willReadFrequently: true });
        const grab = () => {
            context.drawImage(video, 0, 0, 64, 36);
            return context.getImageData(0, 0, 64, 36).data;
        };
        const first = grab();
        for (let i = 0; i < 20; i++) await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        const second = grab();
        let difference = 0;
        for (let i = 0; i < first.length; i++) difference += Math.abs(first[i] - second[i]);
        return difference / first.length > 0.5;
    });
}

/** Receiver-side figures of the page's peer connections, gathered by the hook of watchPeerConnections. */
export async function receiverStats(page) {
    return page.evaluate(async () => {
        const all = { framesDecoded: 0, audioEnergy: 0, audioPackets: 0, width: 0, mimeType: '' };
        for (const connection of window.testConnections ?? []) {
            const stats = await connection.getStats();
            for (const report of stats.values()) {
                if (report.type !== 'inbound-rtp') continue;
                if (report.kind === 'video') {
                    all.framesDecoded += report.framesDecoded ?? 0;
                    all.width = Math.max(all.width, report.frameWidth ?? 0);
                    all.mimeType = stats.get(report.codecId)?.mimeType ?? all.mimeType;
                } else {
                    all.audioEnergy += report.totalAudioEnergy ?? 0;
                    all.audioPackets += report.packetsReceived ?? 0;
                }
            }
        }
        return all;
    });
}

/** Keeps hold of every RTCPeerConnection that the page makes, so that getStats can be asked from outside. */
export async function watchPeerConnections(context) {
    await context.addInitScript(() => {
        window.testConnections = [];
        const Native = window.RTCPeerConnection;
        window.RTCPeerConnection = class extends Native {
            constructor(...options) {
                super(...options);
                window.testConnections.push(this);
            }
        };
    });
}
