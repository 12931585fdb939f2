// What features say again and again: amounts, dates and problems in the person's language.
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '@client/api/problem';
import * as format from '@client/format/format';
import type { Money } from '@client/api/types';

/** Plural forms of all our languages are one and other; zero and millions are other. */
const plural = (count: number) => (count === 1 ? 1 : 2);

export function useWords() {
    const { t, i18n } = useTranslation();
    const language = i18n.language;
    return useMemo(
        () => ({
            t,
            language,
            number: (count: number) => format.formatTokens(count, language),
            compact: (count: number) => format.formatCompact(count, language),
            tokens: (count: number) =>
                t('app.tokens', { count: plural(count), amount: format.formatTokens(count, language) }),
            viewers: (count: number) =>
                t('live.viewers', { count: plural(count), amount: format.formatTokens(count, language) }),
            money: (money: Money) => format.formatMoney(money, language),
            time: (iso: string) => format.formatTime(iso, language),
            day: (iso: string) => format.formatDay(iso, language),
            dateTime: (iso: string) => format.formatDateTime(iso, language),
            when: (iso: string) => format.formatWhen(iso, language),
            recent: (iso: string) => format.formatRecent(iso, Date.now(), language),
            relative: (iso: string) => format.formatRelative(iso, Date.now(), language),
            /** The server's own words when it had any, else ours for its code. */
            problem: (error: unknown) => {
                if (!isProblem(error)) return t('errors.unknown');
                return error.detail || t([`errors.${error.code}`, 'errors.unknown']);
            },
            code: (error: { code: string; detail: string }) =>
                error.detail || t([`errors.${error.code}`, 'errors.unknown']),
        }),
        [t, language],
    );
}
