// The public contract's shapes, as the client calls them. They come from contract/openapi.yaml by way of openapi.ts,
// which is generated; only what a client has of its own stands here.
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
import type { LiveStatus, Message, Wallet } from './openapi';

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
/** As `gift:received` carries it. */
export interface Gift {
    id: string;
    liveId: string;
    userId: string;
    giftType: string;
    amount: number;
    createdAt: string;
    senderName: string;
    icon: string;
    name: string;
    /** Tokens: price times amount. */
    total: number;
}
/** RFC 9457. `status` is 0 when no answer came. */
export interface Problem {
    status: number;
    code: string;
    detail: string;
    errors?: FieldProblem[];
}
export type Ack<T = object> = ({ ok: true } & T) | { ok: false; error: { code: string; detail: string } };

/** Server → client events of the socket and what they carry. */
export interface ServerEvents {
    'message:received': { message: Message };
    'message:updated': {
        messageId: string;
        status: 'delivered' | 'read';
        chatId?: string;
    };
    'user:typing': { chatId: string; userId: string; typing: boolean };
    'live:status': { liveId: string; status: LiveStatus; viewerCount: number };
    'gift:received': { gift: Gift };
    'chat:message': { message: Message };
    'wallet:updated': Wallet;
}
