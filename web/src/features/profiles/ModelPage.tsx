import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { problemText, useModelQuery, useOpenChatMutation } from '../../app/api';
import { useSession } from '../../app/session';
import { Avatar, Button, Failed, LiveBadge, Loading } from '../../components/ui/ui';

export function ModelPage() {
    const { id = '' } = useParams();
    const { t } = useTranslation();
    const navigate = useNavigate();
    const session = useSession();
    const { data: model, error, isLoading, refetch } = useModelQuery(id);
    const [open, { isLoading: opening, error: openError }] = useOpenChatMutation();
    if (isLoading) return <Loading />;
    if (error || !model) return <Failed error={error} retry={() => void refetch()} />;
    const chat = async () => {
        if (!session) return void navigate(`/entrar?voltar=/modelo/${id}`);
        const opened = await open(id);
        if (opened.data) void navigate(`/conversas/${opened.data.id}`);
    };
    return (
        <article className="mx-auto max-w-3xl space-y-6">
            <header className="flex flex-wrap items-center gap-5 rounded-card bg-panel p-6">
                <Avatar name={model.profile.name} size="size-24" />
                <div className="min-w-0 flex-1">
                    <h1 className="text-2xl font-extrabold">{model.profile.name}</h1>
                    <p className="text-soft">{model.profile.location}</p>
                    {model.live ? (
                        <LiveBadge />
                    ) : (
                        <span className="text-sm text-soft">{t('profile.offline')}</span>
                    )}
                </div>
                <div className="flex gap-2">
                    {model.live && (
                        <Link
                            to={`/live/${model.live.id}`}
                            className="inline-flex min-h-11 items-center rounded-full bg-live px-5 font-semibold text-white"
                        >
                            {t('profile.watch')}
                        </Link>
                    )}
                    {session?.user.id !== model.id && (
                        <Button
                            data-testid="open-chat"
                            kind="quiet"
                            disabled={opening}
                            onClick={() => void chat()}
                        >
                            {t('chat.open')}
                        </Button>
                    )}
                </div>
            </header>
            {openError && <p role="alert">{problemText(openError)}</p>}
            {model.profile.bio && (
                <section>
                    <h2 className="mb-2 text-lg font-bold">{t('profile.bio')}</h2>
                    <p className="max-w-prose whitespace-pre-wrap text-soft">{model.profile.bio}</p>
                </section>
            )}
            <section>
                <h2 className="mb-2 text-lg font-bold">{t('profile.schedule')}</h2>
                {model.profile.schedule.length === 0 && (
                    <p className="text-soft">{t('profile.noSchedule')}</p>
                )}
                <ul className="space-y-1 text-soft">
                    {model.profile.schedule.map((entry, index) => (
                        <li key={index}>
                            {typeof entry === 'object' && entry
                                ? Object.values(entry).join(' · ')
                                : String(entry)}
                        </li>
                    ))}
                </ul>
            </section>
        </article>
    );
}
