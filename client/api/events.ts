// Generated from contract/events.yaml by `npm run types`.
import type {
    FieldProblem,
    Id,
    Live,
    LiveStatus,
    Message,
    ProblemCode,
    Tally,
    Time,
    Wallet,
} from './openapi';

export type ChatRef = { chatId: Id };
export type MessageRef = { chatId: Id; messageId: Id };
export type LiveRef = { liveId: Id };
export type NewMessage = {
    chatId: Id;
    content: string;

    /** The other types of messages come with their features. */
    type: 'text';

    /** For messages with media. */
    mediaId?: null;

    /** Makes a retry safe. */
    clientId?: string;
};
export type NewGift = {
    liveId: Id;

    /** type of an entry of GET /api/gifts. */
    giftType: string;
    amount: number;

    /** Makes a retry safe. */
    idempotencyKey?: string;
};
export type Done = { ok: true };
export type MessageSent = { ok: true; message: Message };
export type LiveJoined = {
    ok: true;
    live: Live;

    /** The latest, newest first. */
    messages: Message[];
};
export type GiftSent = { ok: true; gift: Gift; balance: Tally };
export type Refused = { ok: false; error: { code: ProblemCode; detail: string; errors?: FieldProblem[] } };
export type MessageEvent = { message: Message };
export type MessageUpdate = {
    messageId: Id;

    /** delivered when it was sent to a socket of the other side, read after their message:read. */
    status: 'delivered' | 'read';
};
export type Typing = { chatId: Id; userId: Id; typing: boolean };
export type LiveState = { liveId: Id; status: LiveStatus; viewerCount: number };
export type WantedLayers = {
    liveId: Id;

    /** The rids of the layers, lowest first. */
    encodings: string[];
};
export type GiftEvent = { gift: Gift };
export type Gift = {
    id: Id;
    liveId: Id;
    userId: Id;
    giftType: string;
    amount: number;
    createdAt: Time;
    senderName: string;
    icon: string;
    name: string;

    /** Tokens: price times amount. */
    total: number;
};

/** From the server, and what they carry. */
export interface ServerEvents {
    'message:received': MessageEvent;
    'message:updated': MessageUpdate;
    'user:typing': Typing;
    'live:status': LiveState;
    'gift:received': GiftEvent;
    'chat:message': MessageEvent;
    'wallet:updated': Wallet;
    'live:layers': WantedLayers;
}

/** From a client: what they carry, and the acknowledgement of one that was done. */
export interface ClientEvents {
    'message:send': { payload: NewMessage; reply: MessageSent };
    'message:read': { payload: MessageRef; reply: Done };
    'typing:start': { payload: ChatRef; reply: Done };
    'typing:end': { payload: ChatRef; reply: Done };
    'live:join': { payload: LiveRef; reply: LiveJoined };
    'live:leave': { payload: LiveRef; reply: Done };
    'gift:send': { payload: NewGift; reply: GiftSent };
}
