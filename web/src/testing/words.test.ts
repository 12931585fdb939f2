import { describe, expect, test } from 'vitest';
import {
    ageAt,
    formatDuration,
    formatMoney,
    formatRelative,
    formatTokens,
    initials,
} from '@client/format/format';
import { chooseLanguage, texts } from '@client/i18n/languages';
import { readProblem } from '@client/api/problem';
import { strengthOf } from '@/features/auth/password';
import { returnPath } from '@/features/auth/RequireSignIn';
import { pricesOf, scheduleOf, servicesOf } from '@/features/profiles/read';
import { balanceOverTime, stepPath } from '@/features/wallet/plot';

const plain = (text: string) => text.replace(/\s/g, ' ');

describe('numbers and times', () => {
    test('money comes from minor units, as many as its currency has', () => {
        expect(plain(formatMoney({ amount: 1990, currency: 'BRL' }))).toBe('R$ 19,90');
        expect(formatMoney({ amount: 500, currency: 'JPY' }, 'en')).toBe('¥500');
        expect(formatTokens(12_345)).toBe('12.345');
    });
    test('durations, distances in time, initials', () => {
        expect(formatDuration(3723)).toBe('1:02:03');
        expect(formatDuration(59.9)).toBe('00:59');
        expect(formatRelative('2026-01-01T15:00:00Z', Date.UTC(2026, 0, 1, 12))).toBe('em 3 h');
        expect(initials('  luna  prado lima ')).toBe('LL');
        expect(initials('Íris')).toBe('Í');
    });
    test('eighteen is reached on the birthday', () => {
        expect(ageAt('2008-11-24', new Date(2026, 10, 24))).toBe(18);
        expect(ageAt('2008-11-25', new Date(2026, 10, 24))).toBe(17);
    });
});

describe('languages', () => {
    const keysOf = (value: unknown, path = ''): string[] =>
        typeof value === 'object' && value !== null
            ? Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`))
            : [path];
    const holes = (text: unknown) => [...String(text).matchAll(/{{\w+}}/g)].map(String).sort();
    const valuesOf = (value: unknown): unknown[] =>
        typeof value === 'object' && value !== null ? Object.values(value).flatMap(valuesOf) : [value];

    test('every text exists in every language with the same blanks to fill', () => {
        for (const language of ['en', 'es'] as const) {
            expect(keysOf(texts[language])).toEqual(keysOf(texts['pt-BR']));
            expect(valuesOf(texts[language]).map(holes)).toEqual(valuesOf(texts['pt-BR']).map(holes));
            expect(valuesOf(texts[language]).every(Boolean)).toBe(true);
        }
    });
    test('a person gets the first of their languages that we speak, else Portuguese', () => {
        expect(chooseLanguage(['de', 'es-AR', 'en'])).toBe('es');
        expect(chooseLanguage(['pt-PT'])).toBe('pt-BR');
        expect(chooseLanguage(['ja'])).toBe('pt-BR');
    });
});

describe('answers that went wrong', () => {
    test('a problem document keeps its words; anything else still has a code', async () => {
        const body = { type: 'x', code: 'insufficient_tokens', detail: 'Faltam tokens.', status: 999 };
        expect(await readProblem(new Response(JSON.stringify(body), { status: 402 }))).toMatchObject({
            status: 402,
            code: 'insufficient_tokens',
            detail: 'Faltam tokens.',
        });
        expect(await readProblem(new Response('<html>', { status: 502 }))).toEqual({
            status: 502,
            code: 'server_error',
            detail: '',
        });
    });
});

describe('small decisions', () => {
    test('after signing in one comes back to a page of ours, and to no other', () => {
        const from = (path: string) => returnPath(new URLSearchParams({ volta: path }));
        expect(from('/live/1?x=2')).toBe('/live/1?x=2');
        expect(['//evil.example', '/\\evil.example', 'https://evil.example', ''].map(from)).toEqual([
            '/',
            '/',
            '/',
            '/',
        ]);
    });
    test('long beats complicated, repetition does not help', () => {
        expect(strengthOf('Ab1!').level).toBe('weak');
        expect(strengthOf('aaaaaaaaaaaaaaaaaaaa').level).toBe('weak');
        expect(strengthOf('uma senha comprida 2026').level).toBe('strong');
    });
    test('a profile with odd fields is read as far as it can be', () => {
        const days = ['dom', 'seg', 'ter'];
        expect(servicesOf(['a', { name: 'b' }, 3, null])).toEqual(['a', 'b']);
        expect(pricesOf({ message: 5, odd: 'x' })).toEqual([['message', 5]]);
        expect(
            scheduleOf([{ weekday: 1, from: '20:00', to: '22:00' }, 7, { day: 'tuesday' }, {}], days, String),
        ).toEqual([
            { day: 'seg', hours: '20:00 – 22:00' },
            { day: 'ter', hours: '' },
        ]);
        expect([servicesOf(null), pricesOf(null), scheduleOf('x', days, String)]).toEqual([[], [], []]);
    });
});

describe('the line of the balance', () => {
    const moved = (amount: number, minute: number, balanceAfter?: number) => ({
        id: String(minute),
        amount,
        balanceAfter,
        createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    });
    test('is worked back from what there is now, to before the first movement', () => {
        const points = balanceOverTime(70, [moved(-30, 2), moved(100, 1)], Date.UTC(2026, 0, 2));
        expect(points.map(({ balance }) => balance)).toEqual([0, 100, 70, 70]);
    });
    test('does not mix a statement of another account in', () => {
        expect(balanceOverTime(0, [moved(7, 2, 7)], 0)).toEqual([]);
    });
    test('draws steps within its box', () => {
        const path = stepPath(balanceOverTime(70, [moved(-30, 2), moved(100, 1)], 0), 300, 100);
        expect(path).toBe('M0 100H100V0H200V30H300V30');
        expect(stepPath([], 300, 100)).toBe('');
    });
});
