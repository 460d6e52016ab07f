// Measures the numbers the project holds itself to, each beside a floor measured in the same run: `npm run bench`.
import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

prepare((text) => console.log(text));
const output = join(root, '.build/bench');
await build({
  entryPoints: [
    { in: join(root, 'test/bench/main.ts'), out: 'main' },
    // Processes of their own beside it.
    { in: join(root, 'test/bench/api/server.ts'), out: 'api-server' },
    { in: join(root, 'test/bench/api/floor.ts'), out: 'api-floor' },
    { in: join(root, 'test/bench/tree/server.ts'), out: 'tree-server' },
  ],
  outdir: output,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  define: { 'import.meta.dirname': JSON.stringify(join(root, 'test/environment')) },
  logLevel: 'warning',
});
const { main } = await import(pathToFileURL(join(output, 'main.mjs')).href);
process.exitCode = await main(process.argv.slice(2));
