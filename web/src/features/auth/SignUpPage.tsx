import type { TFunction } from 'i18next';
import { type FormEvent, useState } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { isProblem } from '@client/api/problem';
import { ageAt } from '@client/format/format';
import { useMe } from '@/app/store';
import { Button } from '@/components/ui/Button';
import { Field } from '@/components/ui/Field';
import { Icon, type IconName } from '@/components/ui/Icon';
import { Notice } from '@/components/ui/State';
import { tokens } from '@/lib/session';
import { useTitle } from '@/lib/useTitle';
import { useWords } from '@/lib/words';
import { type Registration, useRegisterMutation } from './api';
import { AuthFrame } from './AuthFrame';
import { minPassword } from './password';
import { PasswordField } from './PasswordField';
import { returnPath } from './RequireSignIn';

type Form = Registration;
type Faults = Partial<Record<keyof Form, string>>;
const adultAge = 18;

const blank: Form = { type: 'client', name: '', email: '', password: '', birthDate: '', acceptTerms: false };

function faultsOf(form: Form, t: TFunction): Faults {
    const faults: Faults = {};
    if (!form.name.trim()) faults.name = t('auth.required');
    if (!/^\S+@\S+\.\S+$/.test(form.email.trim())) faults.email = t('auth.emailInvalid');
    if (form.password.length < minPassword) faults.password = t('auth.passwordShort', { count: minPassword });
    if (!form.birthDate) faults.birthDate = t('auth.required');
    else if (ageAt(form.birthDate, new Date()) < adultAge) faults.birthDate = t('auth.tooYoung');
    if (!form.acceptTerms) faults.acceptTerms = t('auth.termsRequired');
    return faults;
}

function TypeCard({
    type,
    icon,
    chosen,
    choose,
}: {
    type: Form['type'];
    icon: IconName;
    chosen: boolean;
    choose: () => void;
}) {
    const { t } = useWords();
    const [title, text] =
        type === 'model'
            ? [t('auth.typeModel'), t('auth.typeModelText')]
            : [t('auth.typeClient'), t('auth.typeClientText')];
    return (
        <label
            data-testid={`type-${type}`}
            className={`relative flex cursor-pointer flex-col gap-1.5 rounded-card border p-4 transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent ${chosen ? 'border-accent bg-wash' : 'border-line bg-surface hover:border-faint'}`}
        >
            <input
                type="radio"
                name="type"
                value={type}
                checked={chosen}
                onChange={choose}
                className="sr-only"
            />
            <Icon name={icon} className={`size-6 ${chosen ? 'text-accent' : 'text-muted'}`} />
            <span className="font-semibold">{title}</span>
            <span className="text-[0.8125rem] leading-snug text-muted">{text}</span>
        </label>
    );
}

export function SignUpPage() {
    const { t, problem } = useWords();
    const [search] = useSearchParams();
    const me = useMe();
    const [form, setForm] = useState<Form>(() => ({
        ...blank,
        type: search.get('tipo') === 'modelo' ? 'model' : 'client',
    }));
    const [tried, setTried] = useState(false);
    const [register, { isLoading, error, reset }] = useRegisterMutation();
    useTitle(t('auth.signUp'));

    if (me) return <Navigate to={me.type === 'model' ? '/studio' : returnPath(search)} replace />;

    const told = isProblem(error) ? (error.errors ?? []) : [];
    const own = tried ? faultsOf(form, t) : {};
    const faultOf = (field: keyof Form) => own[field] ?? told.find((fault) => fault.field === field)?.detail;
    const elsewhere = error && !told.some((fault) => fault.field in form);
    const set = <K extends keyof Form>(field: K, value: Form[K]) => {
        setForm({ ...form, [field]: value });
        if (error) reset();
    };

    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setTried(true);
        if (Object.keys(faultsOf(form, t)).length > 0) return;
        const answer = await register({ ...form, name: form.name.trim(), email: form.email.trim() });
        if (answer.data) tokens.save(answer.data);
    };

    return (
        <AuthFrame title={t('auth.signUpTitle')} text={t('auth.signUpText')}>
            <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
                <fieldset>
                    <legend className="mb-2 text-sm font-semibold">{t('auth.typeTitle')}</legend>
                    <div className="grid grid-cols-2 gap-3">
                        <TypeCard
                            type="client"
                            icon="eye"
                            chosen={form.type === 'client'}
                            choose={() => set('type', 'client')}
                        />
                        <TypeCard
                            type="model"
                            icon="studio"
                            chosen={form.type === 'model'}
                            choose={() => set('type', 'model')}
                        />
                    </div>
                </fieldset>
                <Field
                    label={t('auth.name')}
                    name="name"
                    value={form.name}
                    onChange={(name) => set('name', name)}
                    hint={t('auth.nameHint')}
                    error={faultOf('name')}
                    autoComplete="nickname"
                    maxLength={80}
                />
                <Field
                    label={t('auth.email')}
                    type="email"
                    name="email"
                    value={form.email}
                    onChange={(email) => set('email', email)}
                    error={faultOf('email')}
                    autoComplete="email"
                    inputMode="email"
                />
                <PasswordField
                    isNew
                    value={form.password}
                    onChange={(password) => set('password', password)}
                    error={faultOf('password')}
                />
                <Field
                    label={t('auth.birthDate')}
                    type="date"
                    name="birthDate"
                    value={form.birthDate}
                    onChange={(birthDate) => set('birthDate', birthDate)}
                    hint={t('auth.birthDateHint')}
                    error={faultOf('birthDate')}
                    autoComplete="bday"
                    testId="birth-date"
                />
                <div>
                    <label className="flex cursor-pointer items-start gap-3">
                        <input
                            type="checkbox"
                            checked={form.acceptTerms}
                            onChange={(event) => set('acceptTerms', event.target.checked)}
                            data-testid="accept-terms"
                            aria-describedby={faultOf('acceptTerms') ? 'terms-fault' : undefined}
                            className="mt-0.5 size-5 shrink-0 accent-accent"
                        />
                        <span>{t('auth.terms')}</span>
                    </label>
                    {faultOf('acceptTerms') && (
                        <p id="terms-fault" className="mt-1.5 text-[0.8125rem] font-medium text-bad">
                            {faultOf('acceptTerms')}
                        </p>
                    )}
                </div>
                {elsewhere && <Notice>{problem(error)}</Notice>}
                <Button type="submit" look="primary" size="lg" busy={isLoading} data-testid="submit">
                    {t('auth.signUp')}
                </Button>
            </form>
            <p className="mt-7 text-center text-muted">
                {t('auth.haveAccount')}{' '}
                <Link to={`/entrar?${search}`} className="font-semibold text-accent hover:underline">
                    {t('auth.signIn')}
                </Link>
            </p>
        </AuthFrame>
    );
}
