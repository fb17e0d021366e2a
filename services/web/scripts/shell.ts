import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { transformWithOxc, type Plugin } from 'vite';

const NAME = 'Messenger';
const MANIFEST = {
  id: '/',
  name: NAME,
  short_name: NAME,
  description: 'Private and group chats in real time.',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  theme_color: '#3b5bdb',
  background_color: '#ffffff',
  icons: [
    { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
    { src: '/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
    { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
    { src: '/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
};
/** What the page asks for without a network; the larger icons are the operating system's affair at installation. */
const ALWAYS = ['/', '/manifest.webmanifest', '/icon.svg'];
const TEXT = /\.(?:html|js|css|svg|json|webmanifest)$/;

/** The service worker with its list of files; the hash of their contents is its version. */
async function serviceWorker(root: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(name).update(content);
  const source = join(root, 'src/sw/sw.ts');
  const { code } = await transformWithOxc(readFileSync(source, 'utf8'), source, { sourcemap: false });
  const list = [...new Set([...ALWAYS, ...[...files.keys()].filter((name) => name.startsWith('/assets/'))])];
  return code
    .replaceAll('__PRECACHE__', JSON.stringify(list))
    .replaceAll('__VERSION__', JSON.stringify(hash.digest('hex').slice(0, 12)));
}

/** Write `file.br` and `file.gz` beside every text file that gets smaller by it. */
export function precompress(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !TEXT.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const plain = readFileSync(path);
    const brotli = brotliCompressSync(plain, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
      },
    });
    const gzip = gzipSync(plain, { level: 9 });
    if (brotli.length < plain.length) writeFileSync(`${path}.br`, brotli);
    if (gzip.length < plain.length) writeFileSync(`${path}.gz`, gzip);
  }
}

/** Makes of a build something to install: /manifest.webmanifest, /sw.js, and all files compressed beforehand. */
export function shell(): Plugin {
  let root = '';
  let output = '';
  return {
    name: 'messenger-shell',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      root = config.root;
      output = join(root, config.build.outDir);
    },
    async generateBundle(_options, bundle) {
      const manifest = JSON.stringify(MANIFEST);
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: manifest });
      const files = new Map<string, string | Uint8Array>([
        ['/manifest.webmanifest', manifest],
        ['/icon.svg', readFileSync(join(root, 'public/icon.svg'))],
      ]);
      for (const file of Object.values(bundle)) {
        if (file.fileName.startsWith('.vite/')) continue;
        files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source);
      }
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: await serviceWorker(root, files) });
    },
    closeBundle() {
      precompress(output);
    },
  };
}
