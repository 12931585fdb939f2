import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Live } from '@client/api/types';
import { formatDuration, formatTokens } from '@client/format/format';
import {
    problemText,
    useCreateLiveMutation,
    useEndLiveMutation,
    useStartLiveMutation,
    useWalletQuery,
} from '../../app/api';
import { useSession } from '../../app/session';
import { Dialog } from '../../components/ui/Dialog';
import { Button, Empty, Field, LiveBadge } from '../../components/ui/ui';
import { publish, type RtcSession } from '../../lib/rtc';
import { RequireSession } from '../auth/pages';
import { Composer } from '../chat/Composer';
import { MessageList } from '../chat/MessageList';
import { useChat } from '../chat/useChat';
import { GiftToasts } from '../gifts/GiftToasts';
import { useCamera, useMicLevel } from './useCamera';
import { useLiveRoom } from './useLiveRoom';

type Health = 'good' | 'fair' | 'lost';
interface OnAir {
    live: Live;
    publish: { whipUrl: string; streamKey: string };
}
/** A publisher whose connection broke tries again after this; the live waits for her. */
const retryMs = 2000;

/** Keeps publishing until `onAir` goes away, through broken connections. */
function usePublishing(onAir: OnAir | null, stream: MediaStream | null): Health {
    const [health, setHealth] = useState<Health>('fair');
    useEffect(() => {
        if (!onAir || !stream) return;
        let session: RtcSession | null = null;
        let retry: ReturnType<typeof setTimeout> | undefined;
        let over = false;
        const again = () => {
            session?.close();
            session = null;
            setHealth('lost');
            clearTimeout(retry);
            if (!over) retry = setTimeout(() => void connect(), retryMs);
        };
        const connect = async () => {
            try {
                const opened = await publish(stream, onAir.publish.whipUrl, onAir.publish.streamKey);
                if (over) return opened.close();
                session = opened;
                opened.connection.addEventListener('connectionstatechange', () => {
                    if (session !== opened) return;
                    const state = opened.connection.connectionState;
                    if (state === 'connected') setHealth('good');
                    if (state === 'disconnected') setHealth('fair');
                    if (state === 'failed' || state === 'closed') again();
                });
            } catch {
                again();
            }
        };
        void connect();
        return () => {
            over = true;
            clearTimeout(retry);
            session?.close();
        };
    }, [onAir, stream]);
    return health;
}

function useSeconds(running: boolean): number {
    const [seconds, setSeconds] = useState(0);
    useEffect(() => {
        if (!running) return;
        const start = performance.now();
        const timer = setInterval(() => setSeconds((performance.now() - start) / 1000), 500);
        return () => {
            clearInterval(timer);
            setSeconds(0);
        };
    }, [running]);
    return seconds;
}

function Preview({ stream }: { stream: MediaStream | null }) {
    const video = useRef<HTMLVideoElement>(null);
    useEffect(() => {
        if (video.current) video.current.srcObject = stream;
    }, [stream]);
    return (
        <video
            ref={video}
            autoPlay
            muted
            playsInline
            data-testid="studio-preview"
            className="size-full -scale-x-100 bg-black object-cover"
        />
    );
}

function MicMeter({ stream }: { stream: MediaStream | null }) {
    const { t } = useTranslation();
    const level = useMicLevel(stream);
    return (
        <div className="flex items-center gap-3">
            <span className="text-sm font-semibold">{t('studio.mic')}</span>
            <meter
                data-testid="mic-level"
                aria-label={t('studio.mic')}
                min={0}
                max={1}
                value={level}
                className="h-3 flex-1"
            />
        </div>
    );
}

function Setup({
    ready,
    onStart,
    busy,
    problem,
}: {
    ready: boolean;
    onStart: (form: FormData) => void;
    busy: boolean;
    problem: unknown;
}) {
    const { t } = useTranslation();
    const submit = (event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        onStart(new FormData(event.currentTarget));
    };
    return (
        <form onSubmit={submit} className="space-y-4 rounded-card bg-panel p-5">
            <Field label={t('studio.liveTitle')} name="title" required maxLength={100} />
            <Field label={t('studio.description')} name="description" maxLength={500} />
            <Field
                label={t('studio.price')}
                name="price"
                type="number"
                inputMode="numeric"
                min={0}
                max={100000}
                defaultValue={0}
            />
            {problem !== undefined && (
                <p role="alert" className="rounded-xl bg-live/15 p-3 text-sm">
                    {problemText(problem)}
                </p>
            )}
            <Button
                type="submit"
                kind="danger"
                className="w-full"
                data-testid="go-live"
                disabled={!ready || busy}
            >
                {busy ? t('studio.starting') : t('studio.goLive')}
            </Button>
        </form>
    );
}

function Studio() {
    const { t } = useTranslation();
    const { stream, problem, retry } = useCamera();
    const [onAir, setOnAir] = useState<OnAir | null>(null);
    const [asking, setAsking] = useState(false);
    const [create, creating] = useCreateLiveMutation();
    const [begin, beginning] = useStartLiveMutation();
    const [end, ending] = useEndLiveMutation();
    const { data: wallet } = useWalletQuery();
    const health = usePublishing(onAir, stream);
    const seconds = useSeconds(onAir !== null);
    const { messages, addAll, send, me } = useChat(onAir?.live.chatId, 'chat:message');
    const { status, gifts } = useLiveRoom(onAir?.live.id, onAir !== null, addAll);

    const start = async (form: FormData) => {
        const made = await create({
            title: form.get('title'),
            description: form.get('description') ?? '',
            price: Number(form.get('price') ?? 0),
        });
        if (!made.data) return;
        const begun = await begin(made.data.id);
        if (begun.data) setOnAir(begun.data);
    };
    const finish = useCallback(async () => {
        if (!onAir) return;
        const ended = await end(onAir.live.id);
        setAsking(false);
        if (!ended.error) setOnAir(null);
    }, [end, onAir]);
    const earnings = (wallet?.earnings?.pending ?? 0) + (wallet?.earnings?.available ?? 0);

    return (
        <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_24rem]">
            <div className="space-y-4">
                <h1 className="sr-only">{t('studio.title')}</h1>
                <div className="relative aspect-video overflow-hidden rounded-card bg-black">
                    {problem ? (
                        <div
                            role="alert"
                            className="grid size-full place-content-center gap-4 p-6 text-center text-white"
                        >
                            <p className="mx-auto max-w-md">{t(`studio.${problem}`)}</p>
                            <Button onClick={retry} className="mx-auto">
                                {t('state.retry')}
                            </Button>
                        </div>
                    ) : (
                        <Preview stream={stream} />
                    )}
                    {onAir && (
                        <div className="absolute top-3 left-3 flex flex-wrap gap-2 text-xs font-semibold text-white">
                            <LiveBadge />
                            <span className="rounded-full bg-black/60 px-2.5 py-1 tabular-nums">
                                {formatDuration(seconds)}
                            </span>
                            <span data-testid="viewer-count" className="rounded-full bg-black/60 px-2.5 py-1">
                                {t('home.viewers', { count: status?.viewerCount ?? 0 })}
                            </span>
                        </div>
                    )}
                    <GiftToasts gifts={gifts} />
                </div>
                <MicMeter stream={stream} />
                <dl className="grid grid-cols-2 gap-3 text-sm">
                    <div className="rounded-card bg-panel p-4">
                        <dt className="text-soft">{t('studio.earnings')}</dt>
                        <dd data-testid="earnings" className="text-2xl font-extrabold tabular-nums">
                            {formatTokens(earnings)}
                        </dd>
                    </div>
                    <div className="rounded-card bg-panel p-4">
                        <dt className="text-soft">{onAir ? t('studio.onAir') : t('studio.preview')}</dt>
                        <dd
                            role="status"
                            className={`font-bold ${onAir && health === 'good' ? 'text-good' : onAir && health === 'lost' ? 'text-live' : ''}`}
                        >
                            {onAir ? t(`studio.health.${health}`) : stream ? '✓' : '…'}
                        </dd>
                    </div>
                </dl>
            </div>
            {onAir ? (
                <section
                    aria-label={t('live.chat')}
                    className="flex h-[32rem] flex-col rounded-card bg-panel lg:h-[calc(100dvh-8rem)]"
                >
                    <div className="border-b border-line p-3">
                        <Button
                            kind="danger"
                            className="w-full"
                            data-testid="end-live"
                            onClick={() => setAsking(true)}
                        >
                            {t('studio.end')}
                        </Button>
                    </div>
                    <MessageList messages={messages} me={me} receipts={false} />
                    <Composer onSend={(text) => void send(text)} />
                </section>
            ) : (
                <Setup
                    ready={stream !== null}
                    busy={creating.isLoading || beginning.isLoading}
                    problem={creating.error ?? beginning.error}
                    onStart={(form) => void start(form)}
                />
            )}
            <Dialog title={t('studio.endAsk')} open={asking} onClose={() => setAsking(false)}>
                <p className="text-soft">{t('studio.endHint')}</p>
                <div className="flex gap-2">
                    <Button
                        kind="danger"
                        className="flex-1"
                        disabled={ending.isLoading}
                        onClick={() => void finish()}
                    >
                        {t('studio.endConfirm')}
                    </Button>
                    <Button kind="quiet" onClick={() => setAsking(false)}>
                        {t('studio.keep')}
                    </Button>
                </div>
            </Dialog>
        </div>
    );
}

export function StudioPage() {
    const { t } = useTranslation();
    const session = useSession();
    return (
        <RequireSession>
            {session?.user.type === 'model' ? <Studio /> : <Empty title={t('studio.onlyModels')} />}
        </RequireSession>
    );
}
