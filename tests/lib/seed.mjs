// How much the fault tests do, and chance that can be repeated.
// FAULT_SEED repeats a run's choices; docs/contributing/faults.md lists the amounts.
import { randomInt } from 'node:crypto';

/** A whole number from the environment, or what CI does. */
export function amount(name, inCi) {
    const text = process.env[name];
    if (text === undefined || text === '') return inCi;
    if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${name} must be a whole number above 0, not "${text}"`);
    return Number(text);
}

export const seed = amount('FAULT_SEED', randomInt(1, 9_999_999));

/** Numbers from 0 to below 1, always the same for the same seed (mulberry32). */
export function randomFrom(start) {
    let state = start >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
}

/** The value below which `part` (0 to 1) of them are; of few, the highest is its own 99th percentile. */
export function percentile(values, part) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
