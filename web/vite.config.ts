import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = 'http://127.0.0.1:8080';

export default defineConfig({
    plugins: [react(), tailwindcss()],
    resolve: {
        alias: { '@client': fileURLToPath(new URL('../client', import.meta.url)) },
        dedupe: ['socket.io-client'],
    },
    // Scripts and styles stay in files of their own: the Content-Security-Policy allows no others.
    build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
    server: { fs: { allow: ['..'] }, proxy: { '/api': server, '/socket.io': { target: server, ws: true } } },
});
