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
export interface User {
    id: string;
    type: 'model' | 'client' | 'admin';
    email?: string;
    profile: Profile;
    settings?: Record<string, unknown>;
    createdAt: string;
    updatedAt: string;
    online?: boolean;
    live?: Live | null;
}
export interface Session {
    user: User;
    accessToken: string;
    refreshToken: string;
    expiresIn: number;
}
export interface Live {
    id: string;
    modelId: string;
    model?: Person;
    chatId: string;
    title: string;
    description: string;
    scheduledFor: string | null;
    price: number;
    duration: number | null;
    status: 'scheduled' | 'live' | 'ended';
    viewerCount: number;
    thumbnailUrl: string | null;
    createdAt: string;
    updatedAt: string;
}
export interface Message {
    id: string;
    chatId: string;
    sender: Person;
    content: string;
    type: 'text' | 'media' | 'gift';
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
    price: Money;
}
export interface Wallet {
    balance: number;
    currency: 'TOKEN';
    earnings?: { pending: number; available: number };
}
export interface Transaction {
    id: string;
    kind: string;
    amount: number;
    balanceAfter?: number;
    createdAt: string;
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
/** RFC 9457. */
export interface Problem {
    status: number;
    code: string;
    detail: string;
    errors?: { field: string; code: string; detail: string }[];
}
export type Ack<T> = ({ ok: true } & T) | { ok: false; error: { code: string; detail: string } };
