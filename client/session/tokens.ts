// The signed-in session of this browser: kept in local storage, renewed before it expires. A refresh token works once,
// and using it twice ends the session, so tabs take turns (Web Locks).
import type { Problem, Session, User } from '../api/types';

const storageKey = 'confidente.session';
/** Renew when less than this is left. */
const marginMs = 60_000;

export interface StoredSession {
    user: User;
    accessToken: string;
    refreshToken: string;
    expiresAtMs: number;
}

type Listener = (session: StoredSession | null) => void;

export class TokenStore {
    private listeners = new Set<Listener>();

    constructor(
        private storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
        private refresh: (refreshToken: string) => Promise<Session | 'refused'>,
        private nowMs: () => number = () => Date.now(),
        private exclusively: <T>(work: () => Promise<T>) => Promise<T> = withWebLock,
    ) {}

    current(): StoredSession | null {
        try {
            return JSON.parse(this.storage.getItem(storageKey) ?? 'null') as StoredSession | null;
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
        if (stored) this.storage.setItem(storageKey, JSON.stringify(stored));
        else this.storage.removeItem(storageKey);
        this.listeners.forEach((listener) => listener(stored));
    }

    subscribe(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    /** A token good for a minute at least, or null when nobody is signed in (any more). */
    async accessToken(): Promise<string | null> {
        const session = this.current();
        if (!session) return null;
        if (session.expiresAtMs - this.nowMs() > marginMs) return session.accessToken;
        return this.exclusively(async () => {
            // Another tab may have renewed it while this one waited its turn.
            const latest = this.current();
            if (!latest) return null;
            if (latest.expiresAtMs - this.nowMs() > marginMs) return latest.accessToken;
            const renewed = await this.refresh(latest.refreshToken);
            if (renewed === 'refused') {
                this.save(null);
                return null;
            }
            this.save({ ...renewed, user: renewed.user ?? latest.user });
            return renewed.accessToken;
        });
    }
}

async function withWebLock<T>(work: () => Promise<T>): Promise<T> {
    if (!navigator.locks) return work();
    return (await navigator.locks.request('confidente.refresh', work)) as T;
}

export function isProblem(value: unknown): value is Problem {
    return typeof value === 'object' && value !== null && 'code' in value && 'status' in value;
}
