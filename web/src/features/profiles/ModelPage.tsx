import { useNavigate, useParams } from 'react-router';
import { isProblem } from '@client/api/problem';
import type { ModelPage as Model } from '@client/api/types';
import { NotFoundPage } from '@/app/NotFoundPage';
import { toast, useAppDispatch, useMe } from '@/app/store';
import { Avatar } from '@/components/ui/Avatar';
import { LiveBadge } from '@/components/ui/Badge';
import { Button, ButtonLink } from '@/components/ui/Button';
import { Icon, TokenIcon } from '@/components/ui/Icon';
import { Failure, Loading, Skeleton } from '@/components/ui/State';
import { useOpenChatMutation } from '@/features/chat/api';
import { useLivesQuery } from '@/features/lives/api';
import { EndedCard, LiveCard, UpcomingCard } from '@/features/lives/LiveCard';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useModelQuery } from './api';
import { pricesOf, scheduleOf, servicesOf } from './read';

export function ModelPage() {
    const { id = '' } = useParams();
    const {
        data: model,
        error,
        isLoading,
        refetch,
    } = useModelQuery(id, { pollingInterval: 20_000, skipPollingIfUnfocused: true });
    useTitle(model?.profile.name);
    if (isLoading)
        return (
            <Loading>
                <Skeleton className="h-48 rounded-none md:h-64" />
                <div className="mx-auto max-w-275 px-4 sm:px-8">
                    <Skeleton className="-mt-14 size-28 rounded-full" />
                    <Skeleton className="mt-4 h-9 w-60" />
                    <Skeleton className="mt-3 h-24" />
                </div>
            </Loading>
        );
    if (!model) {
        if (isProblem(error) && (error.status === 404 || error.status === 400)) return <NotFoundPage />;
        return <Failure error={error} retry={() => void refetch()} className="py-28" />;
    }
    return (
        <>
            <Cover model={model} />
            <div className="mx-auto grid max-w-275 gap-10 px-4 pt-8 pb-12 sm:px-8 lg:grid-cols-[minmax(0,1fr)_20rem]">
                <div className="flex min-w-0 flex-col gap-10">
                    {model.live && (
                        <section aria-label={model.profile.name}>
                            <LiveCard live={model.live} featured />
                        </section>
                    )}
                    <About model={model} />
                    <Upcoming modelId={model.id} />
                    <Past modelId={model.id} />
                </div>
                <Side model={model} />
            </div>
        </>
    );
}

function Cover({ model }: { model: Model }) {
    const { t } = useWords();
    const me = useMe();
    const { profile } = model;
    return (
        <div>
            <div className="relative h-36 overflow-hidden bg-linear-to-br from-[#2c1038] via-[#6d1d57] to-[#c2394f] md:h-56">
                <svg
                    className="absolute inset-0 size-full opacity-25"
                    preserveAspectRatio="xMidYMid slice"
                    viewBox="0 0 800 300"
                    aria-hidden="true"
                >
                    <g fill="none" stroke="#fff">
                        {[60, 120, 190, 270, 360].map((radius) => (
                            <circle key={radius} cx="620" cy="90" r={radius} />
                        ))}
                    </g>
                </svg>
            </div>
            <div className="mx-auto flex max-w-275 flex-col gap-4 px-4 sm:px-8 md:flex-row md:items-end">
                <Avatar
                    name={profile.name}
                    src={profile.avatar}
                    className={`relative -mt-14 size-28 text-4xl ring-5 md:-mt-16 md:size-36 ${model.live ? 'ring-live' : 'ring-canvas'}`}
                />
                <div className="min-w-0 flex-1 md:pb-2">
                    <h1 className="text-3xl wrap-anywhere md:text-4xl">{profile.name}</h1>
                    <p className="mt-1.5 flex flex-wrap items-center gap-x-4 gap-y-1 text-muted">
                        {model.live ? (
                            <LiveBadge />
                        ) : (
                            model.online !== undefined && (
                                <span
                                    className={`flex items-center gap-2 ${model.online ? 'text-good' : ''}`}
                                >
                                    <span className="size-2 rounded-full bg-current" />
                                    {t(model.online ? 'profile.online' : 'profile.offline')}
                                </span>
                            )
                        )}
                        {profile.location && (
                            <span className="flex items-center gap-1.5">
                                <Icon name="pin" className="size-4.5" />
                                {profile.location}
                            </span>
                        )}
                    </p>
                </div>
                <div className="flex gap-3 md:pb-2">
                    {me?.id === model.id ? (
                        <ButtonLink to="/conta">{t('profile.edit')}</ButtonLink>
                    ) : (
                        <OpenChat modelId={model.id} />
                    )}
                    {model.live && (
                        <ButtonLink to={`/live/${model.live.id}`} look="primary" icon="studio">
                            {t('profile.watch')}
                        </ButtonLink>
                    )}
                </div>
            </div>
        </div>
    );
}

function OpenChat({ modelId }: { modelId: string }) {
    const { t, problem } = useWords();
    const me = useMe();
    const navigate = useNavigate();
    const dispatch = useAppDispatch();
    const [open, { isLoading }] = useOpenChatMutation();
    const go = async () => {
        if (!me) return navigate(`/entrar?volta=${encodeURIComponent(`/modelo/${modelId}`)}`);
        const { data, error } = await open(modelId);
        if (data) await navigate(`/conversas/${data.id}`);
        else dispatch(toast(problem(error), 'bad'));
    };
    return (
        <Button icon="chat" busy={isLoading} onPress={() => void go()} data-testid="open-chat">
            {t('profile.chat')}
        </Button>
    );
}

function About({ model }: { model: Model }) {
    const { t } = useWords();
    const services = servicesOf(model.profile.services);
    return (
        <section aria-labelledby="sobre">
            <h2 id="sobre" className="mb-3 text-2xl">
                {t('profile.about')}
            </h2>
            <p className="max-w-prose text-base whitespace-pre-line text-muted">
                {model.profile.bio || t('profile.noBio')}
            </p>
            {services.length > 0 && (
                <ul aria-label={t('profile.services')} className="mt-4 flex flex-wrap gap-2">
                    {services.map((service) => (
                        <li key={service} className="rounded-full bg-raised px-4 py-1.5 text-sm font-medium">
                            {service}
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}

function Upcoming({ modelId }: { modelId: string }) {
    const { t } = useWords();
    const { data } = useLivesQuery({ status: 'scheduled', modelId, limit: 6 });
    const lives = data?.items.filter((live) => live.modelId === modelId) ?? [];
    if (lives.length === 0) return null;
    return (
        <section aria-labelledby="proximas">
            <h2 id="proximas" className="mb-4 text-2xl">
                {t('profile.upcoming')}
            </h2>
            <ul className="grid gap-3">
                {lives.map((live) => (
                    <li key={live.id}>
                        <UpcomingCard live={live} />
                    </li>
                ))}
            </ul>
        </section>
    );
}

function Past({ modelId }: { modelId: string }) {
    const { t } = useWords();
    const { data } = useLivesQuery({ status: 'ended', modelId, limit: 6 });
    if (!data || data.items.length === 0) return null;
    return (
        <section aria-labelledby="encerradas">
            <h2 id="encerradas" className="mb-4 text-2xl">
                {t('profile.past')}
            </h2>
            <ul className="grid grid-cols-2 gap-4 sm:grid-cols-3">
                {data.items.map((live) => (
                    <li key={live.id} className="min-w-0">
                        <EndedCard live={live} />
                    </li>
                ))}
            </ul>
        </section>
    );
}

function Side({ model }: { model: Model }) {
    const words = useWords();
    const { t } = words;
    const days = t('profile.days', { returnObjects: true }) as unknown as string[];
    const prices = pricesOf(model.profile.pricing);
    // A name of the model's own is shown as it is: as a key of the texts, a part of it would be read as their grammar.
    const known = t('profile.priceKeys', { returnObjects: true }) as Record<string, string>;
    const schedule = scheduleOf(model.profile.schedule, days, words.when);
    return (
        <aside className="flex flex-col gap-5">
            <section aria-labelledby="agenda" className="rounded-card border border-line bg-surface p-5">
                <h2 id="agenda" className="mb-3 flex items-center gap-2 text-lg">
                    <Icon name="calendar" className="size-5 text-accent" />
                    {t('profile.schedule')}
                </h2>
                {schedule.length === 0 ? (
                    <p className="text-sm text-muted">{t('profile.noSchedule')}</p>
                ) : (
                    <ul className="flex flex-col gap-2 text-sm">
                        {schedule.map((slot) => (
                            <li key={slot.day + slot.hours} className="flex justify-between gap-4">
                                <span className="capitalize">{slot.day}</span>
                                <span className="text-muted tabular">{slot.hours}</span>
                            </li>
                        ))}
                    </ul>
                )}
            </section>
            {prices.length > 0 && (
                <section aria-labelledby="valores" className="rounded-card border border-line bg-surface p-5">
                    <h2 id="valores" className="mb-3 flex items-center gap-2 text-lg">
                        <TokenIcon className="size-5" />
                        {t('profile.prices')}
                    </h2>
                    <ul className="flex flex-col gap-2 text-sm">
                        {prices.map(([name, tokens]) => (
                            <li key={name} className="flex justify-between gap-4">
                                <span className="capitalize">
                                    {Object.hasOwn(known, name) ? known[name] : name}
                                </span>
                                <span className="font-semibold tabular">{words.tokens(tokens)}</span>
                            </li>
                        ))}
                    </ul>
                </section>
            )}
        </aside>
    );
}
