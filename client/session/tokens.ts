// The signed-in session of this browser: kept in storage, renewed before it expires. A refresh token works once, and
// using it twice ends the whole session, so everyone who may renew takes turns: tabs through Web Locks, calls of one
// tab by sharing the same renewal.
import type { Session, User } from '../api/types';

export const sessionKey = 'confidente.session';
/** Renew when less than this is left. */
const marginMs = 60_000;

export interface StoredSession {
    user: User;
    accessToken: string;
    refreshToken: string;
    expiresAtMs: number;
}

type Listener = (session: StoredSession | null) => void;
/** 'refused' ends the session; a rejection (no network) leaves it for a later try. */
export type Refresh = (refreshToken: string) => Promise<Session | 'refused'>;

export class TokenStore {
    private listeners = new Set<Listener>();
    private renewal: Promise<string | null> | null = null;

    constructor(
        private storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
        private refresh: Refresh,
        private nowMs: () => number = () => Date.now(),
        private exclusively: <T>(work: () => Promise<T>) => Promise<T> = withWebLock,
    ) {}

    current(): StoredSession | null {
        try {
            return JSON.parse(this.storage.getItem(sessionKey) ?? 'null') as StoredSession | null;
        } catch {
            return null;
        }
    }

    save(session: Session | null): void {
        const stored = session && {
            user: session.user,
            accessToken: session.accessToken,
            refreshToken: session.refreshToken,
            expiresAtMs: this.nowMs() + session.expiresIn * 1000,
        };
        if (stored) this.storage.setItem(sessionKey, JSON.stringify(stored));
        else this.storage.removeItem(sessionKey);
        this.announce();
    }

    /** Keeps the tokens and replaces what is known of their owner. */
    saveUser(user: User): void {
        const session = this.current();
        if (!session) return;
        this.storage.setItem(sessionKey, JSON.stringify({ ...session, user }));
        this.announce();
    }

    /** Tells the listeners; also to be called when another tab changed the storage. */
    announce(): void {
        const session = this.current();
        this.listeners.forEach((listener) => listener(session));
    }

    subscribe(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    /**
     * A token good for a minute at least, or null when nobody is signed in (any more). `refused` is a token that the
     * server no longer takes, whatever its expiry says.
     */
    async accessToken(refused?: string): Promise<string | null> {
        const session = this.current();
        if (!session) return null;
        if (this.isGood(session, refused)) return session.accessToken;
        this.renewal ??= this.exclusively(() => this.renew(refused)).finally(() => (this.renewal = null));
        return this.renewal;
    }

    private isGood(session: StoredSession, refused?: string): boolean {
        return session.accessToken !== refused && session.expiresAtMs - this.nowMs() > marginMs;
    }

    private async renew(refused?: string): Promise<string | null> {
        // Another tab may have renewed it while this one waited its turn.
        const latest = this.current();
        if (!latest) return null;
        if (this.isGood(latest, refused)) return latest.accessToken;
        const renewed = await this.refresh(latest.refreshToken);
        if (renewed === 'refused') {
            this.save(null);
            return null;
        }
        // Whoever signed out meanwhile stays signed out.
        if (this.current()?.refreshToken !== latest.refreshToken) return this.current()?.accessToken ?? null;
        this.save({ ...renewed, user: renewed.user ?? latest.user });
        return renewed.accessToken;
    }
}

function withWebLock<T>(work: () => Promise<T>): Promise<T> {
    return navigator.locks
        ? (navigator.locks.request('confidente.refresh', () => work()) as Promise<T>)
        : work();
}
