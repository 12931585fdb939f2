import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { isProblem } from '@client/api/problem';
import { type Language, languageNames, languages } from '@client/i18n/languages';
import type { User } from '@client/api/types';
import { speak } from '@/app/i18n';
import { toast, useAppDispatch, useMe } from '@/app/store';
import { Button, ButtonLink } from '@/components/ui/Button';
import { Segments } from '@/components/ui/Choice';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/State';
import { authApi, useMeQuery } from '@/features/auth/api';
import { tokens } from '@/lib/session';
import { applyTheme, currentTheme, type Theme, themes } from '@/lib/theme';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useSaveUserMutation } from './api';
import { AvatarField } from './AvatarField';

export function AccountPage() {
    const { t } = useWords();
    const me = useMe();
    const { data } = useMeQuery(undefined, { refetchOnMountOrArgChange: true });
    useTitle(t('account.title'));
    const user = data ?? me;
    if (!user) return null;
    return (
        <div className="mx-auto flex max-w-170 flex-col gap-6 px-4 py-6 sm:px-8 md:py-10">
            <header className="flex items-center gap-4">
                <div className="min-w-0 flex-1">
                    <h1 className="truncate text-[1.75rem]">{user.profile.name}</h1>
                    {user.email && <p className="truncate text-sm text-muted">{user.email}</p>}
                </div>
                {user.type === 'model' && (
                    <ButtonLink to={`/modelo/${user.id}`} size="sm" className="hidden sm:inline-flex">
                        {t('account.viewProfile')}
                    </ButtonLink>
                )}
            </header>
            <ProfileForm key={user.updatedAt} user={user} />
            <Appearance />
            <SignOut />
        </div>
    );
}

const card = 'flex flex-col gap-5 rounded-[1.5rem] border border-line bg-surface p-5 sm:p-6';

function ProfileForm({ user }: { user: User }) {
    const { t, problem } = useWords();
    const dispatch = useAppDispatch();
    const [name, setName] = useState(user.profile.name);
    const [bio, setBio] = useState(user.profile.bio);
    const [location, setLocation] = useState(user.profile.location);
    const [save, { isLoading, error }] = useSaveUserMutation();
    const fault = (field: string) =>
        isProblem(error)
            ? error.errors?.find((one) => one.field === field || one.field === `profile.${field}`)?.detail
            : undefined;
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const answer = await save({
            id: user.id,
            profile: { name: name.trim(), bio: bio.trim(), location: location.trim() },
        });
        if (!answer.data) return;
        tokens.saveUser({ ...user, ...answer.data });
        dispatch(toast(t('app.saved'), 'good'));
    };
    return (
        <form onSubmit={(event) => void submit(event)} className={card} noValidate>
            <h2 className="text-xl">{t('account.profile')}</h2>
            <AvatarField user={user} />
            <Field
                label={t('account.name')}
                value={name}
                onChange={setName}
                maxLength={80}
                error={fault('name')}
                autoComplete="nickname"
            />
            <Field
                label={t('account.bio')}
                value={bio}
                onChange={setBio}
                lines={4}
                maxLength={2000}
                error={fault('bio')}
            />
            <Field
                label={t('account.location')}
                value={location}
                onChange={setLocation}
                maxLength={120}
                error={fault('location')}
                autoComplete="address-level2"
            />
            {error && <Notice>{problem(error)}</Notice>}
            <Button
                type="submit"
                look="primary"
                busy={isLoading}
                isDisabled={!name.trim()}
                className="self-start"
            >
                {t('app.save')}
            </Button>
        </form>
    );
}

function Appearance() {
    const { t } = useWords();
    const { i18n } = useTranslation();
    const [theme, setTheme] = useState<Theme>(currentTheme);
    return (
        <section aria-labelledby="aparencia" className={card}>
            <h2 id="aparencia" className="text-xl">
                {t('account.appearance')}
            </h2>
            <Segments
                label={t('account.theme')}
                value={theme}
                onChange={(next) => {
                    applyTheme(next);
                    setTheme(next);
                }}
                options={themes.map((id) => ({ id, label: t(`account.themes.${id}`) }))}
            />
            <Segments
                label={t('account.language')}
                value={i18n.language as Language}
                onChange={speak}
                options={languages.map((id) => ({ id, label: languageNames[id] }))}
            />
        </section>
    );
}

function SignOut() {
    const { t } = useWords();
    const dispatch = useAppDispatch();
    const navigate = useNavigate();
    const leave = async () => {
        const session = tokens.current();
        // Signed out here at once, whatever the server answers.
        if (session) void dispatch(authApi.endpoints.logout.initiate({ refreshToken: session.refreshToken }));
        await navigate('/');
        tokens.save(null);
    };
    return (
        <Button icon="logout" look="ghost" onPress={() => void leave()} className="self-start">
            {t('nav.signOut')}
        </Button>
    );
}
