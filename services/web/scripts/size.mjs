// The budget of bytes that a browser loads, gzip, over the build in dist: a table, and an error above "hard".
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const entry = Object.values(manifest).find((chunk) => chunk.isEntry);

const sizes = new Map();
const size = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return sizes.get(file);
};

/** What has to be there before the page of this chunk is: the chunk and all that it imports statically. */
function closure(chunk, seen = new Set()) {
  if (seen.has(chunk)) return seen;
  seen.add(chunk);
  for (const key of chunk.imports ?? []) closure(manifest[key], seen);
  return seen;
}

const scripts = (chunks) => [...new Set([...chunks].map((chunk) => chunk.file))].filter((file) => file.endsWith('.js'));
const styles = (chunks) => [...new Set([...chunks].flatMap((chunk) => chunk.css ?? []))];
const initial = closure(entry);
/** What a lazy chunk of this name brings beyond the first load. */
const lazy = (name) =>
  scripts(
    Object.entries(manifest)
      .filter(([key, chunk]) => chunk.isDynamicEntry && name.test(key))
      .flatMap(([, chunk]) => [...closure(chunk)].filter((part) => !initial.has(part))),
  );

const LINES = [
  { title: 'Initial JS', files: scripts(initial), target: 110, hard: 150 },
  { title: 'Initial CSS', files: styles(initial), target: 10, hard: 15 },
  { title: 'Overlays (menus, popovers)', files: lazy(/overlay|menu|popover/i), target: 45, hard: 65 },
  { title: 'Emoji', files: lazy(/emoji/i), target: 12, hard: 20 },
  { title: 'Russian strings', files: lazy(/\/ru\./), target: 10, hard: 20 },
  { title: 'All JS', files: scripts(Object.values(manifest)), target: 200, hard: 280 },
];

let tooMuch = false;
console.log('gzip, kB                      size  target  hard');
for (const { title, files, target, hard } of LINES) {
  const kilobytes = files.reduce((sum, file) => sum + size(file), 0) / 1000;
  const verdict = kilobytes > hard ? '  ✗ too much' : kilobytes > target ? '  over the target' : '';
  tooMuch ||= kilobytes > hard;
  const numbers = [kilobytes.toFixed(1).padStart(8), String(target).padStart(8), String(hard).padStart(6)].join('');
  console.log(`${title.padEnd(26)}${numbers}${files.length ? verdict : '  (none)'}`);
}
process.exit(tooMuch ? 1 : 0);
