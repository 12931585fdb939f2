// A disk that is soon full: an ext4 in a file where the machine can mount one, memory otherwise. Both want root.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
    closeSync, fstatSync, fsyncSync, ftruncateSync, mkdtempSync, openSync, rmSync, statfsSync, truncateSync, writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const writtenOut = 2 * 1024 * 1024; // bytes of the ballast that are written rather than only set aside
const quietly = { stdio: 'ignore' };

function mountLoop(image, folder, bytes) {
    closeSync(openSync(image, 'w'));
    truncateSync(image, bytes);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', '-F', image], quietly);
    execFileSync('mount', ['-o', 'loop', image, folder], quietly);
}

/** `kind`: 'ext4' (if it can be had) or 'tmpfs'. */
export function smallDisk(bytes, kind = 'ext4') {
    const place = mkdtempSync(join(tmpdir(), 'confidente-disk-'));
    const folder = mkdtempSync(join(place, 'mount-'));
    let mounted = kind;
    try {
        if (kind !== 'ext4') throw new Error('not wanted');
        mountLoop(join(place, 'image'), folder, bytes);
    } catch {
        mounted = 'tmpfs';
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
    }
    const ballast = join(folder, 'ballast');
    return {
        folder,
        kind: mounted,
        /** Takes all the space there is but `rest` bytes. */
        fill(rest) {
            const { bavail, bsize } = statfsSync(folder);
            const most = bavail * bsize - writtenOut;
            if (most > 0) execFileSync('fallocate', ['-l', String(most), ballast], quietly);
            const out = openSync(ballast, 'a');
            let { size } = fstatSync(out);
            // Small pieces fit where large ones do not, and a file system gives back what it had set aside for its own
            // books once these are written.
            for (const piece of [64 * 1024, 4096, 4096]) {
                try {
                    for (const chunk = Buffer.alloc(piece); ; ) size += writeSync(out, chunk);
                } catch (error) {
                    assert.equal(error.code, 'ENOSPC');
                }
                fsyncSync(out);
            }
            ftruncateSync(out, Math.max(0, size - rest));
            closeSync(out);
        },
        free: () => rmSync(ballast, { force: true }),
        remove() {
            execFileSync('umount', [folder]);
            rmSync(place, { recursive: true });
        },
    };
}
