// Starts the conformance program on ports of its own, and small helpers to speak its protocols by hand.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.CONFORMANCE_BINARY ?? join(root, 'build/release/socketio_conformance');

export async function startConformance() {
    const child = spawn(program, ['--engine', '0', '--socket', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    const urls = {};
    await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
            const [, name, url] = /^(\w+) listening on (\S+)/.exec(line) ?? [];
            if (name) urls[name] = url;
            if (urls.engine && urls.socket) resolve();
        });
        exited.then((code) => reject(new Error(`the program ended with ${code}`)));
    });
    return {
        engine: `${urls.engine}/engine.io/`,
        socket: `${urls.socket}/socket.io/`,
        socketUrl: urls.socket,
        pid: child.pid,
        stop() {
            child.kill('SIGTERM');
            return exited;
        },
    };
}

/** A websocket whose messages are awaited one by one. */
export class Line {
    constructor(url) {
        this.socket = new WebSocket(url.replace(/^http/, 'ws'));
        this.received = [];
        this.waiting = [];
        this.socket.on('message', (data, binary) => {
            const message = binary ? data : data.toString();
            const taker = this.waiting.shift();
            if (taker) taker(message);
            else this.received.push(message);
        });
        this.socket.on('error', (error) => (this.error = error));
        this.opened = new Promise((resolve) => this.socket.once('open', resolve));
        this.closed = new Promise((resolve) => this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    }
    next() {
        if (this.received.length > 0) return Promise.resolve(this.received.shift());
        return new Promise((resolve) => this.waiting.push(resolve));
    }
    /** The next message that is no heartbeat. */
    async nextMessage() {
        while (true) {
            const message = await this.next();
            if (message !== '2') return message;
        }
    }
    send(data) {
        this.socket.send(data);
    }
    close() {
        this.socket.close();
    }
}

/** The handshake of a polling session. */
export async function openPolling(url) {
    const answer = await fetch(`${url}?EIO=4&transport=polling`);
    const text = await answer.text();
    return { status: answer.status, type: text[0], ...JSON.parse(text.slice(1)) };
}

export const polling = (url, sid) => `${url}?EIO=4&transport=polling&sid=${sid}`;

export const post = (url, body, headers = {}) => fetch(url, { method: 'POST', body, headers });
