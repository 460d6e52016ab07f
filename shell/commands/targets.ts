import type { ResourceIndex, ServedResource } from '../../core/client/resource-index.ts';
import { UsageError } from './command.ts';
import { findKind } from './find-kind.ts';

/** One kind, and the names asked for; no names means all of them. */
export interface Target {
  readonly resource: ServedResource;
  readonly names: readonly string[];
}

/**
 * Reads what kubectl accepts after a verb: `pods`, `pods,services`, `all`, `pod web api`, `pod/web deploy/api`.
 * Throws `UsageError` in kubectl's words when the two forms are mixed.
 */
export function parseTargets(words: readonly string[], index: ResourceIndex): readonly Target[] {
  const [first, ...names] = words;
  if (first === undefined) throw new UsageError('You must specify the type of resource');
  if (first.includes('/')) return words.map((word) => slashTarget(word, index));
  const withSlash = names.find((name) => name.includes('/'));
  if (withSlash !== undefined) {
    throw new UsageError(
      `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. "get ${withSlash}" instead of "get ${first} ${withSlash}")`,
    );
  }
  return first
    .split(',')
    .filter((name) => name !== '')
    .flatMap((name) => kinds(name, index))
    .map((resource) => ({ resource, names }));
}

/** Exactly one object, as `logs` and `exec` want it. A bare word is the name of a `defaultType`. */
export function parseObject(
  words: readonly string[],
  index: ResourceIndex,
  defaultType: string,
): { resource: ServedResource; name: string } {
  const [first, second] = words;
  if (first === undefined) throw new UsageError(`expected ${defaultType}/NAME or NAME`);
  if (first.includes('/')) {
    const { resource, names } = slashTarget(first, index);
    return { resource, name: names[0] ?? '' };
  }
  if (second !== undefined) return { resource: findKind(index, first), name: second };
  return { resource: findKind(index, defaultType), name: first };
}

function slashTarget(word: string, index: ResourceIndex): Target {
  const [type = '', name = '', ...rest] = word.split('/');
  if (type === '' || name === '' || rest.length > 0) {
    throw new UsageError(
      `arguments in resource/name form must have a single resource and name, got "${word}"`,
    );
  }
  return { resource: findKind(index, type), names: [name] };
}

function kinds(name: string, index: ResourceIndex): readonly ServedResource[] {
  const category = index.inCategory(name.toLowerCase());
  return category.length > 0 ? category : [findKind(index, name)];
}
