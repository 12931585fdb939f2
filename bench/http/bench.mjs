// Small JSON answers and logins: ours beside Express (and nginx, where it is installed), and beside the hashing that a
// login cannot do without. All answer the same body; ours and Express each with the headers they have by default.
// Debian's wrk makes the load from one thread; what counts is requests per second of the server's own CPU time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argon2Sync, randomBytes } from 'node:crypto';
import { startNginx } from './nginx.mjs';
import { cpuSeconds, output, root, startProgram, table } from '../lib/process.mjs';

const seconds = Number(process.env.SECONDS ?? 5);

async function requests(name, { pid, port }) {
    const before = cpuSeconds(pid);
    const text = await output('wrk', ['-t1', '-c64', `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}/api/gifts`]);
    const count = Number(/(\d+) requests in/.exec(text)[1]);
    const refused = /Non-2xx or 3xx responses: (\d+)/.exec(text);
    if (refused) throw new Error(`${name}: ${refused[0]}`);
    return { name, 'requests/s': count / seconds, 'requests/CPU-s': count / (cpuSeconds(pid) - before),
        p99: /99%\s+(\S+)/.exec(text)[1] };
}

async function logins(port) {
    const call = (path, body) => fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    const person = { email: 'bench@example.com', password: 'uma senha comprida 2026' };
    await call('/api/auth/register', { ...person, type: 'client', name: 'Davi', birthDate: '1990-01-01', acceptTerms: true });
    const end = performance.now() + seconds * 1000;
    let count = 0;
    const loop = async () => {
        while (performance.now() < end) {
            const answer = await call('/api/auth/login', person);
            if (answer.status !== 200) throw new Error(`login: ${answer.status}`);
            await answer.arrayBuffer();
            count += 1;
        }
    };
    await Promise.all(Array.from({ length: 8 }, loop));
    return count / seconds;
}

/** How often one core can hash with the server's own cost: no login is cheaper than that. */
function hashesPerSecond() {
    const cost = { message: 'uma senha comprida 2026', nonce: randomBytes(16), parallelism: 1, tagLength: 32, memory: 47_104, passes: 1 };
    const end = performance.now() + 2000;
    let count = 0;
    for (; performance.now() < end; count++) argon2Sync('argon2id', cost);
    return count / 2;
}

const folder = mkdtempSync(join(tmpdir(), 'confidente-bench-'));
const unlimited = ['http.requests_per_minute=10000000', 'auth.login_attempts_per_minute=1000000', 'auth.login_attempts_per_account=1000000',
    'auth.login_attempts_per_network=1000000',
    'auth.registrations_per_hour=1000000'];
const ours = await startProgram(join(root, 'build/release/confidente'), [
    'serve', '--data-dir', folder, '--http', '127.0.0.1:0', '--media-port', '0', '--set', 'http.threads=1',
    '--set', 'log.level=error', ...unlimited.flatMap((one) => ['--set', one])]);
const body = await (await fetch(`http://127.0.0.1:${ours.port}/api/gifts`)).text();
const express = await startProgram(process.execPath, ['bench/http/peer_express.mjs'], { input: body });
const nginx = await startNginx(folder, body);
if (!nginx) console.log('nginx is not installed: without it');
try {
    const rows = [];
    for (const round of [1, 2, 3]) {
        rows.push({ round, ...(await requests('confidente', ours)) }, { round, ...(await requests('express', express)) });
        if (nginx) rows.push({ round, ...(await requests('nginx', nginx)) });
    }
    table(rows);
    const median = (name) => rows.filter((row) => row.name === name).map((row) => row['requests/CPU-s']).sort((a, b) => a - b)[1];
    console.log(`requests per CPU-second: ${(median('confidente') / median('express')).toFixed(1)} times Express (median of 3)`);
    if (nginx) console.log(`and ${(median('confidente') / median('nginx')).toFixed(2)} times nginx`);
    console.log(`logins/s: ${(await logins(ours.port)).toFixed(1)}; bare Argon2id of the same cost on one core: ${hashesPerSecond().toFixed(1)}/s`);
} finally {
    await Promise.all([ours.stop(), express.stop(), nginx?.stop()]);
    rmSync(folder, { recursive: true });
}
