import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyTheme, currentTheme } from '@/lib/theme';
import '@/app/styles.css';
import { DocsPage } from './DocsPage';

applyTheme(currentTheme());

const root = document.getElementById('root');
if (root)
    createRoot(root).render(
        <StrictMode>
            <DocsPage />
        </StrictMode>,
    );
