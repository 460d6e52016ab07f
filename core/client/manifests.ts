import type { KubernetesObject } from '../api/object.ts';
import { isObject } from '../machinery/json.ts';
import { readDocuments, YamlError, type Position, type ReadDocument } from '../machinery/yaml.ts';

/** One object of a manifest and where it stands. */
export interface Manifest {
  readonly object: KubernetesObject;
  /** File name, or "STDIN". */
  readonly source: string;
  /** From 1, within its file. */
  readonly document: number;
  /** Where a field such as "spec.containers[0].image" stands, or the nearest parent that is there. */
  placeOf(field?: string): Position;
  /** That place as `file:line:column`. */
  position(field?: string): string;
}

/** A text that does not say what objects it means; the message begins with file, line and column. */
export class ManifestError extends Error {
  /** Where in the text. */
  readonly place: Position;

  constructor(message: string, place: Position, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ManifestError';
    this.place = place;
  }
}

/** Parses one text; lists (`kind: List`) are taken apart. Throws `ManifestError`. */
export function manifestsOf(text: string, source: string): Manifest[] {
  let documents: readonly ReadDocument[];
  try {
    documents = readDocuments(text, { source });
  } catch (cause) {
    const place = cause instanceof YamlError ? cause : { line: 1, column: 1 };
    throw new ManifestError(cause instanceof Error ? cause.message : String(cause), place, { cause });
  }
  return documents.flatMap((document, index) => objectsOf(document, source, index + 1));
}

function objectsOf(document: ReadDocument, source: string, number: number): Manifest[] {
  const where = `${source}:${document.line}:${document.column}`;
  const { value } = document;
  const says = (problem: string) => new ManifestError(`${where}: document ${number}: ${problem}`, document);
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
  const placeOf = (field = '') => document.positionOf([...prefix, ...pathOf(field)]);
  return {
    object: { ...object, metadata },
    source,
    document: number,
    placeOf,
    position(field) {
      const { line, column } = placeOf(field);
      return `${source}:${line}:${column}`;
    },
  };
}

/** `spec.containers[0].image` or `data[a.b]` as its steps. */
function pathOf(field: string): (string | number)[] {
  const steps = field.matchAll(/\[(\d+)\]|\["?([^\]"]*)"?\]|([^.[\]]+)/g);
  return [...steps].map(([, index, key, name]) =>
    index === undefined ? (key ?? name ?? '') : Number(index),
  );
}
