// How hard a password is to guess, roughly: length counts most, variety and repetition adjust it.
/** As the server has it. */
export const minPassword = 8;
export type Strength = 'weak' | 'fair' | 'good' | 'strong';

export function strengthOf(password: string): { level: Strength; score: number } {
    const kinds = [/[a-zà-ÿ]/, /[A-ZÀ-Þ]/, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length;
    const distinct = new Set(password).size;
    const points = Math.min(password.length, distinct * 2) + (kinds - 1) * 2;
    if (password.length < 10 || points < 12) return { level: 'weak', score: 1 };
    if (points < 16) return { level: 'fair', score: 2 };
    if (points < 21) return { level: 'good', score: 3 };
    return { level: 'strong', score: 4 };
}
