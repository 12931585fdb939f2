// One room, many sockets: deliveries per second of the server's CPU time, latency, memory, connections. The same swarm
// drives our realtime layer and Socket.IO's own server on Node.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { output, root, startProgram, table } from '../lib/process.mjs';

const swarm = join(root, 'build/bench/swarm');
const seconds = process.env.SECONDS ?? '5';
const sizes = (process.env.SOCKETS ?? '1000,5000,10000').split(',');
mkdirSync(join(root, 'build/bench'), { recursive: true });
await output('g++', ['-std=c++20', '-O2', '-Wall', '-Wextra', '-Ibench/lib', 'bench/realtime/swarm.cpp',
    'bench/lib/process_figures.cpp', '-o', swarm]);

const servers = {
    confidente: () => startProgram(join(root, 'build/release/realtime_peer'), []),
    'socket.io': () => startProgram(process.execPath, ['bench/realtime/peer_socketio.mjs']),
};
// Messages a second, or 64 on their way at any time.
const loads = { '5/s': ['--rate', '5'], '40/s': ['--rate', '40'], saturated: ['--saturate', '1', '--senders', '64'] };

/** The swarm's figures for one server under one load. */
async function measure(start, sockets, flags) {
    const server = await start();
    try {
        const where = ['--port', String(server.port), '--pid', String(server.pid)];
        const load = ['--sockets', sockets, '--seconds', seconds, ...flags];
        return JSON.parse(await output(swarm, [...where, ...load]));
    } finally {
        await server.stop();
    }
}

const rows = [];
const ratios = [];
for (const sockets of sizes)
    for (const [load, flags] of Object.entries(loads)) {
        const figures = {};
        for (const [name, start] of Object.entries(servers)) {
            const told = (figures[name] = await measure(start, sockets, flags));
            rows.push({
                sockets, load, name,
                'deliveries/CPU-s': told.perCpuSecond,
                'p50 ms': told.p50Ms,
                'p99 ms': told.p99Ms,
                lost: told.lost,
                'B/socket': told.bytesPerSocket,
                'connections/s': told.connectionsPerSecond,
                'connections/CPU-s': told.connectionsPerCpuSecond,
            });
        }
        const times = (figure) => (figures.confidente[figure] / figures['socket.io'][figure]).toFixed(1);
        ratios.push(`${sockets} sockets, ${load}: ${times('perCpuSecond')} times Socket.IO's deliveries ` +
            `per CPU-second, ${times('connectionsPerCpuSecond')} times its connections`);
    }
table(rows);
console.log(ratios.join('\n'));
