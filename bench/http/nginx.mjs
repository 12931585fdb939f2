// What a server of files can do on this machine: nginx, one process, the same body from its disk, no log. A mark to look
// up to, not a peer: it has no routes, limits or request ids. Only where it is installed (Debian: nginx-light).
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const program = process.env.BENCH_NGINX ?? '/usr/sbin/nginx';

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

const reachable = (port) => new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
});

/** {pid, port, stop}, or nothing where there is no nginx. */
export async function startNginx(folder, body) {
    if (!existsSync(program)) return undefined;
    const port = await freePort();
    mkdirSync(join(folder, 'nginx/api'), { recursive: true });
    writeFileSync(join(folder, 'nginx/api/gifts'), body);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/nginx/${kind};`);
    writeFileSync(join(folder, 'nginx.conf'), `
        daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
        events { worker_connections 1024; }
        http {
            access_log off; ${temporary.join(' ')} default_type application/json; keepalive_requests 1000000000;
            sendfile on; tcp_nopush on; open_file_cache max=10;
            server { listen 127.0.0.1:${port}; root ${folder}/nginx; }
        }`);
    const child = spawn(program, ['-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    while (!(await reachable(port)))
        if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    return {
        pid: child.pid,
        port,
        async stop() {
            child.kill('SIGTERM');
            await exited;
        },
    };
}
