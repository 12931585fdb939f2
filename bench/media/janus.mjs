// Janus's VideoRoom as a peer of the bench: Debian's package, on one core, with ICE-lite and on loopback only.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const library = process.env.JANUS_LIBRARY ?? '/usr/lib/x86_64-linux-gnu/janus';

/** A port that nobody has at this moment. */
const freePort = () => new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        server.close(() => resolve(port));
    });
});

const settings = (folder, port) => ({
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
nat: { ice_lite = true, ice_tcp = false, ice_enforce_list = "127.0.0.1" }
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

export async function startJanus() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-janus-'));
    const port = await freePort();
    for (const [name, text] of Object.entries(settings(folder, port))) writeFileSync(join(folder, name), text);
    const child = spawn('taskset', ['-c', '0', 'janus', '-F', folder, '-C', join(folder, 'janus.jcfg')],
        { stdio: ['ignore', 'ignore', 'ignore'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const url = `http://127.0.0.1:${port}/janus`;
    let up = false;
    for (let tries = 0; tries < 100 && !up && child.exitCode === null; ++tries) {
        up = await fetch(`${url}/info`).then((answer) => answer.ok, () => false);
        if (!up) await pause(100);
    }
    if (!up) throw new Error('janus does not answer; start it by hand with its own configuration to see why');
    return {
        pid: child.pid,
        port,
        flags: ['--janus', url],
        async stop() {
            child.kill('SIGTERM');
            await exited;
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
