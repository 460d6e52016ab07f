// Bundles every program into .build; does nothing when nothing changed: `npm run build`.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const output = join(root, '.build');
const stampFile = join(output, 'stamp');

/** Programs that start often are bundled whole, because reading one file is what makes them start fast. */
const programs = [
  { entry: 'core/cmd/main.ts', name: 'core' },
  { entry: 'node-agent/cmd/main.ts', name: 'node-agent' },
  { entry: 'shell/cmd/main.ts', name: 'wh' },
];

/** Packages that find files beside themselves, or hold native code, cannot be bundled. */
const external = [
  'blessed',
  'lmdb',
  'etcd3',
  'dockerode',
  '@grpc/reflection',
  'grpc-health-check',
  'esbuild',
];

const stamp = stampOf(['core', 'shell', 'node-agent', 'package-lock.json', '.dev/build.mjs']);
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) process.exit(0);

mkdirSync(output, { recursive: true });
// Chunks of earlier builds stay: a shell that is still open loads its verbs from them.
await build({
  entryPoints: programs
    .filter(({ entry }) => existsSync(join(root, entry)))
    .map(({ entry, name }) => ({ in: join(root, entry), out: name })),
  outdir: output,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'linked',
  minifyWhitespace: true,
  keepNames: true,
  external,
  // CommonJS packages inside an ES module bundle still call require for Node's own modules.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
});
writeFileSync(stampFile, stamp);

/** Names, sizes and times of all sources: cheap to compute, changes whenever they do. */
function stampOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const full = join(root, path);
    if (!existsSync(full)) continue;
    const files = statSync(full).isDirectory()
      ? readdirSync(full, { recursive: true }).map((name) => join(full, name))
      : [full];
    for (const file of files.filter((name) => /\.(ts|json|mjs|proto)$/.test(name)).sort()) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}
