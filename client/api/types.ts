// The public contract's shapes. Optional fields are those that a caller may not see or that may not exist yet.
export interface Person {
    id: string;
    name: string;
    avatar: string | null;
}
export interface Profile {
    name: string;
    avatar: string | null;
    bio: string;
    location: string;
    isModel: boolean;
    services: unknown[];
    pricing: Record<string, unknown>;
    schedule: unknown[];
}
export type UserType = 'model' | 'client' | 'admin';
export interface User {
    id: string;
    type: UserType;
    email?: string;
    profile: Profile;
    settings?: Record<string, unknown>;
    createdAt: string;
    updatedAt: string;
}
export interface ModelPage extends User {
    online?: boolean;
    live?: Live | null;
}
export interface Session {
    user: User;
    accessToken: string;
    refreshToken: string;
    /** Seconds. */
    expiresIn: number;
}
export type LiveStatus = 'scheduled' | 'live' | 'ended';
export interface Live {
    id: string;
    modelId: string;
    model?: Person;
    chatId: string;
    title: string;
    description: string;
    scheduledFor: string | null;
    /** Tokens, charged once per viewer. */
    price: number;
    duration: number | null;
    status: LiveStatus;
    viewerCount: number;
    thumbnailUrl: string | null;
    startedAt?: string | null;
    createdAt: string;
    updatedAt: string;
}
export type MessageType = 'text' | 'media' | 'gift';
export interface Message {
    id: string;
    chatId: string;
    sender: Person;
    content: string;
    type: MessageType;
    createdAt: string;
    readAt: string | null;
    clientId?: string | null;
}
export interface Chat {
    id: string;
    participants: Person[];
    status: 'active' | 'blocked';
    lastMessage: Message | null;
    unreadCount: number;
    createdAt: string;
    updatedAt: string;
}
export interface Gift {
    id: string;
    liveId: string;
    userId: string;
    giftType: string;
    amount: number;
    createdAt: string;
    senderName?: string;
    icon?: string;
    name?: string;
    /** Tokens: price times amount. */
    total?: number;
}
export interface GiftKind {
    type: string;
    name: string;
    price: number;
    icon: string;
}
export interface Money {
    amount: number;
    currency: string;
}
export interface TokenPackage {
    id: string;
    name?: string;
    tokens: number;
    bonus?: number;
    price: Money;
}
export interface Earnings {
    pending: number;
    available: number;
}
export interface Wallet {
    balance: number;
    currency: 'TOKEN';
    earnings?: Earnings;
}
export interface Transaction {
    id: string;
    kind?: string;
    type?: string;
    description?: string;
    amount: number;
    balanceAfter?: number;
    counterparty?: { id: string; name: string };
    giftType?: string;
    quantity?: number;
    liveId?: string;
    createdAt: string;
}
export interface Purchase {
    id: string;
    status: string;
}
export interface Checkout {
    purchase: Purchase;
    payment: { provider: string; clientSecret?: string; redirectUrl?: string };
}
export interface Page<T> {
    items: T[];
    nextCursor: string | null;
}
export interface Playback {
    whepUrl: string;
    hlsUrl: string | null;
    token: string;
    expiresAt: string;
}
export interface Publish {
    whipUrl: string;
    streamKey: string;
}
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
    'wallet:updated': { balance: number; earnings?: Earnings };
}
