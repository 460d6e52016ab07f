// Bundles the VS Code extension and packs it: `npm run package:vscode` writes .build/wheelhouse-VERSION.vsix.
import { build, transform } from 'esbuild';
import { execFileSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import yazl from 'yazl';

const root = resolve(import.meta.dirname, '..');
const extension = join(root, 'vscode-extension');
const activations = 5;

/** What goes into the package: the bundle, and the page with its pictures. */
const packed = [
  'package.json',
  'package.nls.json',
  'package.nls.zh-cn.json',
  'README.md',
  'dist',
  'l10n',
  'media',
  'screenshots',
];

/**
 * CommonJS, which every VS Code loads; parts that are imported later are files of their own, because reading all of
 * them would be most of what activation takes. esbuild splits only ES modules, so each of those is turned afterwards.
 */
export async function bundleExtension() {
  const dist = join(extension, 'dist');
  const { outputFiles } = await build({
    entryPoints: [join(extension, 'extension.ts')],
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
    sourcesContent: false,
    minifySyntax: true,
    external: ['vscode'],
    // As ES modules, which become one scope; what it is to Node is fifty CommonJS modules, each run by itself.
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    logLevel: 'warning',
    write: false,
  });
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  for (const { path, text } of outputFiles) {
    const sourcefile = basename(path);
    // Turned the usual way, each of them would copy the hundreds of members that the editor's API has.
    const plain = text.replace(
      /^import \* as (vscode\d*) from "vscode";$/gm,
      'const $1 = require("vscode");',
    );
    const { code, map } = await transform(plain, {
      sourcefile,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      sourcemap: 'external',
      sourcesContent: false,
      minifyWhitespace: true,
      logLevel: 'warning',
    });
    writeFileSync(path, `${code}//# sourceMappingURL=${sourcefile}.map\n`);
    writeFileSync(`${path}.map`, map);
  }
}

/** Bundles and packs; the path of the .vsix. */
export async function packageExtension() {
  await bundleExtension();
  const manifest = JSON.parse(readFileSync(join(extension, 'package.json'), 'utf8'));
  const words = JSON.parse(readFileSync(join(extension, 'package.nls.json'), 'utf8'));
  const zip = new yazl.ZipFile();
  // The same content gives the same bytes.
  const options = { mtime: new Date('2000-01-01T00:00:00Z'), mode: 0o100644, forceDosTimestamp: true };
  const add = (name, text) => zip.addBuffer(Buffer.from(text), name, options);
  add('[Content_Types].xml', contentTypes);
  add('extension.vsixmanifest', vsixManifest(manifest, words));
  for (const file of packed.flatMap(filesBelow)) {
    zip.addBuffer(readFileSync(join(extension, file)), `extension/${file}`, options);
  }
  zip.addBuffer(readFileSync(join(root, 'LICENSE')), 'extension/LICENSE.txt', options);
  zip.end();
  const target = join(root, '.build', `wheelhouse-${manifest.version}.vsix`);
  mkdirSync(join(root, '.build'), { recursive: true });
  await pipeline(zip.outputStream, createWriteStream(target));
  return target;
}

function filesBelow(name) {
  const path = join(extension, name);
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [name];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(ts|map)$/.test(entry.name))
    .map((entry) => relative(extension, join(entry.parentPath, entry.name)))
    .sort();
}

const contentTypes = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${[
  ['.json', 'application/json'],
  ['.vsixmanifest', 'text/xml'],
  ['.cjs', 'application/javascript'],
  ['.md', 'text/markdown'],
  ['.txt', 'text/plain'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
]
  .map(([extension, type]) => `<Default Extension="${extension}" ContentType="${type}"/>`)
  .join('')}</Types>
`;

/** What an installer reads before it unpacks: the facts of package.json once more (VSX schema of 2011). */
function vsixManifest(manifest, words) {
  const text = (value) =>
    value
      .replace(/^%(.*)%$/, (_, key) => words[key])
      .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const { name, version, publisher, displayName, description, keywords, categories, icon } = manifest;
  const property = (id, value) => `<Property Id="Microsoft.VisualStudio.${id}" Value="${text(value)}"/>`;
  const asset = (type, path) =>
    `<Asset Type="Microsoft.VisualStudio.${type}" Path="extension/${path}" Addressable="true"/>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata>
<Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}"/>
<DisplayName>${text(displayName)}</DisplayName>
<Description xml:space="preserve">${text(description)}</Description>
<Tags>${text(keywords.join(','))}</Tags>
<Categories>${text(categories.join(','))}</Categories>
<GalleryFlags>Public</GalleryFlags>
<Properties>${property('Code.Engine', manifest.engines.vscode)}${property('Code.ExtensionKind', manifest.extensionKind.join(','))}</Properties>
<License>extension/LICENSE.txt</License>
<Icon>extension/${icon}</Icon>
</Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets>${asset('Code.Manifest', 'package.json')}${asset('Services.Content.Details', 'README.md')}${asset('Services.Content.License', 'LICENSE.txt')}${asset('Services.Icons.Default', icon)}</Assets>
</PackageManifest>
`;
}

/** What loading the bundle and `activate()` take: medians, each time in a process of its own. */
function timeActivation() {
  const runs = Array.from({ length: activations }, () =>
    JSON.parse(
      execFileSync(process.execPath, [join(root, '.dev/activate-extension.cjs')], { timeout: 30_000 }),
    ),
  );
  const median = (of) => runs.map(of).sort((a, b) => a - b)[activations >> 1];
  return {
    loadMs: median(({ loadMs }) => loadMs),
    activateMs: median(({ activateMs }) => activateMs),
    bothMs: median(({ loadMs, activateMs }) => loadMs + activateMs),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = await packageExtension();
  console.log(`${path}: ${(statSync(path).size / 1024).toFixed(0)} KiB`);
  const { loadMs, activateMs, bothMs } = timeActivation();
  console.log(
    `activation: ${bothMs.toFixed(0)} ms (${loadMs.toFixed(0)} ms to load, ${activateMs.toFixed(0)} ms to register), ` +
      `median of ${activations} processes; npm run test:editor tells what the editor itself counts`,
  );
}
