import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { shell } from './scripts/shell.ts';

/** The gateway behind `npm run dev`: what `make up` starts, or any other (GATEWAY=http://localhost:10080 npm run dev). */
const gateway = process.env.GATEWAY ?? 'http://localhost:8080';
const forwarded = {
  target: gateway,
  // To the gateway we are its own page: it refuses foreign origins.
  headers: { Origin: gateway },
  changeOrigin: true,
};

export default defineConfig({
  plugins: [react(), shell()],
  build: {
    target: 'es2022',
    manifest: true,
    // The content security policy allows no data: but for pictures, and a file is cached for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/api': forwarded,
      '/auth': forwarded,
      '/realms': forwarded,
      '/resources': forwarded,
      '/ws': { ...forwarded, ws: true },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          environment: 'node',
          include: ['src/engine/**/*.test.ts', 'scripts/**/*.test.ts'],
          setupFiles: ['fake-indexeddb/auto'],
        },
      },
      {
        extends: true,
        test: {
          name: 'ui',
          environment: 'jsdom',
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: ['src/engine/**'],
        },
      },
    ],
  },
});
