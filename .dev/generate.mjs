// Writes core/api/generated from the API's facts: `npm run generate`.
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const bundle = join(root, '.build/generate.mjs');
await build({
  entryPoints: [join(root, 'core/api/schema/generate.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});
const { generateFiles } = await import(pathToFileURL(bundle).href);
const folder = join(root, 'core/api/generated');
mkdirSync(folder, { recursive: true });
for (const [name, text] of generateFiles()) writeFileSync(join(folder, name), text);
