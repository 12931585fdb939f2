// Numbers, money and times as people of the language write them.
import type { Money } from '../api/types';

export const defaultLanguage = 'pt-BR';

export const formatTokens = (count: number, language = defaultLanguage): string =>
    new Intl.NumberFormat(language).format(count);

/** 1.234 → "1,2 mil": where there is no room. */
export const formatCompact = (count: number, language = defaultLanguage): string =>
    new Intl.NumberFormat(language, {
        notation: 'compact',
        maximumFractionDigits: 1,
    }).format(count);

/** Minor units to text; the currency says how many there are (ISO 4217). */
export function formatMoney({ amount, currency }: Money, language = defaultLanguage): string {
    const format = new Intl.NumberFormat(language, {
        style: 'currency',
        currency,
    });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(amount / 10 ** digits);
}

export const formatTime = (iso: string, language = defaultLanguage): string =>
    new Intl.DateTimeFormat(language, {
        hour: '2-digit',
        minute: '2-digit',
    }).format(new Date(iso));

export const formatDateTime = (iso: string, language = defaultLanguage): string =>
    new Intl.DateTimeFormat(language, {
        dateStyle: 'medium',
        timeStyle: 'short',
    }).format(new Date(iso));

export const formatDay = (iso: string, language = defaultLanguage): string =>
    new Intl.DateTimeFormat(language, {
        weekday: 'long',
        day: 'numeric',
        month: 'long',
    }).format(new Date(iso));

/** "qui., 26 de nov., 21:30": when something will be. */
export const formatWhen = (iso: string, language = defaultLanguage): string =>
    new Intl.DateTimeFormat(language, {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        hour: '2-digit',
        minute: '2-digit',
    }).format(new Date(iso));

/** The time when it is today, else the day: for lists, where the newest matters. */
export function formatRecent(iso: string, nowMs: number, language = defaultLanguage): string {
    const date = new Date(iso);
    const today = new Date(nowMs).toDateString() === date.toDateString();
    if (today) return formatTime(iso, language);
    return new Intl.DateTimeFormat(language, {
        day: '2-digit',
        month: '2-digit',
    }).format(date);
}

/** "em 3 h", "há 2 dias". */
export function formatRelative(iso: string, nowMs: number, language = defaultLanguage): string {
    const seconds = Math.round((new Date(iso).getTime() - nowMs) / 1000);
    const format = new Intl.RelativeTimeFormat(language, {
        numeric: 'auto',
        style: 'short',
    });
    const size = Math.abs(seconds);
    if (size < 60) return format.format(Math.trunc(seconds), 'second');
    if (size < 3600) return format.format(Math.trunc(seconds / 60), 'minute');
    if (size < 86_400) return format.format(Math.trunc(seconds / 3600), 'hour');
    return format.format(Math.trunc(seconds / 86_400), 'day');
}

/** `1:02:03` or `02:03`. */
export function formatDuration(seconds: number): string {
    const whole = Math.max(0, Math.floor(seconds));
    const two = (value: number) => String(value).padStart(2, '0');
    const hours = Math.floor(whole / 3600);
    return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** "Luna Prado" → "LP". */
export function initials(name: string): string {
    const words = name.trim().split(/\s+/).filter(Boolean);
    const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
    return ends
        .map((word) => [...(word ?? '')][0] ?? '')
        .join('')
        .toLocaleUpperCase();
}

/** Whole years at `now` of someone born on `birthDate` (YYYY-MM-DD). */
export function ageAt(birthDate: string, now: Date): number {
    const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
    const hadBirthday = now.getMonth() + 1 > month || (now.getMonth() + 1 === month && now.getDate() >= day);
    return now.getFullYear() - year - (hadBirthday ? 0 : 1);
}
