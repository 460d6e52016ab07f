import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ManifestError, manifestsOf, type Manifest } from '../../core/client/manifests.ts';
import type { CommandIo } from '../repl/command-line.ts';
import { UsageError } from './command.ts';
import type { Flag, Flags } from './command.ts';

export const fileFlags: readonly Flag[] = [
  {
    name: 'filename',
    short: 'f',
    type: 'list',
    help: 'File, folder or "-" for standard input; may be repeated',
    completes: 'file',
  },
  { name: 'recursive', short: 'R', type: 'boolean', help: 'Go into the folders of -f' },
];

const extensions = ['.yaml', '.yml', '.json'];
const maxManifestBytes = 16_000_000;

/**
 * Reads every object of `-f`, in order. Everything is read and parsed before anything is sent, so broken YAML
 * changes nothing in the cluster. Throws `UsageError` naming file, document, line and column.
 */
export async function readManifests(flags: Flags, io: CommandIo): Promise<readonly Manifest[]> {
  const names = flags.commaList('filename');
  if (names.length === 0) throw new UsageError('must specify -f with a file, a folder or "-"');
  const manifests: Manifest[] = [];
  for (const name of names) {
    for (const file of await filesOf(name, flags.boolean('recursive'))) {
      const text = file === '-' ? await readStdin(io) : await readText(file);
      manifests.push(...parse(text, file === '-' ? 'STDIN' : file));
    }
  }
  if (manifests.length === 0) throw new UsageError('no objects passed to apply');
  return manifests;
}

function parse(text: string, source: string): readonly Manifest[] {
  try {
    return manifestsOf(text, source);
  } catch (error) {
    if (error instanceof ManifestError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function filesOf(name: string, recursive: boolean): Promise<readonly string[]> {
  if (name === '-') return ['-'];
  const info = await stat(name).catch(() => undefined);
  if (info === undefined) throw new UsageError(`the path "${name}" does not exist`);
  if (!info.isDirectory()) return [name];
  const entries = await readdir(name, { withFileTypes: true, recursive });
  return entries
    .filter((entry) => entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > maxManifestBytes) {
    throw new UsageError(`${file} is too large: ${size} bytes, at most ${maxManifestBytes} are read`);
  }
  return readFile(file, 'utf8');
}

async function readStdin(io: CommandIo): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    io.signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > maxManifestBytes)
      throw new UsageError(`STDIN is too large: at most ${maxManifestBytes} bytes are read`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
