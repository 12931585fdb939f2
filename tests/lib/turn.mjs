// A real coturn with the operators' own configuration (deploy/coturn/turnserver.conf), and a TURN client that can ask it
// for what browsers would not (RFC 8656 over UDP, long-term credentials).
import { spawn } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const operators = new URL('../../deploy/coturn/turnserver.conf', import.meta.url);
export const turnSecret = 'a secret of the tests alone';

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** The denied ranges of the operators' file, [first, last] each; without the two that deny everything. */
export function deniedRanges() {
    return [...readFileSync(operators, 'utf8').matchAll(/^denied-peer-ip=([^-\n]+)(?:-(\S+))?$/gm)]
        .map(([, first, last]) => [first, last ?? first])
        .filter(([first, last]) => !(first === '0.0.0.0' && last === '255.255.255.255') && !(first === '::' && last.startsWith('ffff:')));
}

/**
 * Starts coturn on loopback. `peers` are the addresses it may relay to; `only` false drops the two lines that deny
 * everything, so that what is left denied is the list's own doing.
 */
export async function startTurn({ peers = ['127.0.0.1'], only = true, loopbackPeers = true } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'confidente-turn-'));
    const port = await freePort();
    let text = readFileSync(operators, 'utf8')
        .replace('TURN.EXAMPLE.ORG', 'turn.test')
        .replace('static-auth-secret=SECRET', `static-auth-secret=${turnSecret}`)
        .replace('listening-port=3478', `listening-port=${port}`)
        .replace('allowed-peer-ip=MEDIA-ADDRESS', peers.map((peer) => `allowed-peer-ip=${peer}`).join('\n'));
    if (!only) text = text.replace(/^denied-peer-ip=(0\.0\.0\.0-255|::-ffff:).*$/gm, '');
    const file = join(folder, 'turnserver.conf');
    writeFileSync(file, `${text}\nno-tls\nno-dtls\nlog-file=stdout\nsimple-log\npidfile=${folder}/pid\nuserdb=${folder}/turndb\n`);
    const flags = ['-c', file, '--listening-ip=127.0.0.1', '--listening-ip=::1', '--relay-ip=127.0.0.1', '--relay-ip=::1'];
    if (loopbackPeers) flags.push('--allow-loopback-peers');
    const child = spawn('turnserver', flags, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
    const log = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => log.push(String(bytes)));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    exited.then((code) => log.push(`ended with ${code}\n`));
    const client = new TurnClient({ port });
    try {
        await client.untilThere();
    } catch (reason) {
        throw new Error(`coturn did not start: ${log.join('')}`, { cause: reason });
    } finally {
        client.close();
    }
    return {
        port,
        log,
        urls: (...transports) => transports.map((transport) => `turn:127.0.0.1:${port}?transport=${transport}`),
        async stop() {
            child.kill('SIGTERM');
            await exited;
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

/** As the server makes them (server/domain/lives/turn.cpp). */
export function turnCredential({ secret = turnSecret, user = 'somebody', lifeSeconds = 600 } = {}) {
    const username = `${Math.floor(Date.now() / 1000) + lifeSeconds}:${user}`;
    return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

const cookie = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const methods = { allocate: 0x003, createPermission: 0x008, binding: 0x001, channelBind: 0x009 };
const attributes = {
    username: 0x0006, integrity: 0x0008, error: 0x0009, channel: 0x000c, peer: 0x0012, realm: 0x0014, nonce: 0x0015,
    family: 0x0017, transport: 0x0019,
};

/** The 16 bytes of an IPv6 address. */
export function ipv6Bytes(text) {
    const groups = (part) => (part === '' ? [] : part.split(':').flatMap((group) => {
        if (!group.includes('.')) return [parseInt(group, 16)];
        const [a, b, c, d] = group.split('.').map(Number);
        return [(a << 8) | b, (c << 8) | d];
    }));
    const [head, tail] = text.split('::').map(groups);
    const all = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
    return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

export class TurnClient {
    constructor({ port, family = 4 }) {
        this.port = port;
        this.family = family;
        this.socket = createSocket(family === 4 ? 'udp4' : 'udp6');
        this.waiting = new Map();
        this.socket.on('message', (bytes) => {
            const key = bytes.subarray(8, 20).toString('hex');
            this.waiting.get(key)?.(bytes);
            this.waiting.delete(key);
        });
    }
    close() {
        this.socket.close();
    }

    /** Until the server answers at all. */
    async untilThere(tries = 100) {
        for (let i = 0; i < tries; ++i) if (await this.ask('allocate', [], { limitMs: 100 }).catch(() => null)) return;
        throw new Error('no answer');
    }

    /** Resolves with {code} of an error (0 = success) and the attributes of the answer. */
    ask(method, list, { key, limitMs = 3000 } = {}) {
        const transaction = randomBytes(12);
        const encode = ([type, value]) => {
            const head = Buffer.alloc(4);
            head.writeUInt16BE(attributes[type], 0);
            head.writeUInt16BE(value.length, 2);
            return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
        };
        const header = (length) => {
            const bytes = Buffer.alloc(4);
            bytes.writeUInt16BE(methods[method], 0);
            bytes.writeUInt16BE(length, 2);
            return Buffer.concat([bytes, cookie, transaction]);
        };
        const peers = list.map(([type, value]) => [type, type === 'peer' ? this.xorAddress(value, transaction) : value]);
        let body = Buffer.concat(peers.map(encode));
        if (key) {
            const digest = createHmac('sha1', key).update(Buffer.concat([header(body.length + 24), body])).digest();
            body = Buffer.concat([body, encode(['integrity', digest])]);
        }
        return new Promise((resolve, reject) => {
            const limit = setTimeout(() => reject(new Error(`${method}: no answer`)), limitMs);
            this.waiting.set(transaction.toString('hex'), (bytes) => {
                clearTimeout(limit);
                resolve(this.read(bytes));
            });
            this.socket.send(Buffer.concat([header(body.length), body]), this.port, this.family === 4 ? '127.0.0.1' : '::1');
        });
    }

    read(bytes) {
        const answer = { code: 0 };
        for (let at = 20; at + 4 <= bytes.length;) {
            const [type, size] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
            const value = bytes.subarray(at + 4, at + 4 + size);
            const name = Object.keys(attributes).find((one) => attributes[one] === type);
            if (name === 'error') answer.code = (value[2] & 7) * 100 + value[3];
            else if (name) answer[name] = Buffer.from(value);
            at += 4 + size + ((4 - (size % 4)) % 4);
        }
        return answer;
    }

    xorAddress(ip, transaction) {
        const [mask, bytes] = isIPv4(ip)
            ? [cookie, Buffer.from(ip.split('.').map(Number))]
            : [Buffer.concat([cookie, transaction]), ipv6Bytes(ip)];
        const port = 9 ^ 0x2112;
        return Buffer.concat([Buffer.from([0, bytes.length === 4 ? 1 : 2, port >> 8, port & 255]), bytes.map((byte, i) => byte ^ mask[i])]);
    }

    /** The error's code, or 0: then `permit` may be asked. */
    async allocate({ username, credential }) {
        const family = ['family', Buffer.from([this.family === 4 ? 1 : 2, 0, 0, 0])];
        const wanted = [['transport', Buffer.from([17, 0, 0, 0])], family];
        const challenge = await this.ask('allocate', wanted);
        this.realm = challenge.realm;
        this.nonce = challenge.nonce;
        this.username = username;
        this.key = createHash('md5').update(`${username}:${this.realm}:${credential}`).digest();
        return (await this.ask('allocate', [...wanted, ...this.who()], { key: this.key })).code;
    }
    who() {
        return [['username', Buffer.from(this.username)], ['realm', this.realm], ['nonce', this.nonce]];
    }
    /** The error's code for a peer, 0 = it may be sent to; `by` createPermission or channelBind. */
    async permit(ip, by = 'createPermission') {
        const channel = by === 'channelBind' ? [['channel', Buffer.from([0x40, 0x00, 0, 0])]] : [];
        return (await this.ask(by, [...channel, ['peer', ip], ...this.who()], { key: this.key })).code;
    }
}
