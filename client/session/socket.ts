// One socket for the whole app. It carries a fresh access token at every connection, and after a reconnection it
// enters again the lives that the app is in, so that nobody above has to know that the line broke.
import type { Ack, ClientEvents, LiveJoined, ServerEvents } from '../api/types';

export type Line = 'off' | 'connecting' | 'on' | 'broken';

/** What this needs of a socket.io-client Socket. */
export interface Wire {
    connected: boolean;
    /** True while the library itself will try again. */
    active: boolean;
    connect(): unknown;
    disconnect(): unknown;
    on(event: string, listener: (...values: never[]) => void): unknown;
    timeout(ms: number): {
        emitWithAck(event: string, ...values: unknown[]): Promise<unknown>;
    };
}

const ackTimeoutMs = 8_000;
const retryMs = [500, 1_000, 2_000, 4_000, 8_000];
export const noAnswer = {
    ok: false as const,
    error: { code: 'unreachable', detail: '' },
};

interface Presence {
    users: number;
    entered: Set<(ack: Ack<LiveJoined>) => void>;
}

export class SocketSession {
    private line: Line = 'off';
    private lineListeners = new Set<(line: Line) => void>();
    private lives = new Map<string, Presence>();
    private refusals = 0;
    private retry: ReturnType<typeof setTimeout> | null = null;

    constructor(
        private wire: Wire,
        /** Makes sure of a token before another try, a new one when the last was refused; false: nobody is signed in. */
        private renew: (refused: boolean) => Promise<boolean>,
        /** A token that outlives the one of this connection; null: nobody is signed in any more. */
        private nextToken: () => Promise<string | null> = () => Promise.resolve(null),
    ) {
        wire.on('connect', () => {
            this.refusals = 0;
            this.setLine('on');
            for (const liveId of this.lives.keys()) void this.enter(liveId);
        });
        wire.on('disconnect', () => {
            if (this.line === 'off') return;
            this.setLine('broken');
            // A disconnection by the server is final to the library, not to us.
            if (!wire.active) this.tryLater(false);
        });
        // Said a minute before the token ends: with a new one the line goes on, and nobody notices.
        wire.on('auth:expiring', () => void this.keepLine());
        wire.on('connect_error', () => {
            if (this.line === 'off') return;
            this.setLine('broken');
            if (!wire.active) this.tryLater(true);
        });
    }

    start(): void {
        if (this.line !== 'off') return;
        this.setLine('connecting');
        this.wire.connect();
    }

    stop(): void {
        this.setLine('off');
        this.refusals = 0;
        if (this.retry) clearTimeout(this.retry);
        this.retry = null;
        this.wire.disconnect();
    }

    state(): Line {
        return this.line;
    }

    onLine(listener: (line: Line) => void): () => void {
        this.lineListeners.add(listener);
        return () => this.lineListeners.delete(listener);
    }

    on<E extends keyof ServerEvents>(event: E, listener: (payload: ServerEvents[E]) => void): void {
        this.wire.on(event, listener as (...values: never[]) => void);
    }

    /** Never rejects: silence is an acknowledgement that says so. */
    async ask<E extends keyof ClientEvents>(
        event: E,
        payload: ClientEvents[E]['payload'],
    ): Promise<Ack<ClientEvents[E]['reply']>> {
        return (await this.request(event, payload)) as Ack<ClientEvents[E]['reply']>;
    }

    /** Stays in the live, over reconnections, until the returned function is called. */
    joinLive(liveId: string, entered: (ack: Ack<LiveJoined>) => void): () => void {
        const presence = this.lives.get(liveId) ?? { users: 0, entered: new Set() };
        presence.users += 1;
        presence.entered.add(entered);
        this.lives.set(liveId, presence);
        if (this.wire.connected) void this.enter(liveId);
        return () => {
            presence.users -= 1;
            presence.entered.delete(entered);
            if (presence.users > 0 || this.lives.get(liveId) !== presence) return;
            this.lives.delete(liveId);
            void this.ask('live:leave', { liveId });
        };
    }

    private async request(event: string, payload: unknown): Promise<unknown> {
        if (!this.wire.connected) return noAnswer;
        try {
            return await this.wire.timeout(ackTimeoutMs).emitWithAck(event, payload);
        } catch {
            return noAnswer;
        }
    }

    private async enter(liveId: string): Promise<void> {
        const ack = await this.ask('live:join', { liveId });
        this.lives.get(liveId)?.entered.forEach((listener) => listener(ack));
    }

    private async keepLine(): Promise<void> {
        const token = await this.nextToken().catch(() => null);
        if (token) await this.request('auth:refresh', { token });
    }

    private tryLater(refused: boolean): void {
        if (this.retry) return;
        const wait = retryMs[Math.min(this.refusals, retryMs.length - 1)] ?? 8_000;
        this.refusals += 1;
        this.retry = setTimeout(() => {
            this.retry = null;
            this.renew(refused).then(
                (signedIn) => signedIn && this.line !== 'off' && this.wire.connect(),
                () => this.line !== 'off' && this.tryLater(refused),
            );
        }, wait);
    }

    private setLine(line: Line): void {
        if (line === this.line) return;
        this.line = line;
        this.lineListeners.forEach((listener) => listener(line));
    }
}
