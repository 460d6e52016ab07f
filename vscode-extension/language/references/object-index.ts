import { parseApiVersion } from '../../../core/api/resource.ts';
import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import type { SchemaModel } from '../schema/schema-model.ts';
import { entryOf, followed, type Range } from '../syntax/nodes.ts';
import { locate } from '../syntax/paths.ts';
import type { PlacedDocument } from '../syntax/manifest-file.ts';
import type { ObjectId } from './references.ts';

/** An object of a file. */
export interface FileObject {
  readonly id: ObjectId;
  readonly file: string;
  /** Of its name, in the file. */
  readonly nameRange: Range;
  /** Of all of it, in the file. */
  readonly range: Range;
  /** Keys of `data`, `binaryData` and `stringData`. */
  readonly keys: readonly string[];
  /** Labels of the Pods it makes, or of the Pod it is; undefined for everything else. */
  readonly podLabels: Readonly<Record<string, unknown>> | undefined;
}

/** The objects of all manifests that are open or in the workspace, found by what they are called. */
export class FileObjects {
  readonly #byFile = new Map<string, readonly FileObject[]>();
  #byId: Map<string, FileObject[]> | undefined;
  #names: Map<string, Set<string>> | undefined;
  #reading = 0;

  /** False while files are still to be read: what is not here may be in one of them. */
  get isComplete(): boolean {
    return this.#reading === 0;
  }

  /** Files are about to be read. @returns to be called once they have been, or cannot be */
  beginReading(): () => void {
    this.#reading++;
    let ended = false;
    return () => {
      if (!ended) this.#reading--;
      ended = true;
    };
  }

  /** Takes the place of what was known of the file. */
  update(file: string, objects: readonly FileObject[]): void {
    if (objects.length === 0) this.#byFile.delete(file);
    else this.#byFile.set(file, objects);
    this.#byId = undefined;
    this.#names = undefined;
  }

  remove(file: string): void {
    this.update(file, []);
  }

  find(id: ObjectId): readonly FileObject[] {
    return this.#index().get(keyOf(id)) ?? [];
  }

  ofFile(file: string): readonly FileObject[] {
    return this.#byFile.get(file) ?? [];
  }

  namesOf(kind: Omit<ObjectId, 'name'>): ReadonlySet<string> {
    this.#names ??= namesByKind(this.#byFile.values());
    return this.#names.get(keyOf({ ...kind, name: '' })) ?? noNames;
  }

  /** Workloads and Pods that have all of the labels. @param namespace of any, where undefined */
  selectedBy(labels: readonly (readonly [string, string])[], namespace: string | undefined): FileObject[] {
    if (labels.length === 0) return [];
    return [...this.#byFile.values()]
      .flat()
      .filter(({ id }) => namespace === undefined || id.namespace === namespace)
      .filter(({ podLabels = {} }) => labels.every(([key, value]) => podLabels[key] === value));
  }

  #index(): Map<string, FileObject[]> {
    if (this.#byId !== undefined) return this.#byId;
    const index = new Map<string, FileObject[]>();
    for (const objects of this.#byFile.values()) {
      for (const object of objects) {
        const known = index.get(keyOf(object.id));
        if (known === undefined) index.set(keyOf(object.id), [object]);
        else known.push(object);
      }
    }
    this.#byId = index;
    return index;
  }
}

const noNames: ReadonlySet<string> = new Set();

function namesByKind(files: Iterable<readonly FileObject[]>): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const objects of files) {
    for (const { id } of objects) {
      const kind = keyOf({ ...id, name: '' });
      const known = names.get(kind);
      if (known === undefined) names.set(kind, new Set([id.name]));
      else known.add(id.name);
    }
  }
  return names;
}

/** The objects of a file, for the index. Those without a name can be referred to by nobody. */
export function fileObjects(
  file: string,
  documents: readonly PlacedDocument[],
  { model, namespace }: { readonly model: SchemaModel; readonly namespace: string },
): FileObject[] {
  return documents.flatMap(({ start, parsed }) =>
    objectsOf(parsed.root)
      .filter(({ name, kind, apiVersion }) => name !== '' && kind !== '' && apiVersion !== '')
      .map((object): FileObject => {
        const metadata = entryOf(object.node, 'metadata')?.value;
        const nameRange = entryOf(metadata, 'name')?.value.range ?? object.node.range;
        return {
          id: idOf(object, model, namespace),
          file,
          nameRange: moved(nameRange, start),
          range: moved(object.node.range, start),
          keys: keysOf(object),
          podLabels: podLabelsOf(object),
        };
      }),
  );
}

export function idOf(object: ManifestObject, model: SchemaModel, namespace: string): ObjectId {
  const { group } = parseApiVersion(object.apiVersion);
  const { kind, name } = object;
  const info = model.get(object.apiVersion, kind) ?? model.inGroup(group, kind);
  // Where nothing is known of a kind, what its manifest says decides.
  const namespaced = info?.namespaced ?? object.namespace !== undefined;
  return { group, kind, name, ...(namespaced ? { namespace: object.namespace ?? namespace } : {}) };
}

export function keyOf({ group, kind, namespace = '', name }: ObjectId): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function keysOf({ node }: ManifestObject): string[] {
  return ['data', 'binaryData', 'stringData'].flatMap((member) => {
    const map = followed(entryOf(node, member)?.value);
    return map?.kind === 'map' ? Object.keys(map.value as object) : [];
  });
}

function podLabelsOf({ node, kind }: ManifestObject): Readonly<Record<string, unknown>> | undefined {
  const path = kind === 'Pod' ? ['metadata', 'labels'] : ['spec', 'template', 'metadata', 'labels'];
  const { node: found, depth } = locate(node, path);
  const labels = depth === path.length ? followed(found) : undefined;
  return labels?.kind === 'map' ? (labels.value as Readonly<Record<string, unknown>>) : undefined;
}

function moved({ start, end }: Range, by: number): Range {
  return { start: start + by, end: end + by };
}
