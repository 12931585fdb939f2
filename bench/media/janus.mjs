// Janus's VideoRoom as a peer of the bench: Debian's package, on one core, with ICE-lite. It does not offer loopback as a
// candidate, so it gets a network of its own (a namespace, which needs root) that nobody outside reaches.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const library = process.env.JANUS_LIBRARY ?? '/usr/lib/x86_64-linux-gnu/janus';

const address = '10.99.0.1';
const port = 8088; // of the namespace: nobody else is there
const network = 'ip link set lo up && ip link add v0 type veth peer name v1 && ' +
    `ip addr add ${address}/24 dev v0 && ip link set v0 up && ip link set v1 up`;

const settings = (folder) => ({
    'janus.jcfg': `general: {
    configs_folder = "${folder}"
    plugins_folder = "${library}/plugins"
    transports_folder = "${library}/transports"
    events_folder = "${folder}"
    loggers_folder = "${folder}"
    debug_level = 2
    session_timeout = 0
    event_loops = 1
}
media: { rtp_port_range = "20000-59999" }
nat: { ice_lite = true, ice_tcp = false, ice_enforce_list = "${address}" }
`,
    'janus.transport.http.jcfg': `general: {
    json = "compact"
    base_path = "/janus"
    http = true
    port = ${port}
    ip = "127.0.0.1"
    https = false
}
admin: { admin_http = false }
`,
    'janus.plugin.videoroom.jcfg': 'general: {}\n',
});

/** Why it cannot be measured here, or nothing. */
export const janusMissing = () => {
    if (!process.env.PATH.split(':').some((folder) => existsSync(join(folder, 'janus'))))
        return 'Janus is not installed: apt-get install --no-install-recommends janus';
    if (process.getuid() !== 0) return 'Janus needs a network namespace here, and that needs root';
    return undefined;
};

export async function startJanus() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-janus-'));
    for (const [name, text] of Object.entries(settings(folder))) writeFileSync(join(folder, name), text);
    const janus = `exec taskset -c 0 janus -F ${folder} -C ${join(folder, 'janus.jcfg')}`;
    // Each step replaces the process, so the one that was started is Janus.
    const child = spawn('unshare', ['--net', 'sh', '-c', `${network} && ${janus}`], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const enter = ['nsenter', `--net=/proc/${child.pid}/ns/net`];
    const hasAddress = () => {
        const told = spawnSync(enter[0], [...enter.slice(1), 'ip', '-4', '-o', 'address', 'show', 'v0'], { encoding: 'utf8' });
        return told.stdout.includes(address);
    };
    for (let tries = 0; tries < 100 && !hasAddress(); ++tries) await pause(50);
    return {
        pid: child.pid,
        enter,
        flags: ['--janus', `http://127.0.0.1:${port}/janus`, '--local', address],
        async stop() {
            child.kill('SIGTERM');
            await exited;
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
