// Between a program and a server on a Unix socket, like a network that can swallow packets. A line that went silent
// carries nothing more, either way, and neither side learns that the other is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `target`: path of the server's socket. The relay's own has the same name, in `folder`. */
export async function startRelay(target) {
    const folder = mkdtempSync(join(tmpdir(), 'confidente-relay-'));
    const lines = new Set();
    let watch = null; // { text, seen } of silenceAfter

    const listener = net.createServer({ allowHalfOpen: true }, (near) => {
        const far = net.connect({ path: target, allowHalfOpen: true });
        const line = { near, far, silent: false };
        lines.add(line);
        const carry = (from, to, told) => {
            from.on('data', (bytes) => {
                if (line.silent) return;
                to.write(bytes);
                told?.(bytes);
            });
            from.on('end', () => line.silent || to.end());
            from.on('error', () => {}); // the other side is told by 'close'
            from.on('close', () => line.silent || to.destroy());
        };
        carry(near, far, (bytes) => {
            if (!watch || !bytes.includes(watch.text)) return;
            line.silent = true;
            watch.seen();
            watch = null;
        });
        carry(far, near);
    });
    await new Promise((resolve) => listener.listen(join(folder, target.split('/').at(-1)), resolve));

    const cut = (some) => {
        for (const line of some) {
            line.near.destroy();
            line.far.destroy();
            lines.delete(line);
        }
    };
    return {
        folder,
        /** The next line on which the program says `text` goes silent when that was passed on; resolves then. */
        silenceAfter: (text) => new Promise((seen) => (watch = { text, seen })),
        /** Both sides of the silent lines learn that they are gone. */
        cutSilent: () => cut([...lines].filter((line) => line.silent)),
        async stop() {
            const closed = new Promise((resolve) => listener.close(resolve));
            cut([...lines]);
            await closed;
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
