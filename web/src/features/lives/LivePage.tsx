import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { formatTokens } from '@client/format/format';
import { problemText, useJoinLiveMutation, useLiveQuery } from '../../app/api';
import { useSession } from '../../app/session';
import { Avatar, Button, Empty, Failed, LiveBadge, Loading } from '../../components/ui/ui';
import { Composer } from '../chat/Composer';
import { MessageList } from '../chat/MessageList';
import { useChat } from '../chat/useChat';
import { GiftDrawer } from '../gifts/GiftDrawer';
import { GiftToasts } from '../gifts/GiftToasts';
import { Player } from './Player';
import { useLiveRoom } from './useLiveRoom';

export function LivePage() {
    const { id = '' } = useParams();
    const { t } = useTranslation();
    const session = useSession();
    const { data: live, error, isLoading, refetch } = useLiveQuery(id, { refetchOnMountOrArgChange: true });
    const [join, { error: joinError, isLoading: joining }] = useJoinLiveMutation();
    const [entered, setEntered] = useState(false);
    const { messages, addAll, send, me } = useChat(live?.chatId, 'chat:message');
    const { status, gifts } = useLiveRoom(live?.id, entered, addAll);
    const state = status?.status ?? live?.status;

    const renew = useCallback(async () => {
        const answer = await join(id);
        return answer.data?.playback ?? null;
    }, [id, join]);
    const free = live?.status === 'live' && (live.price === 0 || live.modelId === session?.user.id);
    useEffect(() => {
        if (free && session) setEntered(true);
    }, [free, session]);

    if (isLoading) return <Loading />;
    if (error || !live) return <Failed error={error} retry={() => void refetch()} />;
    return (
        <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_24rem]">
            <div className="min-w-0 space-y-4">
                <div className="relative -mx-4 aspect-video overflow-hidden bg-black sm:mx-0 sm:rounded-card">
                    {state === 'ended' ? (
                        <div
                            data-testid="live-ended"
                            role="status"
                            className="grid size-full place-content-center gap-2 text-center text-white"
                        >
                            <h2 className="text-2xl font-bold">{t('live.endedTitle')}</h2>
                            <p className="text-white/70">{t('live.endedHint')}</p>
                            <Link to="/" className="mt-2 font-semibold text-white underline">
                                {t('state.backHome')}
                            </Link>
                        </div>
                    ) : !session ? (
                        <div className="grid size-full place-content-center">
                            <Link
                                to={`/entrar?voltar=/live/${id}`}
                                className="inline-flex min-h-11 items-center rounded-full bg-accent px-6 font-semibold text-on-accent"
                            >
                                {t('live.signInToWatch')}
                            </Link>
                        </div>
                    ) : state === 'scheduled' ? (
                        <p className="grid size-full place-content-center text-white/80">
                            {t('live.scheduledHint')}
                        </p>
                    ) : entered ? (
                        <Player renew={renew} />
                    ) : (
                        <div className="grid size-full place-content-center gap-3 text-center text-white">
                            <Button
                                disabled={joining}
                                onClick={() =>
                                    void join(id)
                                        .unwrap()
                                        .then(
                                            () => setEntered(true),
                                            () => undefined,
                                        )
                                }
                            >
                                {t('live.joinPaid', { price: formatTokens(live.price) })}
                            </Button>
                            {joinError && <p role="alert">{problemText(joinError)}</p>}
                        </div>
                    )}
                    <GiftToasts gifts={gifts} />
                    {state === 'live' && (
                        <div className="pointer-events-none absolute top-3 left-3 flex gap-2">
                            <LiveBadge />
                            <span
                                data-testid="viewer-count"
                                className="rounded-full bg-black/60 px-2.5 py-1 text-xs font-semibold text-white"
                            >
                                {t('home.viewers', { count: status?.viewerCount ?? live.viewerCount })}
                            </span>
                        </div>
                    )}
                </div>
                <div className="flex flex-wrap items-center gap-3">
                    <Avatar name={live.model?.name ?? '?'} size="size-12" />
                    <div className="min-w-0 flex-1">
                        <h1 className="truncate text-xl font-extrabold">{live.title}</h1>
                        <Link to={`/modelo/${live.modelId}`} className="text-soft hover:text-accent">
                            {live.model?.name}
                        </Link>
                    </div>
                    {session && session.user.type === 'client' && state === 'live' && (
                        <GiftDrawer liveId={live.id} />
                    )}
                </div>
                {live.description && <p className="max-w-prose text-soft">{live.description}</p>}
            </div>
            <section
                aria-label={t('live.chat')}
                className="flex h-[26rem] flex-col rounded-card bg-panel lg:h-[calc(100dvh-8rem)]"
            >
                <h2 className="border-b border-line p-4 font-bold">{t('live.chat')}</h2>
                {session ? (
                    <>
                        <MessageList messages={messages} me={me} receipts={false} />
                        <Composer
                            disabled={state !== 'live' || !entered}
                            onSend={(text) => void send(text)}
                        />
                    </>
                ) : (
                    <Empty title={t('live.signInToWatch')} />
                )}
            </section>
        </div>
    );
}
