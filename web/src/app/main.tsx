import '@fontsource-variable/figtree';
import './styles.css';
import { resources } from '@client/i18n';
import i18n from 'i18next';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { initReactI18next } from 'react-i18next';
import { Provider } from 'react-redux';
import { BrowserRouter } from 'react-router';
import { App } from './App';
import { store } from './store';
import { applyTheme } from './theme';

const wanted = localStorage.getItem('confidente.language') ?? 'pt-BR';
void i18n
    .use(initReactI18next)
    .init({ resources, lng: wanted, fallbackLng: 'pt-BR', interpolation: { escapeValue: false } });
document.documentElement.lang = wanted;
applyTheme();

const root = document.getElementById('root');
if (root)
    createRoot(root).render(
        <StrictMode>
            <Provider store={store}>
                <BrowserRouter>
                    <App />
                </BrowserRouter>
            </Provider>
        </StrictMode>,
    );
