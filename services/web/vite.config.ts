import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { shell } from './scripts/shell.ts';

/** The gateway behind `npm run dev`: what `make up` starts, or any other (GATEWAY=http://localhost:10080 npm run dev). */
const gateway = process.env.GATEWAY ?? 'http://localhost:8080';
const report = process.env.TEST_REPORT;
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
    rolldownOptions: {
      output: {
        // What the first page shares with later parts is one file of ours and one of React's, not twenty: small files
        // compress badly. React's stays as it is from one version of ours to the next.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler|use-sync-external-store|zustand|wouter|idb)\//, priority: 2 },
            { name: 'shared', test: /\/src\/(?!i18n\/ru)|lucide-react/, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
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
    reporters: ['default', ...(report ? [['junit', { outputFile: report }] as ['junit', { outputFile: string }]] : [])],
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
