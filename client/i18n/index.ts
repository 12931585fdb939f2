// pt-BR is written first and is the fallback; other languages fill in what they have.
import { ptBR } from './pt-BR';
import { en } from './en';
import { es } from './es';

export const resources = {
    'pt-BR': { translation: ptBR },
    en: { translation: en },
    es: { translation: es },
};
export const languages = Object.keys(resources);
