import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TYPES, typesOfDocument } from './api.mjs';

test('the types are those of the document in the repository (npm run api)', async () => {
  expect(readFileSync(TYPES, 'utf8')).toBe(await typesOfDocument());
});
