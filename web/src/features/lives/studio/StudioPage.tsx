import { useState } from 'react';
import { formatDuration } from '@client/format/format';
import type { Live } from '@client/api/types';
import { toast, useAppDispatch, useMe } from '@/app/store';
import { Button, ButtonLink } from '@/components/ui/Button';
import { Select } from '@/components/ui/Choice';
import { Empty, Notice } from '@/components/ui/State';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import {
    type NewLive,
    useCreateLiveMutation,
    useEndLiveMutation,
    useLivesQuery,
    useStartLiveMutation,
} from '../api';
import { useRoom } from '../useRoom';
import { LiveForm } from './LiveForm';
import { MicLevel } from './MicLevel';
import { OnAir, type Outcome } from './OnAir';
import { Preview } from './Preview';
import { useCapture } from './useCapture';

interface Broadcast {
    live: Live;
    whipUrl: string;
    since: number;
}

export function StudioPage() {
    const { t } = useWords();
    const me = useMe();
    useTitle(t('studio.title'));
    if (me?.type !== 'model')
        return (
            <Empty
                icon="studio"
                title={t('studio.onlyModels')}
                text={t('studio.onlyModelsText')}
                className="py-28"
            >
                <ButtonLink to="/" look="primary">
                    {t('app.goHome')}
                </ButtonLink>
            </Empty>
        );
    return <Studio modelId={me.id} />;
}

function Studio({ modelId }: { modelId: string }) {
    const capture = useCapture();
    const [broadcast, setBroadcast] = useState<Broadcast | null>(null);
    const [outcome, setOutcome] = useState<Outcome | null>(null);
    const room = useRoom(broadcast?.live, !!broadcast);

    if (outcome)
        return (
            <Farewell
                outcome={outcome}
                again={() => {
                    setOutcome(null);
                    void capture.start();
                }}
            />
        );
    if (broadcast)
        return (
            <OnAir
                {...broadcast}
                room={room}
                stream={capture.stream}
                fault={capture.fault}
                retryCamera={() => void capture.start()}
                ended={(result) => {
                    setBroadcast(null);
                    setOutcome(result);
                    capture.stop();
                }}
            />
        );
    return <Backstage modelId={modelId} capture={capture} begin={setBroadcast} />;
}

type CaptureState = ReturnType<typeof useCapture>;

/** Creating and starting, with the problem of whichever failed. */
function useBegin(begin: (broadcast: Broadcast) => void) {
    const { t } = useWords();
    const dispatch = useAppDispatch();
    const [create, creation] = useCreateLiveMutation();
    const [start, starting] = useStartLiveMutation();
    const startOne = async (id: string) => {
        const answer = await start(id);
        if (answer.data)
            begin({ live: answer.data.live, whipUrl: answer.data.publish.whipUrl, since: Date.now() });
    };
    return {
        busy: creation.isLoading || starting.isLoading,
        error: creation.error ?? starting.error,
        startOne,
        goLive: async (live: NewLive) => {
            starting.reset();
            const made = await create(live);
            if (made.data) await startOne(made.data.id);
        },
        schedule: async (live: NewLive) => {
            starting.reset();
            const made = await create(live);
            if (made.data) dispatch(toast(t('studio.scheduledDone'), 'good'));
        },
    };
}

function Backstage({
    modelId,
    capture,
    begin,
}: {
    modelId: string;
    capture: CaptureState;
    begin: (broadcast: Broadcast) => void;
}) {
    const { t } = useWords();
    const { busy, error, goLive, schedule, startOne } = useBegin(begin);
    const { stream, fault, silent, devices } = capture;
    const option = (device: MediaDeviceInfo, index: number) => ({
        id: device.deviceId,
        label: device.label || `${index + 1}`,
    });
    return (
        <div className="mx-auto grid max-w-375 gap-6 px-4 py-6 sm:px-8 md:py-8 lg:grid-cols-[minmax(0,1fr)_25rem] lg:gap-8">
            <div className="flex min-w-0 flex-col gap-5">
                <h1 className="text-[1.75rem] md:text-4xl">{t('studio.title')}</h1>
                <OpenLive modelId={modelId} begin={begin} ready={!!stream} />
                <div className="relative aspect-video overflow-hidden rounded-[1.5rem] bg-black">
                    <Preview stream={stream} fault={fault} retry={() => void capture.start()} />
                </div>
                {silent && <Notice kind="plain">{t('studio.noMic')}</Notice>}
                {stream && !silent && <MicLevel stream={stream} />}
                {stream && (
                    <div className="grid gap-4 sm:grid-cols-2">
                        <Select
                            label={t('studio.camera')}
                            icon="studio"
                            options={devices.cameras.map(option)}
                            value={capture.camera}
                            onChange={capture.chooseCamera}
                        />
                        <Select
                            label={t('studio.microphone')}
                            icon="mic"
                            options={devices.microphones.map(option)}
                            value={capture.microphone}
                            onChange={capture.chooseMicrophone}
                        />
                    </div>
                )}
            </div>
            <div className="flex flex-col gap-6 lg:pt-16">
                <div className="rounded-[1.5rem] border border-line bg-surface p-5 sm:p-6">
                    <LiveForm
                        ready={!!stream}
                        busy={busy}
                        error={error}
                        goLive={(live) => void goLive(live)}
                        schedule={(live) => void schedule(live)}
                    />
                </div>
                <Scheduled modelId={modelId} ready={!!stream && !busy} start={(id) => void startOne(id)} />
            </div>
        </div>
    );
}

/** A live that is still on from before: the page was reloaded, or the browser died. */
function OpenLive({
    modelId,
    begin,
    ready,
}: {
    modelId: string;
    begin: (broadcast: Broadcast) => void;
    ready: boolean;
}) {
    const { t, problem } = useWords();
    const { data } = useLivesQuery(
        { status: 'live', modelId, limit: 1 },
        { refetchOnMountOrArgChange: true },
    );
    const [end, { isLoading, error }] = useEndLiveMutation();
    const live = data?.items.find((item) => item.modelId === modelId);
    if (!live) return null;
    return (
        <section className="flex flex-wrap items-center gap-4 rounded-card border border-accent/40 bg-wash p-5">
            <div className="min-w-0 flex-1 basis-60">
                <h2 className="text-lg">{t('studio.resumeTitle')}</h2>
                <p className="text-sm text-muted">{t('studio.resumeText')}</p>
                {error && <p className="mt-1 text-sm text-bad">{problem(error)}</p>}
            </div>
            <Button onPress={() => void end(live.id)} busy={isLoading}>
                {t('studio.endLive')}
            </Button>
            <Button
                look="primary"
                isDisabled={!ready}
                onPress={() =>
                    begin({
                        live,
                        whipUrl: `/api/lives/${live.id}/whip`,
                        since: new Date(live.startedAt ?? live.updatedAt).getTime(),
                    })
                }
            >
                {t('studio.resume')}
            </Button>
        </section>
    );
}

function Scheduled({
    modelId,
    ready,
    start,
}: {
    modelId: string;
    ready: boolean;
    start: (id: string) => void;
}) {
    const { t, when } = useWords();
    const { data } = useLivesQuery({ status: 'scheduled', modelId, limit: 10 });
    const lives = data?.items.filter((live) => live.modelId === modelId && live.scheduledFor) ?? [];
    if (lives.length === 0) return null;
    return (
        <section aria-labelledby="marcadas">
            <h2 id="marcadas" className="mb-3 text-lg">
                {t('studio.mine')}
            </h2>
            <ul className="flex flex-col gap-2">
                {lives.map((live) => (
                    <li
                        key={live.id}
                        className="flex items-center gap-3 rounded-card border border-line bg-surface p-4"
                    >
                        <div className="min-w-0 flex-1">
                            <p className="truncate font-semibold">{live.title}</p>
                            {live.scheduledFor && (
                                <p className="text-sm text-muted">{when(live.scheduledFor)}</p>
                            )}
                        </div>
                        <Button size="sm" isDisabled={!ready} onPress={() => start(live.id)}>
                            {t('studio.startThis')}
                        </Button>
                    </li>
                ))}
            </ul>
        </section>
    );
}

function Farewell({ outcome, again }: { outcome: Outcome; again: () => void }) {
    const { t, tokens } = useWords();
    return (
        <Empty
            icon="sparkle"
            heading="h1"
            title={t('studio.endedTitle')}
            text={t('studio.endedText', {
                duration: formatDuration(outcome.seconds),
                earned: tokens(outcome.earned),
            })}
            className="py-28"
        >
            <ButtonLink to="/carteira">{t('nav.wallet')}</ButtonLink>
            <Button look="primary" onPress={again}>
                {t('studio.again')}
            </Button>
        </Empty>
    );
}
