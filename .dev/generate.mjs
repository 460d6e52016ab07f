// Writes core/api/generated from the API's facts and from the gRPC contract, and the texts of the VS Code extension that
// are to be translated: `npm run generate`.
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');

async function load(source) {
  const bundle = join(root, '.build', source.replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(root, source)],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  return import(pathToFileURL(bundle).href);
}

const { generateFiles } = await load('core/api/schema/generate.ts');
const { generateWireFiles } = await load('core/api/proto/generate.ts');
const folder = join(root, 'core/api/generated');
mkdirSync(folder, { recursive: true });
for (const [name, text] of [...generateFiles(), ...generateWireFiles(join(root, 'core/api/proto'))]) {
  writeFileSync(join(folder, name), text);
}

const { collectMessages, messageBundle } = await load('vscode-extension/l10n/collect.ts');
const extension = join(root, 'vscode-extension');
writeFileSync(join(extension, 'l10n/bundle.l10n.json'), messageBundle(collectMessages(extension)));
