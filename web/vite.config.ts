import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = 'http://127.0.0.1:8080';
const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
    plugins: [react(), tailwindcss()],
    resolve: { alias: { '@client': folder('../client'), '@': folder('./src') } },
    // Scripts and styles stay in files of their own: the Content-Security-Policy allows no others.
    build: {
        target: 'es2022',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        // The app, and the page of /api/docs.
        rollupOptions: { input: { index: folder('index.html'), docs: folder('docs.html') } },
    },
    server: {
        host: '127.0.0.1',
        fs: { allow: ['..'] },
        proxy: { '/api': server, '/socket.io': { target: server, ws: true } },
    },
});
