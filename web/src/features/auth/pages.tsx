import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useNavigate, useSearchParams } from 'react-router';
import type { Problem } from '@client/api/types';
import { isProblem } from '@client/session/tokens';
import { problemText, useLoginMutation, useRegisterMutation } from '../../app/api';
import { tokens, useSession } from '../../app/session';
import { Button, Field } from '../../components/ui/ui';

const fieldError = (problem: unknown, field: string): string | undefined =>
    isProblem(problem)
        ? (problem as Problem).errors?.find((error) => error.field === field)?.detail
        : undefined;

/** Only a path of our own: a link must not lead signed-in people elsewhere. */
const safeReturn = (path: string | null) => (path?.startsWith('/') && !path.startsWith('//') ? path : '/');

export function RequireSession({ children }: { children: ReactNode }) {
    const session = useSession();
    if (!session)
        return <Navigate to={`/entrar?voltar=${encodeURIComponent(window.location.pathname)}`} replace />;
    return children;
}

function Card({ title, children }: { title: string; children: ReactNode }) {
    return (
        <section className="mx-auto mt-4 w-full max-w-md rounded-card bg-panel p-6 shadow-xl shadow-black/5 md:mt-12 md:p-8">
            <h1 className="mb-6 text-2xl font-extrabold">{title}</h1>
            {children}
        </section>
    );
}

function General({ error }: { error: unknown }) {
    if (!error || (isProblem(error) && error.errors?.length)) return null;
    return (
        <p role="alert" className="rounded-xl bg-live/15 p-3 text-sm">
            {problemText(error)}
        </p>
    );
}

export function SignIn() {
    const { t } = useTranslation();
    const navigate = useNavigate();
    const [params] = useSearchParams();
    const [login, { isLoading, error }] = useLoginMutation();
    const submit = async (event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const result = await login({ email: form.get('email'), password: form.get('password') });
        if (!result.data) return;
        tokens.save(result.data);
        void navigate(safeReturn(params.get('voltar')));
    };
    return (
        <Card title={t('auth.signInTitle')}>
            <form onSubmit={(event) => void submit(event)} className="space-y-4">
                <Field
                    label={t('auth.email')}
                    name="email"
                    type="email"
                    autoComplete="username"
                    required
                    error={fieldError(error, 'email')}
                />
                <Field
                    label={t('auth.password')}
                    name="password"
                    type="password"
                    autoComplete="current-password"
                    required
                    error={fieldError(error, 'password')}
                />
                <General error={error} />
                <Button type="submit" disabled={isLoading} className="w-full" data-testid="submit">
                    {t('auth.submitSignIn')}
                </Button>
            </form>
            <p className="mt-5 text-center text-sm text-soft">
                {t('auth.noAccount')}{' '}
                <Link to="/cadastrar" className="font-semibold text-accent">
                    {t('nav.signUp')}
                </Link>
            </p>
        </Card>
    );
}

export function SignUp() {
    const { t } = useTranslation();
    const navigate = useNavigate();
    const [type, setType] = useState<'client' | 'model'>('client');
    const [register, { isLoading, error }] = useRegisterMutation();
    const submit = async (event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const body = { type, ...Object.fromEntries(form), acceptTerms: form.get('acceptTerms') === 'on' };
        const result = await register(body);
        if (!result.data) return;
        tokens.save(result.data);
        void navigate(type === 'model' ? '/studio' : '/');
    };
    return (
        <Card title={t('auth.signUpTitle')}>
            <form onSubmit={(event) => void submit(event)} className="space-y-4">
                <div role="radiogroup" aria-label={t('auth.kind')} className="grid grid-cols-2 gap-3">
                    {(['client', 'model'] as const).map((kind) => (
                        <button
                            key={kind}
                            type="button"
                            role="radio"
                            aria-checked={type === kind}
                            data-testid={`type-${kind}`}
                            onClick={() => setType(kind)}
                            className="rounded-xl border-2 border-line p-4 text-left aria-checked:border-accent aria-checked:bg-raised"
                        >
                            <span className="block font-bold">{t(`auth.${kind}`)}</span>
                            <span className="text-sm text-soft">{t(`auth.${kind}Hint`)}</span>
                        </button>
                    ))}
                </div>
                <Field
                    label={t('auth.name')}
                    name="name"
                    autoComplete="nickname"
                    required
                    maxLength={60}
                    error={fieldError(error, 'name')}
                />
                <Field
                    label={t('auth.email')}
                    name="email"
                    type="email"
                    autoComplete="username"
                    required
                    error={fieldError(error, 'email')}
                />
                <Field
                    label={t('auth.password')}
                    name="password"
                    type="password"
                    autoComplete="new-password"
                    minLength={8}
                    required
                    hint={t('auth.passwordHint')}
                    error={fieldError(error, 'password')}
                />
                <Field
                    label={t('auth.birthDate')}
                    name="birthDate"
                    type="date"
                    required
                    data-testid="birth-date"
                    error={fieldError(error, 'birthDate')}
                />
                <label className="flex items-center gap-3 text-sm">
                    <input
                        type="checkbox"
                        name="acceptTerms"
                        required
                        data-testid="accept-terms"
                        className="size-5 accent-(--accent)"
                    />
                    {t('auth.terms')}
                </label>
                <General error={error} />
                <Button type="submit" disabled={isLoading} className="w-full" data-testid="submit">
                    {t('auth.submitSignUp')}
                </Button>
            </form>
            <p className="mt-5 text-center text-sm text-soft">
                {t('auth.hasAccount')}{' '}
                <Link to="/entrar" className="font-semibold text-accent">
                    {t('nav.signIn')}
                </Link>
            </p>
        </Card>
    );
}
