// The public contract's shapes, as the client calls them. They come from contract/openapi.yaml by way of openapi.ts,
// and from contract/events.yaml by way of events.ts, both generated; only what a client has of its own stands here.
import type * as contract from './openapi';

export type {
    Chat,
    Checkout,
    Earnings,
    GiftKind,
    Live,
    LiveStatus,
    Message,
    MessageType,
    Money,
    Person,
    Playback,
    Profile,
    Publish,
    Purchase,
    Session,
    TokenPackage,
    Transaction,
    UserType,
    Wallet,
} from './openapi';
export type { ClientEvents, Gift, LiveJoined, ServerEvents } from './events';

/** Somebody, or oneself: `email` and `settings` are there for their owner only. */
export type User = contract.User & Partial<Pick<contract.OwnUser, 'email' | 'settings'>>;
export type ModelPage = contract.Model;
export interface Page<T> {
    items: T[];
    nextCursor: string | null;
}
/** The code may be one that a newer server has. */
export interface FieldProblem {
    field: string;
    code: string;
    detail: string;
}
/** RFC 9457. `status` is 0 when no answer came. */
export interface Problem {
    status: number;
    code: string;
    detail: string;
    errors?: FieldProblem[];
}
/** The code may be one that a newer server has. */
export type Ack<T = { ok: true }> = T | { ok: false; error: { code: string; detail: string } };
