import { useState } from 'react';
import { IconButton } from '@/components/ui/Button';
import { Field } from '@/components/ui/Field';
import { useWords } from '@/lib/words';
import { strengthOf } from './password';

const tones = ['', 'bg-bad', 'bg-gold', 'bg-good', 'bg-good'];

export function PasswordField({
    value,
    onChange,
    error,
    isNew = false,
}: {
    value: string;
    onChange: (value: string) => void;
    error?: string;
    /** A password being chosen: says how strong it is. */
    isNew?: boolean;
}) {
    const { t } = useWords();
    const [shown, setShown] = useState(false);
    const { level, score } = strengthOf(value);
    return (
        <Field
            label={t('auth.password')}
            type={shown ? 'text' : 'password'}
            value={value}
            onChange={onChange}
            error={error}
            autoComplete={isNew ? 'new-password' : 'current-password'}
            name="password"
            after={
                <IconButton
                    icon={shown ? 'eyeOff' : 'eye'}
                    label={t(shown ? 'auth.hidePassword' : 'auth.showPassword')}
                    onPress={() => setShown(!shown)}
                />
            }
        >
            {isNew && value && (
                <div className="flex items-center gap-3">
                    <div className="flex flex-1 gap-1" aria-hidden="true">
                        {[1, 2, 3, 4].map((step) => (
                            <span
                                key={step}
                                className={`h-1.5 flex-1 rounded-full transition-colors ${step <= score ? tones[score] : 'bg-line'}`}
                            />
                        ))}
                    </div>
                    <span className="text-xs text-muted" aria-live="polite">
                        {t('auth.strength', { level: t(`auth.strengthLevels.${level}`) })}
                    </span>
                </div>
            )}
        </Field>
    );
}
