// Programs under measurement: started, asked for their CPU time, ended.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const ticksPerSecond = 100; // sysconf(_SC_CLK_TCK) on every Linux that Debian ships

/** User and system time of all threads of the process so far, in seconds (proc(5)). */
export function cpuSeconds(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Starts a program and waits for its line `listening on …`; resolves with {pid, port, stop}. */
export async function startProgram(command, args, { input } = {}) {
    const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
    if (input !== undefined) child.stdin.end(input);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const port = await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
            const found = /^listening on .*?(\d+)\/?$/.exec(line);
            if (found) resolve(Number(found[1]));
        });
        exited.then((code) => reject(new Error(`${command} ended with ${code}`)));
    });
    return {
        pid: child.pid,
        port,
        async stop() {
            child.kill('SIGTERM');
            await exited;
        },
    };
}

/** Runs a program to its end; its output. */
export async function output(command, args) {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
    return text;
}

/** A table for people; numbers with as many digits as they mean. */
export function table(rows) {
    console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) =>
        [name, typeof value === 'number' ? Number(value.toPrecision(3)) : value]))));
}
