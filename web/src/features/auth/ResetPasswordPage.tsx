import { type FormEvent, useEffect, useState } from 'react';
import { useLocation } from 'react-router';
import { isProblem } from '@client/api/problem';
import { Button, ButtonLink } from '@/components/ui/Button';
import { Notice } from '@/components/ui/State';
import { tokens } from '@/lib/session';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useResetPasswordMutation } from './api';
import { AuthFrame } from './AuthFrame';
import { BackToSignIn } from './ForgotPasswordPage';
import { minPassword } from './password';
import { PasswordField } from './PasswordField';

/** Where the link of the mail leads: `/redefinir-senha#token=…`. What stands behind # is never sent to a server. */
export function ResetPasswordPage() {
    const { t, problem } = useWords();
    const { hash } = useLocation();
    const [token] = useState(() => new URLSearchParams(hash.slice(1)).get('token') ?? '');
    const [password, setPassword] = useState('');
    const [tried, setTried] = useState(false);
    const [change, { isLoading, isSuccess, error }] = useResetPasswordMutation();
    useTitle(t('auth.resetTitle'));

    // Out of the address bar and the history, where the next person at this computer could find it.
    useEffect(() => window.history.replaceState(window.history.state, '', window.location.pathname), []);

    const told = isProblem(error) ? (error.errors ?? []) : [];
    const dead = !token || told.some((fault) => fault.field === 'token');
    const short = password.length < minPassword ? t('auth.passwordShort', { count: minPassword }) : undefined;
    const fault = (tried && short) || told.find((one) => one.field === 'password')?.detail;

    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setTried(true);
        if (short) return;
        const answer = await change({ token, password });
        // Every session ended, so this browser's did as well.
        if (!answer.error) tokens.save(null);
    };

    if (isSuccess)
        return (
            <AuthFrame title={t('auth.resetDoneTitle')} text={t('auth.resetDoneText')}>
                <ButtonLink to="/entrar" look="primary" size="lg" className="w-full" data-testid="reset-done">
                    {t('auth.signIn')}
                </ButtonLink>
            </AuthFrame>
        );
    if (dead)
        return (
            <AuthFrame title={t('auth.resetDeadTitle')} text={t('auth.resetDeadText')}>
                <ButtonLink
                    to="/esqueci-senha"
                    look="primary"
                    size="lg"
                    className="w-full"
                    data-testid="reset-dead"
                >
                    {t('auth.resetAskAgain')}
                </ButtonLink>
                <BackToSignIn />
            </AuthFrame>
        );

    return (
        <AuthFrame title={t('auth.resetTitle')} text={t('auth.resetText')}>
            <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
                <PasswordField isNew value={password} onChange={setPassword} error={fault} />
                {error && !fault && <Notice>{problem(error)}</Notice>}
                <Button
                    type="submit"
                    look="primary"
                    size="lg"
                    busy={isLoading}
                    isDisabled={!password}
                    data-testid="submit"
                >
                    {t('auth.resetSave')}
                </Button>
            </form>
            <BackToSignIn />
        </AuthFrame>
    );
}
