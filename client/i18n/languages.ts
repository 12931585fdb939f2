// The languages of the app, the first being what everyone gets who asks for none of them.
import { en } from './en';
import { es } from './es';
import { ptBR, type Texts } from './pt-BR';

export const languages = ['pt-BR', 'en', 'es'] as const;
export type Language = (typeof languages)[number];
/** Each in its own words, as a person looking for it reads it. */
export const languageNames: Record<Language, string> = {
    'pt-BR': 'Português',
    en: 'English',
    es: 'Español',
};
export const texts: Record<Language, Texts> = { 'pt-BR': ptBR, en, es };

/** The first of a person's languages that we speak. */
export function chooseLanguage(wanted: readonly string[]): Language {
    for (const tag of wanted) {
        const base = tag.toLowerCase().split('-')[0];
        const found = languages.find((language) => language.toLowerCase().split('-')[0] === base);
        if (found) return found;
    }
    return 'pt-BR';
}
