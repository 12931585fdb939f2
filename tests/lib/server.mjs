// Starts the real binary with a folder and ports of its own, and stops it again.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { databaseOf } from './postgres.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.CONFIDENTE_BINARY ?? join(root, 'build/release/confidente');

/** The tests' own variables are none of the server's; CONFIDENTE_TEST_POSTGRES gives it a database there. */
function environment(dataDir) {
    const { CONFIDENTE_TEST_POSTGRES: server, CONFIDENTE_BINARY: ignored, ...rest } = process.env;
    return server && dataDir ? { CONFIDENTE_DATABASE_URL: databaseOf(dataDir), ...rest } : rest;
}

// One machine plays every user, so the limits per address are raised; their own tests lower them again.
const generousLimits = [
    'http.requests_per_minute=1000000',
    'http.sockets_per_minute=1000000',
    'auth.login_attempts_per_minute=100000',
    'auth.login_attempts_per_account=100000',
    'auth.login_attempts_per_network=1000000',
    'auth.registrations_per_hour=100000',
    'auth.resets_per_hour=100000',
    'media.publishes_per_minute=100000',
    'media.plays_per_minute=100000',
    'media.playbacks_per_account=100000',
];

/** Starts a server; `settings` are key=value, `env` is added to ours. Resolves when it says that it listens. */
export async function startServer({ settings = [], dataDir, args = [], limits = generousLimits, env = {} } = {}) {
    const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'confidente-test-'));
    const flags = ['serve', '--data-dir', folder, '--http', '127.0.0.1:0', '--media-port', '0'];
    for (const setting of [`web.root=${join(root, 'web/dist')}`, ...limits, ...settings]) flags.push('--set', setting);
    const child = spawn(binary, [...flags, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: root,
        env: { ...environment(folder), ...env },
    });
    const log = [];
    const listeners = new Set();
    createInterface({ input: child.stderr }).on('line', (line) => {
        log.push(line);
        listeners.forEach((listener) => listener(line));
    });
    const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    // With --demo the place is ready only when its live is on.
    const ready = args.includes('--demo') ? /^the demo is live at (https?:\/\/\S+)/ : /^listening on (https?:\/\/\S+)/;
    const url = await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
            const found = ready.exec(line);
            if (found) resolve(found[1].replace(/\/$/, ''));
        });
        exited.then(({ code }) => reject(new Error(`the server ended with ${code}\n${log.join('\n')}`)));
    });
    return {
        url,
        log,
        dataDir: folder,
        child,
        exited,
        /** What it logged as errors of its own, rather than of others: there should be none. */
        bugs: () => log.filter((line) => line.includes('"error.code":"internal"') || line.includes('socket.event_failed')),
        /** The first line of the log that holds `text`, once it is there. */
        logged: (text, limitMs = 20_000) => {
            const found = log.find((line) => line.includes(text));
            if (found) return Promise.resolve(found);
            return new Promise((resolve, reject) => {
                const listener = (line) => {
                    if (!line.includes(text)) return;
                    clearTimeout(limit);
                    listeners.delete(listener);
                    resolve(line);
                };
                const limit = setTimeout(() => reject(new Error(`the log never said ${text}`)), limitMs);
                listeners.add(listener);
            });
        },
        /** SIGTERM and wait; the exit code. The folder goes too, unless it was the caller's. */
        async stop() {
            child.kill('SIGTERM');
            const { code, signal } = await exited;
            if (!dataDir) rmSync(folder, { recursive: true, force: true });
            return code ?? signal;
        },
    };
}

/** Runs a command of the binary to its end; `{input}` before the arguments is what it reads. */
export async function run(...args) {
    const { input } = typeof args[0] === 'object' ? args.shift() : {};
    const env = environment(args[args.indexOf('--data-dir') + 1]);
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: root, env });
    child.stdin.on('error', () => {}).end(input);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, out, err };
}
