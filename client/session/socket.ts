// One socket for everything that happens now. It signs in with a fresh token at every connection, and tells its users
// when it is back, so that they can join their rooms again.
import { io, type Socket } from 'socket.io-client';
import type { Ack } from '../api/types';

const answerLimitMs = 10_000;

export class LiveSocket {
    private socket: Socket;

    constructor(url: string | undefined, token: () => Promise<string | null>) {
        this.socket = io(url ?? '/', {
            autoConnect: false,
            transports: ['websocket'],
            auth: (give) => void token().then((value) => give({ token: value ?? '' })),
        });
        // The server turns away an expired token; a new attempt brings a fresh one.
        this.socket.on('disconnect', (reason) => {
            if (reason === 'io server disconnect') this.socket.connect();
        });
    }

    open(): void {
        this.socket.connect();
    }
    close(): void {
        this.socket.disconnect();
    }

    /** Calls back now if connected, and at every connection from now on. */
    onConnected(listener: () => void): () => void {
        this.socket.on('connect', listener);
        if (this.socket.connected) listener();
        return () => void this.socket.off('connect', listener);
    }

    on<T>(event: string, listener: (payload: T) => void): () => void {
        this.socket.on(event, listener as (payload: unknown) => void);
        return () => void this.socket.off(event, listener as (payload: unknown) => void);
    }

    async ask<T>(event: string, payload: object): Promise<Ack<T>> {
        try {
            return (await this.socket.timeout(answerLimitMs).emitWithAck(event, payload)) as Ack<T>;
        } catch {
            return {
                ok: false,
                error: { code: 'offline', detail: 'Sem conexão. Tente de novo.' },
            };
        }
    }
}
