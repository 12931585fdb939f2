import { useEffect } from 'react';
import type { Live } from '@client/api/types';
import { useAppDispatch, useAppSelector } from '@/app/store';
import { socket } from '@/lib/socket';
import { closed, entered, opened, refused, type Room } from './roomSlice';

/** The live's room while the page is shown; `present` also enters it, which makes the person a viewer. */
export function useRoom(live: Live | undefined, present: boolean): Room | undefined {
    const dispatch = useAppDispatch();
    const id = live?.id;
    useEffect(() => {
        if (live) dispatch(opened(live));
    }, [dispatch, live]);
    useEffect(() => {
        if (!id || !present) return;
        return socket.joinLive(id, (ack) => {
            if (ack.ok) dispatch(entered({ liveId: id, live: ack.live, messages: ack.messages }));
            else if (ack.error.code !== 'unreachable') dispatch(refused({ liveId: id, error: ack.error }));
        });
    }, [dispatch, id, present]);
    useEffect(() => {
        if (!id) return;
        return () => void dispatch(closed(id));
    }, [dispatch, id]);
    return useAppSelector((state) => (id ? state.rooms[id] : undefined));
}
