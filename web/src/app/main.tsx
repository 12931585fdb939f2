import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'react-redux';
import { applyTheme, currentTheme } from '@/lib/theme';
import { App } from './App';
import { startLanguage } from './i18n';
import { store } from './store';
import './styles.css';
import { wire } from './wire';

applyTheme(currentTheme());
startLanguage();
wire();

const root = document.getElementById('root');
if (root)
    createRoot(root).render(
        <StrictMode>
            <Provider store={store}>
                <App />
            </Provider>
        </StrictMode>,
    );
