// Speaks the person's language: the one chosen here before, else the browser's, else Portuguese.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { chooseLanguage, type Language, texts } from '@client/i18n/languages';

const key = 'confidente.language';

export const language = (): Language => i18next.language as Language;

export function startLanguage(): void {
    const wanted = [localStorage.getItem(key) ?? '', ...navigator.languages];
    void i18next.use(initReactI18next).init({
        lng: chooseLanguage(wanted.filter(Boolean)),
        fallbackLng: 'pt-BR',
        resources: Object.fromEntries(
            Object.entries(texts).map(([name, words]) => [name, { translation: words }]),
        ),
        interpolation: { escapeValue: false },
        initAsync: false,
    });
    document.documentElement.lang = language();
}

export function speak(next: Language): void {
    localStorage.setItem(key, next);
    document.documentElement.lang = next;
    void i18next.changeLanguage(next);
}
