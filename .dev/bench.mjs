// Measures the numbers the project holds itself to, each beside a floor measured in the same run: `npm run bench`.
import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

prepare((text) => console.log(text));
const bundle = join(root, '.build/bench/main.mjs');
await build({
  entryPoints: [join(root, 'test/bench/main.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  define: { 'import.meta.dirname': JSON.stringify(join(root, 'test/environment')) },
  logLevel: 'warning',
});
const { main } = await import(pathToFileURL(bundle).href);
process.exitCode = await main(process.argv.slice(2));
