import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesObject } from '../../core/api/object.ts';
import { isObject } from '../../core/machinery/json.ts';
import { readDocuments } from '../../core/machinery/yaml.ts';
import type { ReadDocument } from '../../core/machinery/yaml.ts';
import type { CommandIo } from '../repl/command-line.ts';
import { UsageError } from './command.ts';
import type { Flag, Flags } from './command.ts';

/** One object of a manifest and where it stands. */
export interface Manifest {
  readonly object: KubernetesObject;
  /** File name, or "STDIN". */
  readonly source: string;
  /** From 1, within its file. */
  readonly document: number;
  /** `file:line:column` of a field such as "spec.containers[0].image", or of the nearest parent that is there. */
  position(field?: string): string;
}

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
      manifests.push(...manifestsOf(text, file === '-' ? 'STDIN' : file));
    }
  }
  if (manifests.length === 0) throw new UsageError('no objects passed to apply');
  return manifests;
}

/** Parses one text; lists (`kind: List`) are taken apart. */
export function manifestsOf(text: string, source: string): Manifest[] {
  let documents: readonly ReadDocument[];
  try {
    documents = readDocuments(text, { source });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return documents.flatMap((document, index) => objectsOf(document, source, index + 1));
}

function objectsOf(document: ReadDocument, source: string, number: number): Manifest[] {
  const where = `${source}:${document.line}:${document.column}`;
  const { value } = document;
  const says = (problem: string) => new UsageError(`${where}: document ${number}: ${problem}`);
  if (!isObject(value)) throw says("Object 'Kind' is missing: it is not a mapping");
  if (typeof value['kind'] !== 'string' || value['kind'] === '') throw says("Object 'Kind' is missing");
  if (typeof value['apiVersion'] !== 'string' || value['apiVersion'] === '') {
    throw says("Object 'apiVersion' is missing");
  }
  const items =
    value['kind'].endsWith('List') && Array.isArray(value['items'])
      ? (value['items'] as unknown[])
      : undefined;
  if (items === undefined)
    return [manifest(value as unknown as KubernetesObject, document, source, number, [])];
  return items.map((item, index) => {
    if (!isObject(item)) throw says(`items[${index}] is not an object`);
    return manifest(item as unknown as KubernetesObject, document, source, number, ['items', index]);
  });
}

function manifest(
  object: KubernetesObject,
  document: ReadDocument,
  source: string,
  number: number,
  prefix: readonly (string | number)[],
): Manifest {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  return {
    object: { ...object, metadata },
    source,
    document: number,
    position(field) {
      const { line, column } = document.positionOf([...prefix, ...pathOf(field ?? '')]);
      return `${source}:${line}:${column}`;
    },
  };
}

/** `spec.containers[0].image` or `data[a.b]` as its steps. */
export function pathOf(field: string): (string | number)[] {
  const steps = field.matchAll(/\[(\d+)\]|\["?([^\]"]*)"?\]|([^.[\]]+)/g);
  return [...steps].map(([, index, key, name]) =>
    index === undefined ? (key ?? name ?? '') : Number(index),
  );
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
