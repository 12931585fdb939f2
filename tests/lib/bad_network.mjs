// A bad network between a peer and the server: tests/networks/relay.cpp as a process, told what to do by lines.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { binary } from './server.mjs';

const program = join(dirname(binary), 'network_relay');

/**
 * Relays UDP to the server's media port. `up` is from the peer to the server, `down` back; profiles are objects with
 * loss, burst, delay, jitter, reorder, reorder_ms, duplicate, rate and queue (tests/networks/impairment.hpp).
 */
export async function startRelay({ ip = '127.0.0.1', port, seed }) {
    const child = spawn(program, [ip, String(port), String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value);
    const listening = await next();
    // Commands are answered in their order.
    let last = Promise.resolve();
    const ask = (line) => {
        const asked = last.then(async () => {
            child.stdin.write(`${line}\n`);
            const answer = await next();
            if (answer.error) throw new Error(`${line}: ${answer.error}`);
            return answer;
        });
        last = asked.catch(() => {});
        return asked;
    };
    const words = (profile) => Object.entries(profile).map(([name, value]) => `${name}=${value}`).join(' ');
    return {
        ip,
        port: listening.port,
        up: (profile) => ask(`up ${words(profile)}`),
        down: (profile) => ask(`down ${words(profile)}`),
        both: (profile) => ask(`both ${words(profile)}`),
        clear: () => ask('both'),
        /** Nothing passes for so long; 0 ends it. */
        blackout: (seconds) => ask(`blackout ${seconds}`),
        /** To the server, every peer moves to another port. */
        rebind: () => ask('rebind'),
        /** Datagrams that look like media and are none, from every peer's address, `rate` a second. */
        inject: (count, rate) => ask(`inject ${count} ${rate}`),
        stats: () => ask('stats'),
        async stop() {
            child.stdin.end();
            await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
        },
    };
}

/** The media ports that the server logged: {udp, tcp}. */
export async function mediaPorts(server) {
    const line = JSON.parse(await server.logged('server.started'));
    return { udp: line['media.port'], tcp: line['media.tcp_port'] };
}

const candidate = /^a=candidate:\S+ \d+ (udp|tcp) .*$/;
/** An answer or a fragment whose UDP candidates are one at `via` and whose TCP candidates are gone. */
export function throughRelay(sdp, via) {
    let placed = false;
    return sdp.split('\r\n').flatMap((line) => {
        if (!candidate.test(line)) return [line];
        if (placed) return [];
        placed = true;
        return [`a=candidate:1 1 udp 2130706431 ${via.ip} ${via.port} typ host`];
    }).join('\r\n');
}

/** An answer without its candidates of this protocol: as if the network let none of them through. */
export const withoutCandidates = (sdp, protocol) =>
    sdp.split('\r\n').filter((line) => candidate.exec(line)?.[1] !== protocol).join('\r\n');

/** What the page is told by WHIP and WHEP, POST and PATCH, goes through `change` before it sees it. */
export async function changeAnswers(page, change) {
    await page.route(/\/wh[ie]p(\/|$)/, async (route) => {
        const method = route.request().method();
        if (method !== 'POST' && method !== 'PATCH') return route.continue();
        const response = await route.fetch();
        if (response.status() !== 201 && response.status() !== 200) return route.fulfill({ response });
        return route.fulfill({ response, body: change(await response.text()) });
    });
}
