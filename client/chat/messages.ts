// What a conversation on screen is: pure steps from one list of messages to the next, whatever order events come in.
import type { Message, Person } from '../api/types';

export type Delivery = 'sending' | 'failed' | 'sent' | 'delivered' | 'read';
/** A message as the screen knows it. One that the server has not taken yet has its `clientId` as its id. */
export interface Line extends Message {
    delivery: Delivery;
    problem?: string;
}
/** A list never grows beyond this on screen in a live; older lines leave at the top. */
export const liveLineLimit = 200;

const order: Record<Delivery, number> = {
    failed: 0,
    sending: 1,
    sent: 2,
    delivered: 3,
    read: 4,
};
const later = (a: Delivery, b: Delivery): Delivery => (order[a] >= order[b] ? a : b);

export function draft(
    chatId: string,
    sender: Person,
    content: string,
    clientId: string,
    nowMs: number,
): Line {
    const createdAt = new Date(nowMs).toISOString();
    return {
        id: clientId,
        clientId,
        chatId,
        sender,
        content,
        type: 'text',
        createdAt,
        readAt: null,
        delivery: 'sending',
    };
}

/** Adds messages or replaces what stands for the same one: same id, or the draft it was sent as. Oldest first. */
export function merge(lines: readonly Line[], incoming: readonly Message[]): Line[] {
    const result = [...lines];
    for (const message of incoming) {
        const at = result.findIndex((line) => isSame(line, message));
        const known = result[at];
        const delivery = later(known?.delivery ?? 'sent', message.readAt ? 'read' : 'sent');
        const line: Line = { ...known, ...message, delivery, problem: undefined };
        if (at >= 0) result[at] = line;
        else result.push(line);
    }
    return result.sort(byTime);
}

const isSame = (line: Line, message: Message) =>
    line.id === message.id || (!!message.clientId && line.clientId === message.clientId);

function byTime(a: Line, b: Line): number {
    // What waits to be taken by the server stands below what was.
    const pending = (line: Line) => (line.delivery === 'sending' || line.delivery === 'failed' ? 1 : 0);
    if (pending(a) !== pending(b)) return pending(a) - pending(b);
    if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export const fail = (lines: readonly Line[], clientId: string, problem: string): Line[] =>
    lines.map((line) =>
        line.clientId === clientId && line.delivery === 'sending'
            ? { ...line, delivery: 'failed', problem }
            : line,
    );

export const resend = (lines: readonly Line[], clientId: string): Line[] =>
    lines.map((line) =>
        line.clientId === clientId && line.delivery === 'failed'
            ? { ...line, delivery: 'sending', problem: undefined }
            : line,
    );

/** A receipt for one message holds for everything its sender wrote before it. */
export function receipt(lines: readonly Line[], messageId: string, status: 'delivered' | 'read'): Line[] {
    const at = lines.findIndex((line) => line.id === messageId);
    const target = lines[at];
    if (!target) return [...lines];
    return lines.map((line, index) =>
        index <= at && line.sender.id === target.sender.id && order[line.delivery] >= order.sent
            ? { ...line, delivery: later(line.delivery, status) }
            : line,
    );
}

/** The newest message of the others, which is the one to acknowledge as read. */
export const newestOfOthers = (lines: readonly Line[], me: string): Line | undefined =>
    lines.findLast((line) => line.sender.id !== me);
