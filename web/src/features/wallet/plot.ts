// The line of a balance over time, worked back from what the wallet holds now.
import type { Transaction } from '@client/api/types';

export interface Point {
    atMs: number;
    balance: number;
}

/** Oldest first. Transactions come newest first; a step says its own balance or follows from the one after it. */
export function balanceOverTime(
    balance: number,
    transactions: readonly (Pick<Transaction, 'amount' | 'createdAt'> & Partial<Transaction>)[],
    nowMs: number,
): Point[] {
    // A statement of another account (a model's earnings) has no part in this line.
    if (transactions[0]?.balanceAfter !== undefined && transactions[0].balanceAfter !== balance) return [];
    const points: Point[] = [{ atMs: nowMs, balance }];
    let after = balance;
    for (const { createdAt, amount, balanceAfter } of transactions) {
        after = balanceAfter ?? after;
        const atMs = new Date(createdAt).getTime();
        points.push({ atMs, balance: after });
        after -= amount;
    }
    if (transactions.length > 0) points.push({ atMs: points.at(-1)?.atMs ?? nowMs, balance: after });
    return points.reverse();
}

/** A path of steps in a box, by order of events: equal steps read better than days without any. */
export function stepPath(points: readonly Point[], width: number, height: number): string {
    if (points.length < 2) return '';
    const top = Math.max(...points.map((point) => point.balance), 1);
    const low = Math.min(...points.map((point) => point.balance), 0);
    const x = (index: number) => Math.round((index / (points.length - 1)) * width * 10) / 10;
    const y = (value: number) => Math.round((height - ((value - low) / (top - low)) * height) * 10) / 10;
    return points
        .map((point, index) => (index === 0 ? `M0 ${y(point.balance)}` : `H${x(index)}V${y(point.balance)}`))
        .join('');
}
