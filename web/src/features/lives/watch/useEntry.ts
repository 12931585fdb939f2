// The way into a live: free ones open at once, paid ones after the person agreed to the price. Who paid once comes in
// again without being asked; the server charges once per viewer in any case.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Live, Playback, Problem } from '@client/api/types';
import { useMe } from '@/app/store';
import { api } from '@/lib/api';
import { useAppDispatch } from '@/app/store';
import { useJoinLiveMutation } from '../api';

const paidKey = (userId: string, liveId: string) => `confidente.paid.${userId}.${liveId}`;

export function useEntry(live: Live | undefined, isLive: boolean) {
    const me = useMe();
    const dispatch = useAppDispatch();
    const [join, { isLoading }] = useJoinLiveMutation();
    const [playback, setPlayback] = useState<Playback | null>(null);
    const [problem, setProblem] = useState<Problem | null>(null);
    // One key per entry, kept while it is tried again: the same key would get the same answer, with its old token.
    const key = useRef<string>(crypto.randomUUID());
    const id = live?.id;
    const price = live?.price ?? 0;
    const agreed =
        !!me &&
        !!live &&
        (price === 0 || live.modelId === me.id || !!localStorage.getItem(paidKey(me.id, live.id)));

    const enter = useCallback(async (): Promise<Playback | null> => {
        if (!id || !me) return null;
        setProblem(null);
        const answer = await join({ id, idempotencyKey: key.current });
        if (!answer.data) {
            setProblem(answer.error as Problem);
            return null;
        }
        key.current = crypto.randomUUID();
        if (price > 0) {
            localStorage.setItem(paidKey(me.id, id), '1');
            dispatch(api.util.invalidateTags(['Wallet', 'Transactions']));
        }
        return answer.data.playback;
    }, [dispatch, id, join, me, price]);

    const open = useCallback(async () => {
        const entry = await enter();
        if (entry) setPlayback(entry);
    }, [enter]);

    const asked = useRef<string | null>(null);
    useEffect(() => {
        if (!id || !isLive || !agreed || playback || asked.current === id) return;
        asked.current = id;
        void open();
    }, [agreed, id, isLive, open, playback]);

    /** A new token for a session that goes on. */
    const rejoin = useCallback(async () => (await enter())?.token ?? null, [enter]);
    return { playback, problem, needsToPay: !agreed, entering: isLoading, open, rejoin };
}
