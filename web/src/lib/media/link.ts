// Keeps one media session alive: connects, notices that its path broke and looks for another, and where there is none
// connects anew with growing patience until it is stopped or the server refuses for good. Publishing and playing differ only in how a connection is built.
import type { Problem } from '@client/api/types';
import { unreachable } from '@client/api/problem';
import { endSession, type MediaSession, offerSession, Refused, restartSession } from './exchange';

export type LinkState = 'connecting' | 'on' | 'reconnecting' | 'refused' | 'closed';

export interface LinkOptions {
    url: string;
    /** `refused` is a token that the server did not take; null ends the link. */
    bearer: (refused?: string) => Promise<string | null>;
    build: () => RTCPeerConnection | Promise<RTCPeerConnection>;
    onState: (state: LinkState, problem?: Problem) => void;
    /** The server's session when there is one, null when it has gone. */
    onSession?: (session: MediaSession | null) => void;
}

/** A path that is not there within this will not come. */
const connectMs = 10_000;
/** A short loss of the path mends itself more often than not. */
const patienceMs = 3_000;
const backoffMs = [300, 800, 1_500, 3_000, 5_000];
/** Worth another try: not there yet, too many, or a fault of the server. */
const passing = (status: number) =>
    status === 0 || status === 404 || status === 409 || status === 429 || status >= 500;

export class MediaLink {
    connection: RTCPeerConnection | null = null;
    private session: MediaSession | null = null;
    private state: LinkState = 'closed';
    private timer: ReturnType<typeof setTimeout> | null = null;
    private abort: AbortController | null = null;
    private attempts = 0;
    private wasOn = false;
    private refusedToken: string | undefined;

    constructor(private options: LinkOptions) {}

    start(): void {
        if (this.state !== 'closed') return;
        this.wasOn = false;
        this.attempts = 0;
        void this.connect();
    }

    stop(): void {
        this.drop();
        this.tell('closed');
    }

    /** Begins a new session at once: the owner saw that this one is dead. */
    restart(): void {
        if (this.state === 'closed' || this.state === 'refused') return;
        void this.connect();
    }

    private async connect(): Promise<void> {
        this.drop();
        this.tell(this.wasOn ? 'reconnecting' : 'connecting');
        const abort = (this.abort = new AbortController());
        this.after(connectMs, () => this.later());
        let token: string | null = null;
        try {
            const connection = await this.options.build();
            if (abort.signal.aborted) return connection.close();
            this.connection = connection;
            connection.addEventListener('connectionstatechange', () => this.follow(connection));
            token = await this.options.bearer(this.refusedToken);
            if (abort.signal.aborted) return;
            if (token === null) throw new Refused({ status: 401, code: 'unauthorized', detail: '' });
            const session = await offerSession(connection, this.options.url, token, abort.signal);
            if (abort.signal.aborted) return endSession(session);
            this.session = session;
            this.options.onSession?.(session);
        } catch (reason) {
            if (abort.signal.aborted) return;
            this.fail(reason instanceof Refused ? reason.problem : unreachable, token);
        }
    }

    private fail(problem: Problem, token: string | null): void {
        const renewable =
            problem.status === 401 && token !== null && token !== this.refusedToken && !this.refusedToken;
        if (renewable) this.refusedToken = token;
        if (renewable || passing(problem.status)) return this.later();
        this.drop();
        this.tell('refused', problem);
    }

    /** The same session by another path; where that fails, a new session. */
    private async mend(): Promise<void> {
        const { connection, session, abort } = this;
        if (!connection || !session || !abort) return this.connect();
        this.after(connectMs, () => void this.connect());
        try {
            await restartSession(connection, session, abort.signal);
        } catch {
            if (!abort.signal.aborted) void this.connect();
        }
    }

    private follow(connection: RTCPeerConnection): void {
        if (connection !== this.connection) return;
        switch (connection.connectionState) {
            case 'connected':
                this.clear();
                this.attempts = 0;
                this.wasOn = true;
                this.refusedToken = undefined;
                return this.tell('on');
            case 'disconnected':
                this.tell('reconnecting');
                return this.after(patienceMs, () => void this.mend());
            case 'failed':
                return this.later();
        }
    }

    private later(): void {
        this.drop();
        this.tell(this.wasOn ? 'reconnecting' : 'connecting');
        const base = backoffMs[Math.min(this.attempts++, backoffMs.length - 1)] ?? 5_000;
        // Viewers of one live do not come back all in the same moment.
        this.after(base * (0.75 + Math.random() * 0.5), () => void this.connect());
    }

    private drop(): void {
        this.clear();
        this.abort?.abort();
        this.abort = null;
        if (this.session) {
            endSession(this.session);
            this.options.onSession?.(null);
        }
        this.session = null;
        this.connection?.close();
        this.connection = null;
    }

    private after(ms: number, then: () => void): void {
        this.clear();
        this.timer = setTimeout(then, ms);
    }

    private clear(): void {
        if (this.timer) clearTimeout(this.timer);
        this.timer = null;
    }

    private tell(state: LinkState, problem?: Problem): void {
        if (state === this.state && !problem) return;
        this.state = state;
        this.options.onState(state, problem);
    }
}
