// A clock that one process sees instead of the machine's, through libfaketime. Only wall time is set: like a
// machine's own clock, the monotonic one goes on.
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

export function fakeClock() {
    if (!existsSync(library)) throw new Error(`${library} is missing: apt-get install faketime (./dev setup does)`);
    const folder = mkdtempSync(join(tmpdir(), 'confidente-clock-'));
    const file = join(folder, 'time');
    const write = (text) => {
        // In one step: whoever asks for the time meanwhile reads the old or the new.
        writeFileSync(`${file}.new`, `${text}\n`);
        renameSync(`${file}.new`, file);
    };
    let offset = 0; // seconds ahead of the machine's clock
    write('+0');
    return {
        environment: {
            LD_PRELOAD: library,
            FAKETIME_TIMESTAMP_FILE: file,
            FAKETIME_NO_CACHE: '1',
            DONT_FAKE_MONOTONIC: '1',
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
            TZ: 'UTC',
        },
        now: () => Date.now() + offset * 1000,
        /** Sets the clock on or back; it runs on from there. */
        jump(seconds) {
            offset += seconds;
            write(`${offset < 0 ? '' : '+'}${offset}`);
        },
        /** Stops it where it is, at a whole second; jump() lets it run again. */
        freeze() {
            const at = new Date(Date.now() + offset * 1000);
            write(at.toISOString().slice(0, 19).replace('T', ' '));
        },
        remove: () => rmSync(folder, { recursive: true }),
    };
}
