import type { JsonObject } from '../../../core/machinery/json.ts';
import { entryOf, followed, textOf, type MapNode, type SyntaxNode } from '../syntax/nodes.ts';
import type { Path } from '../syntax/paths.ts';

/** An object of a document: the document itself, or an item of its `kind: List`. */
export interface ManifestObject {
  readonly node: MapNode;
  /** Where it stands in its document. */
  readonly path: Path;
  readonly value: JsonObject;
  /** "" where it is not written, or not as text. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Undefined where the manifest leaves it to whoever applies it. */
  readonly namespace: string | undefined;
}

/** Nothing for documents that are no manifests: settings of other programs, workflows, values of charts. */
export function objectsOf(root: SyntaxNode | undefined): ManifestObject[] {
  const object = objectAt(root, []);
  if (object === undefined) return [];
  const items = object.kind.endsWith('List') ? followed(entryOf(object.node, 'items')?.value) : undefined;
  if (items?.kind !== 'list') return isManifest(object) ? [object] : [];
  return items.items.flatMap((item, index) => objectAt(item, ['items', index]) ?? []);
}

function objectAt(node: SyntaxNode | undefined, path: Path): ManifestObject | undefined {
  const map = followed(node);
  if (map?.kind !== 'map') return undefined;
  const metadata = entryOf(map, 'metadata')?.value;
  return {
    node: map,
    path,
    value: map.value as JsonObject,
    apiVersion: textOf(map, 'apiVersion') ?? '',
    kind: textOf(map, 'kind') ?? '',
    name: textOf(metadata, 'name') ?? '',
    namespace: textOf(metadata, 'namespace'),
  };
}

/** A document says that it is an object by its kind; one of the two alone may be a slip, or something else. */
function isManifest({ node, apiVersion, kind }: ManifestObject): boolean {
  const hasMetadata = entryOf(node, 'metadata') !== undefined || entryOf(node, 'spec') !== undefined;
  if (kind !== '') return apiVersion !== '' || hasMetadata;
  return apiVersion !== '' && hasMetadata;
}
