// Makes src/engine/api.gen.ts from what a running gateway says of its API, and keeps that document in openapi.json:
//
//   npm run api                                     asks http://localhost:8080 (`make up`)
//   PUBLIC_URL=http://localhost:10080 npm run api   asks another one (`make test-up`)
//
// Not with fetch(): the first port of test stacks, 10080, is on the list of those that it refuses.
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const here = (name) => new URL(`../${name}`, import.meta.url);
export const DOCUMENT = here('openapi.json');
export const TYPES = here('src/engine/api.gen.ts');

/** The TypeScript that belongs to the document in the repository. */
export async function typesOfDocument() {
  const types = astToString(await openapiTS(JSON.parse(readFileSync(DOCUMENT, 'utf8'))));
  return `// Made by \`npm run api\` from openapi.json.\n\n${types}`;
}

function document(origin) {
  return new Promise((done, failed) => {
    get(`${origin}/api/openapi.json`, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => (body += part));
      response.on('end', () => {
        if (response.statusCode === 200) done(body);
        else failed(new Error(`${origin} answered ${response.statusCode}: ${body.slice(0, 200)}`));
      });
    }).on('error', failed);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const origin = process.env.PUBLIC_URL ?? 'http://localhost:8080';
  // Where this gateway listens is no part of the API.
  const said = (await document(origin)).replaceAll(origin, 'http://localhost:8080');
  writeFileSync(DOCUMENT, `${JSON.stringify(JSON.parse(said), null, 1)}\n`);
  writeFileSync(TYPES, await typesOfDocument());
}
