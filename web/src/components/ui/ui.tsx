// The few pieces every page is made of.
import type { ButtonHTMLAttributes, InputHTMLAttributes, ReactNode } from 'react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { problemText } from '../../app/api';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: 'primary' | 'quiet' | 'danger' };

export function Button({ kind = 'primary', className = '', type = 'button', ...rest }: ButtonProps) {
    const look = {
        primary: 'bg-accent text-on-accent hover:brightness-110',
        quiet: 'bg-raised text-ink hover:brightness-105',
        danger: 'bg-live text-white hover:brightness-110',
    }[kind];
    return (
        <button
            type={type}
            className={`inline-flex min-h-11 items-center justify-center gap-2 rounded-full px-5 font-semibold transition disabled:cursor-not-allowed disabled:opacity-50 ${look} ${className}`}
            {...rest}
        />
    );
}

type FieldProps = InputHTMLAttributes<HTMLInputElement> & {
    label: string;
    error?: string | undefined;
    hint?: string;
};

export function Field({ label, error, hint, className = '', ...rest }: FieldProps) {
    const id = useId();
    const note = error ?? hint;
    return (
        <div className={className}>
            <label htmlFor={id} className="mb-1.5 block text-sm font-semibold">
                {label}
            </label>
            <input
                id={id}
                aria-invalid={Boolean(error)}
                aria-describedby={note ? `${id}-note` : undefined}
                className="min-h-12 w-full rounded-xl border border-line bg-ground px-4 text-ink placeholder:text-soft aria-invalid:border-live"
                {...rest}
            />
            {note && (
                <p id={`${id}-note`} className={`mt-1 text-sm ${error ? 'text-live' : 'text-soft'}`}>
                    {note}
                </p>
            )}
        </div>
    );
}

export function Avatar({ name, size = 'size-10' }: { name: string; size?: string }) {
    const initials = name
        .trim()
        .split(/\s+/)
        .slice(0, 2)
        .map((word) => word.charAt(0))
        .join('')
        .toUpperCase();
    return (
        <span
            aria-hidden
            className={`${size} inline-flex shrink-0 items-center justify-center rounded-full bg-linear-to-br from-[#ff7a6b] to-[#a02c8c] text-sm font-bold text-white`}
        >
            {initials || '·'}
        </span>
    );
}

export function LiveBadge() {
    const { t } = useTranslation();
    return (
        <span className="inline-flex items-center gap-1.5 rounded-full bg-live px-2.5 py-1 text-xs font-bold text-white uppercase">
            <span className="size-1.5 animate-pulse rounded-full bg-white" aria-hidden />
            {t('home.live')}
        </span>
    );
}

export function Loading() {
    const { t } = useTranslation();
    return (
        <div role="status" className="grid animate-pulse gap-4 sm:grid-cols-2 lg:grid-cols-3">
            <span className="sr-only">{t('state.loading')}</span>
            {[0, 1, 2].map((item) => (
                <div key={item} className="aspect-video rounded-card bg-raised" />
            ))}
        </div>
    );
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
    return (
        <div className="mx-auto flex max-w-md flex-col items-center gap-3 rounded-card border border-dashed border-line px-6 py-14 text-center">
            <svg
                viewBox="0 0 48 48"
                className="size-14 text-accent"
                fill="none"
                stroke="currentColor"
                strokeWidth="2.5"
                aria-hidden
            >
                <rect x="5" y="12" width="27" height="24" rx="7" />
                <path d="M32 21l11-6v18l-11-6" strokeLinejoin="round" />
            </svg>
            <h2 className="text-lg font-bold">{title}</h2>
            {hint && <p className="text-soft">{hint}</p>}
            {children}
        </div>
    );
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
    const { t } = useTranslation();
    return (
        <div role="alert" className="mx-auto max-w-md space-y-4 rounded-card bg-panel p-6 text-center">
            <p>{problemText(error)}</p>
            {retry && <Button onClick={retry}>{t('state.retry')}</Button>}
        </div>
    );
}
