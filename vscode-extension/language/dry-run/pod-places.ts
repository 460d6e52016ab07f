import { entryOf, followed, textOf, type SyntaxNode } from '../syntax/nodes.ts';
import { locate, type Path } from '../syntax/paths.ts';

/** A container of the Pod that an object is, or makes. */
export interface ContainerPlace {
  readonly name: string;
  readonly path: Path;
}

/** Where kinds have the Pod that they make; the longest first, as each has a `spec`. */
const podSpecs: readonly Path[] = [
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ['spec', 'template', 'spec'],
  ['template', 'spec'],
  ['spec'],
];

/** The way to the Pod's spec; undefined where an object has none. */
export function podSpecPath(root: SyntaxNode): Path | undefined {
  return podSpecs.find((path) => {
    const { node, depth } = locate(root, path);
    return depth === path.length && entryOf(node, 'containers') !== undefined;
  });
}

/** Those that start first come first. */
export function containerPlaces(root: SyntaxNode): ContainerPlace[] {
  const spec = podSpecPath(root);
  if (spec === undefined) return [];
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    itemPlaces(root, [...spec, list]),
  );
}

/** The items of a list that have names. */
export function itemPlaces(root: SyntaxNode, list: Path): ContainerPlace[] {
  const { node, depth } = locate(root, list);
  const items = depth === list.length ? followed(node) : undefined;
  if (items?.kind !== 'list') return [];
  return items.items.flatMap((item, index) => {
    const name = textOf(item, 'name');
    return name === undefined ? [] : [{ name, path: [...list, index] }];
  });
}

/** The way to a field of an item, as far as it is there; to the item's name where nothing of it is. */
export function within(root: SyntaxNode, item: Path, field: Path): Path {
  const path = [...item, ...field];
  const { depth } = locate(root, path);
  return depth > item.length ? path.slice(0, depth) : [...item, 'name'];
}

/** The value a path leads to; undefined where it is not all there. */
export function valueAt(root: SyntaxNode, path: Path): unknown {
  const { node, depth } = locate(root, path);
  return depth === path.length ? followed(node)?.value : undefined;
}
