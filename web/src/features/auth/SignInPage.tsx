import { type FormEvent, useState } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { isProblem } from '@client/api/problem';
import { useMe } from '@/app/store';
import { Button } from '@/components/ui/Button';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/State';
import { tokens } from '@/lib/session';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useLoginMutation } from './api';
import { AuthFrame } from './AuthFrame';
import { PasswordField } from './PasswordField';
import { returnPath } from './RequireSignIn';

export function SignInPage() {
    const { t, problem } = useWords();
    const [search] = useSearchParams();
    const me = useMe();
    const [email, setEmail] = useState('');
    const [password, setPassword] = useState('');
    const [otp, setOtp] = useState('');
    const [login, { isLoading, error }] = useLoginMutation();
    const code = isProblem(error) ? error.code : undefined;
    const needsOtp = code === 'two_factor_required' || otp !== '';
    useTitle(t('auth.signIn'));

    if (me) return <Navigate to={returnPath(search)} replace />;

    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const answer = await login({ email: email.trim(), password, otp: otp || undefined });
        if (answer.data) tokens.save(answer.data);
    };

    return (
        <AuthFrame title={t('auth.signInTitle')} text={t('auth.signInText')}>
            <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
                <Field
                    label={t('auth.email')}
                    type="email"
                    name="email"
                    value={email}
                    onChange={setEmail}
                    autoComplete="username"
                    inputMode="email"
                />
                <div className="flex flex-col gap-2">
                    <PasswordField value={password} onChange={setPassword} />
                    <Link
                        to="/esqueci-senha"
                        className="self-end py-1 text-sm font-medium text-accent hover:underline"
                        data-testid="forgot-link"
                    >
                        {t('auth.forgotLink')}
                    </Link>
                </div>
                {needsOtp && (
                    <Field
                        label={t('auth.otp')}
                        value={otp}
                        onChange={setOtp}
                        inputMode="numeric"
                        autoComplete="one-time-code"
                        maxLength={10}
                    />
                )}
                {error && <Notice>{problem(error)}</Notice>}
                <Button
                    type="submit"
                    look="primary"
                    size="lg"
                    busy={isLoading}
                    isDisabled={!email.trim() || !password}
                    data-testid="submit"
                >
                    {t('auth.signIn')}
                </Button>
            </form>
            <p className="mt-7 text-center text-muted">
                {t('auth.noAccount')}{' '}
                <Link to={`/cadastrar?${search}`} className="font-semibold text-accent hover:underline">
                    {t('auth.signUp')}
                </Link>
            </p>
        </AuthFrame>
    );
}
