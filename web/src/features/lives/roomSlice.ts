// The lives that this page is in: chat, viewers, state and gifts, as the socket tells them.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import * as list from '@client/chat/messages';
import type { Gift, Live, LiveStatus, Message } from '@client/api/types';

/** Gifts kept for the feed; older ones leave. */
export const giftLimit = 50;

export interface Room {
    chatId: string;
    lines: list.Line[];
    viewerCount: number;
    status: LiveStatus;
    gifts: Gift[];
    /** The layers of one's own video that anybody needs, as last told. */
    wantedLayers?: string[];
    /** Whether the socket let us in. */
    entered: boolean;
    refused?: { code: string; detail: string };
}

type Rooms = Record<string, Room>;

const keep = (lines: list.Line[]) => lines.slice(-list.liveLineLimit);

export const roomSlice = createSlice({
    name: 'rooms',
    initialState: {} as Rooms,
    reducers: {
        opened: (rooms, { payload: live }: PayloadAction<Live>) => {
            const room = rooms[live.id];
            if (room) {
                // What was read may be older than what the socket told: an end is never taken back.
                if (room.status !== 'ended') room.status = live.status;
                return;
            }
            rooms[live.id] = {
                chatId: live.chatId,
                lines: [],
                viewerCount: live.viewerCount,
                status: live.status,
                gifts: [],
                entered: false,
            };
        },
        entered: (
            rooms,
            { payload }: PayloadAction<{ liveId: string; live?: Live; messages?: Message[] }>,
        ) => {
            const room = rooms[payload.liveId];
            if (!room) return;
            room.entered = true;
            room.refused = undefined;
            if (payload.live) {
                room.viewerCount = payload.live.viewerCount;
                room.status = payload.live.status;
            }
            room.lines = keep(list.merge(room.lines, payload.messages ?? []));
        },
        refused: (
            rooms,
            { payload }: PayloadAction<{ liveId: string; error: { code: string; detail: string } }>,
        ) => {
            const room = rooms[payload.liveId];
            if (room) Object.assign(room, { entered: false, refused: payload.error });
        },
        statusTold: (
            rooms,
            { payload }: PayloadAction<{ liveId: string; status: LiveStatus; viewerCount: number }>,
        ) => {
            const room = rooms[payload.liveId];
            if (!room) return;
            room.status = payload.status;
            if (typeof payload.viewerCount === 'number') room.viewerCount = payload.viewerCount;
        },
        layersWanted: (rooms, { payload }: PayloadAction<{ liveId: string; encodings: string[] }>) => {
            const room = rooms[payload.liveId];
            if (room) room.wantedLayers = payload.encodings;
        },
        said: (rooms, { payload }: PayloadAction<Message>) => {
            const room = Object.values(rooms).find((candidate) => candidate.chatId === payload.chatId);
            if (room) room.lines = keep(list.merge(room.lines, [payload]));
        },
        saying: (rooms, { payload }: PayloadAction<{ liveId: string; line: list.Line }>) => {
            rooms[payload.liveId]?.lines.push(payload.line);
        },
        notSaid: (
            rooms,
            { payload }: PayloadAction<{ liveId: string; clientId: string; problem: string }>,
        ) => {
            const room = rooms[payload.liveId];
            if (room) room.lines = list.fail(room.lines, payload.clientId, payload.problem);
        },
        sayingAgain: (rooms, { payload }: PayloadAction<{ liveId: string; clientId: string }>) => {
            const room = rooms[payload.liveId];
            if (room) room.lines = list.resend(room.lines, payload.clientId);
        },
        gifted: (rooms, { payload: gift }: PayloadAction<Gift>) => {
            const room = rooms[gift.liveId];
            if (!room || room.gifts.some((known) => known.id === gift.id)) return;
            room.gifts = [...room.gifts, gift].slice(-giftLimit);
        },
        closed: (rooms, { payload: liveId }: PayloadAction<string>) => {
            return Object.fromEntries(Object.entries(rooms).filter(([id]) => id !== liveId));
        },
    },
});

export const {
    opened,
    entered,
    refused,
    statusTold,
    layersWanted,
    said,
    saying,
    notSaid,
    sayingAgain,
    gifted,
    closed,
} = roomSlice.actions;
