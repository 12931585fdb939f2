// The one socket of this page.
import { io } from 'socket.io-client';
import { SocketSession, type Wire } from '@client/session/socket';
import { tokens } from './session';

let lastToken: string | null = null;

const wire = io({
    autoConnect: false,
    transports: ['websocket'],
    reconnectionDelay: 500,
    reconnectionDelayMax: 8_000,
    auth: (give) => {
        tokens.accessToken().then(
            (token) => give({ token: (lastToken = token) }),
            () => give({ token: (lastToken = tokens.current()?.accessToken ?? null) }),
        );
    },
});

export const socket = new SocketSession(
    wire as unknown as Wire,
    async (refused) => (await tokens.accessToken((refused && lastToken) || undefined)) !== null,
    async () => (lastToken = await tokens.accessToken(lastToken ?? undefined)),
);
