import { type FormEvent, useState } from 'react';
import { Link } from 'react-router';
import { Button } from '@/components/ui/Button';
import { Field } from '@/components/ui/Field';
import { Icon } from '@/components/ui/Icon';
import { Notice } from '@/components/ui/State';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { useForgotPasswordMutation } from './api';
import { AuthFrame } from './AuthFrame';

/** Asks for a link by mail. The answer is the same whether the address has an account or not. */
export function ForgotPasswordPage() {
    const { t, problem } = useWords();
    const [email, setEmail] = useState('');
    const [fault, setFault] = useState<string>();
    const [ask, { isLoading, isSuccess, error, reset }] = useForgotPasswordMutation();
    useTitle(t('auth.forgotTitle'));

    const submit = (event: FormEvent) => {
        event.preventDefault();
        const valid = /^\S+@\S+\.\S+$/.test(email.trim());
        setFault(valid ? undefined : t('auth.emailInvalid'));
        if (valid) void ask({ email: email.trim() });
    };

    if (isSuccess)
        return (
            <AuthFrame
                title={t('auth.forgotSentTitle')}
                text={t('auth.forgotSentText', { email: email.trim() })}
            >
                <div role="status" data-testid="forgot-sent" className="flex flex-col gap-5">
                    <p className="flex items-start gap-3 rounded-card border border-line bg-surface p-4 text-muted">
                        <Icon name="clock" className="mt-0.5 size-5 shrink-0 text-accent" />
                        <span>{t('auth.forgotSentHint')}</span>
                    </p>
                    <Button onPress={reset}>{t('auth.forgotAgain')}</Button>
                </div>
                <BackToSignIn />
            </AuthFrame>
        );

    return (
        <AuthFrame title={t('auth.forgotTitle')} text={t('auth.forgotText')}>
            <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
                <Field
                    label={t('auth.email')}
                    type="email"
                    name="email"
                    value={email}
                    onChange={setEmail}
                    error={fault}
                    autoComplete="username"
                    inputMode="email"
                />
                {error && <Notice>{problem(error)}</Notice>}
                <Button
                    type="submit"
                    look="primary"
                    size="lg"
                    busy={isLoading}
                    isDisabled={!email.trim()}
                    data-testid="submit"
                >
                    {t('auth.forgotSend')}
                </Button>
            </form>
            <BackToSignIn />
        </AuthFrame>
    );
}

export function BackToSignIn() {
    const { t } = useWords();
    return (
        <p className="mt-7 text-center">
            <Link to="/entrar" className="font-semibold text-accent hover:underline">
                {t('auth.backToSignIn')}
            </Link>
        </p>
    );
}
