// Numbers, money and times as people of the language write them.
import type { Money } from '../api/types';

export const formatTokens = (count: number, language = 'pt-BR'): string =>
    new Intl.NumberFormat(language).format(count);

/** Minor units to text; the currency says how many there are (ISO 4217). */
export function formatMoney({ amount, currency }: Money, language = 'pt-BR'): string {
    const format = new Intl.NumberFormat(language, {
        style: 'currency',
        currency,
    });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(amount / 10 ** digits);
}

export const formatTime = (iso: string, language = 'pt-BR'): string =>
    new Intl.DateTimeFormat(language, {
        hour: '2-digit',
        minute: '2-digit',
    }).format(new Date(iso));

export const formatDateTime = (iso: string, language = 'pt-BR'): string =>
    new Intl.DateTimeFormat(language, {
        dateStyle: 'medium',
        timeStyle: 'short',
    }).format(new Date(iso));

/** `1:02:03` or `02:03`. */
export function formatDuration(seconds: number): string {
    const whole = Math.max(0, Math.floor(seconds));
    const two = (value: number) => String(value).padStart(2, '0');
    const hours = Math.floor(whole / 3600);
    return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
