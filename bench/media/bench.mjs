// One live, many viewers: packets per second of the server's CPU time, latency, memory, joins, beside the bare limit of
// the machine (seal and send, nothing else) and beside Janus where it is installed. The same load drives all of them.
//
//   VIEWERS=200,1000 KBPS=2500 SECONDS=10 SERVERS=confidente,janus ./dev bench media
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { output, root, startProgram, table } from '../lib/process.mjs';
import { janusMissing, startJanus } from './janus.mjs';

const list = (name, fallback) => (process.env[name] ?? fallback).split(',').filter(Boolean);
const sizes = list('VIEWERS', '200,1000').map(Number);
const rates = list('KBPS', '2500').map(Number);
const seconds = process.env.SECONDS ?? '10';
const late = process.env.LATE ?? '10';
const wanted = list('SERVERS', 'confidente,janus');
const program = (name) => join(root, 'build/release', name);

if (availableParallelism() < 2) console.log('One core only: server and load share it, and the figures say little.');

const servers = {
    confidente: async () => {
        const server = await startProgram('taskset', ['-c', '0', program('media_peer')]);
        const url = (path) => `http://127.0.0.1:${server.port}${path}`;
        return { ...server, flags: ['--publish', url('/whip/live{n}'), '--play', url('/whep/live{n}')] };
    },
};
if (wanted.includes('janus')) {
    const missing = janusMissing();
    if (missing) console.log(`Without Janus's rows. ${missing}.`);
    else servers.janus = startJanus;
}

/** The load's figures for one server. */
async function measure(start, flags) {
    const server = await start();
    try {
        const [command, ...args] = [...(server.enter ?? []), program('media_load'), ...server.flags,
            '--pid', String(server.pid), '--core', '1', ...flags];
        return JSON.parse(await output(command, args));
    } finally {
        await server.stop();
    }
}

/** Packets a CPU-second of sealing and sending alone, at about the rate of the load. */
const limitOf = async (receivers, burst) => JSON.parse(await output(program('media_limit'),
    ['--receivers', String(receivers), '--burst', String(burst), '--seconds', '5', '--rate', '150000']));

const rows = [];
const ratios = [];
for (const viewers of sizes) {
    const plain = await limitOf(viewers, 1);
    const limit = await limitOf(viewers, 4);
    rows.push({ viewers, name: 'limit, one by one', 'packets/CPU-s': plain.perCpuSecond });
    rows.push({ viewers, name: 'limit, bursts of 4', 'packets/CPU-s': limit.perCpuSecond });
    for (const kbps of rates)
        for (const [name, start] of Object.entries(servers)) {
            if (!wanted.includes(name)) continue;
            const told = await measure(start, ['--viewers', String(viewers), '--kbps', String(kbps), '--seconds', seconds,
                '--late', late]);
            const joins = await measure(start, ['--viewers', String(viewers), '--kbps', '500', '--seconds', '1',
                '--settle', '0', '--quiet-joins']);
            if (told.failure) console.log(`${name}: ${told.failed} viewers failed: ${told.failure}`);
            rows.push({
                viewers, kbps, name,
                'packets/CPU-s': told.perCpuSecond,
                'of limit': told.perCpuSecond / limit.perCpuSecond,
                'CPU share': told.cpuShare,
                'viewers/core': told.viewersPerCore,
                'KiB/viewer': told.bytesPerViewer / 1024,
                'p50 ms': told.latencyP50Ms,
                'p99 ms': told.latencyP99Ms,
                'lost ‰': (told.lost / Math.max(1, told.packets)) * 1000,
                'joins/CPU-s': joins.joinsPerCpuSecond,
                'first packet ms': told.lateP50Ms,
                'load CPU': told.loadCpuShare,
            });
            ratios.push(`${viewers} viewers of ${kbps} kbit/s, ${name}: ` +
                `${(100 * told.perCpuSecond / limit.perCpuSecond).toFixed(0)} % of the limit`);
        }
}
table(rows);
console.log(ratios.join('\n'));
