// Clients that begin and never finish, by the thousand: each kind is a way to keep a server waiting. They come from
// several loopback addresses, since a server may count what one address leaves unfinished.
import { connect } from 'node:net';

const addresses = 8;
const openAtOnce = 200; // connections being made; more than a backlog holds would only be retried by the kernel

const slowly = (text) => ({ first: text.slice(0, 1), rest: text.slice(1) });
const websocket =
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const body =
    'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"email":"';
const poller = 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** What each kind says at once, and what it goes on with, a byte a second. */
export const kinds = {
    'says nothing': { first: '' },
    'a header a byte a second': slowly(`GET /api/lives HTTP/1.1\r\nHost: x\r\nX-Slow: ${'a'.repeat(500)}`),
    'a body a byte a second': { first: body, rest: 'a'.repeat(500) },
    'a websocket that never connects': { first: websocket },
    'a poller that never polls again': { first: poller },
};

/** Opens `count` of a kind; `closed` resolves when the server has closed the last, with what each was answered first. */
export async function open(url, kind, count) {
    const { port } = new URL(url);
    const { first, rest = '' } = kinds[kind];
    const sockets = new Set();
    const lives = []; // milliseconds
    const heard = new Map(); // first line → how many
    let at = 0;
    const trickle = setInterval(() => {
        const byte = rest[at++];
        if (byte) for (const socket of sockets) socket.write(byte);
    }, 1000);
    const { promise: closed, resolve: allClosed } = Promise.withResolvers();
    let made = 0;
    const one = (number) =>
        new Promise((resolve) => {
            const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (number % addresses)}` });
            const began = performance.now();
            let answer = '';
            socket.on('data', (data) => {
                if (answer === '') answer = data.toString('latin1').split('\r\n')[0];
            });
            socket.on('connect', () => {
                sockets.add(socket);
                if (first) socket.write(first);
                resolve();
            });
            socket.on('error', () => resolve()); // a reset is an end like another
            socket.on('close', () => {
                sockets.delete(socket);
                lives.push(performance.now() - began);
                heard.set(answer, (heard.get(answer) ?? 0) + 1);
                if (lives.length < count) return;
                clearInterval(trickle);
                allClosed({ lives, heard });
            });
        });
    while (made < count) {
        const some = Math.min(openAtOnce, count - made);
        await Promise.all(Array.from({ length: some }, () => one(made++)));
    }
    return { closed, open: () => sockets.size };
}
