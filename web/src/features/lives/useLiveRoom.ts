// Being in a live's room: joined again after every reconnection, its status, messages and gifts.
import { useEffect, useState } from 'react';
import type { Gift, Live, Message } from '@client/api/types';
import { socket } from '../../app/session';

/** How long a gift stays on the screen. */
const giftMs = 5000;

export function useLiveRoom(
    liveId: string | undefined,
    entered: boolean,
    onMessages: (messages: Message[]) => void,
) {
    const [status, setStatus] = useState<{ status: Live['status']; viewerCount: number } | null>(null);
    const [gifts, setGifts] = useState<Gift[]>([]);

    useEffect(() => {
        if (!liveId || !entered) return;
        const leave = socket.onConnected(() => {
            void socket.ask<{ live: Live; messages: Message[] }>('live:join', { liveId }).then((answer) => {
                if (!answer.ok) return;
                setStatus({ status: answer.live.status, viewerCount: answer.live.viewerCount });
                onMessages(answer.messages);
            });
        });
        return () => {
            leave();
            void socket.ask('live:leave', { liveId });
        };
    }, [liveId, entered, onMessages]);

    useEffect(
        () =>
            socket.on<{ liveId: string; status: Live['status']; viewerCount: number }>(
                'live:status',
                (event) => {
                    if (event.liveId === liveId)
                        setStatus({ status: event.status, viewerCount: event.viewerCount });
                },
            ),
        [liveId],
    );
    useEffect(
        () =>
            socket.on<{ gift: Gift }>('gift:received', ({ gift }) => {
                if (gift.liveId !== liveId) return;
                setGifts((all) => [...all.filter((other) => other.id !== gift.id), gift].slice(-4));
                setTimeout(() => setGifts((all) => all.filter((other) => other.id !== gift.id)), giftMs);
            }),
        [liveId],
    );
    return { status, gifts };
}
