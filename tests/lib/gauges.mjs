// What a running server uses, as the kernel says, and what it counts, as it says itself.
import { readFileSync } from 'node:fs';
import { call } from './people.mjs';

/** Resident memory of the server's process (proc(5)). */
export const residentKiB = ({ child }) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]);

/** A figure of /metrics without labels; it must be there. */
export async function metric({ url }, name) {
    const { text } = await call(url, 'GET', '/metrics');
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)[1]);
}
