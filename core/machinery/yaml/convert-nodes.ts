import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { exceedsDepth } from '../json.ts';
import { formatNumber, isAlteredInteger, resolvePlainScalar, type ScalarValue } from './resolve-scalar.ts';

/** Nodes that all aliases of a document together may stand for. */
const maxAliasedNodes = 100_000;

const coreTag = 'tag:yaml.org,2002:';

/** Says that a node is wrong; the reader adds where. */
export class NodeError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

interface Anchored {
  readonly node: Node;
  /** Undefined while the node itself is being converted. */
  value?: { readonly value: unknown; readonly weight: number };
}

/** Turns the nodes of one document into a JSON value, as go-yaml v2 and sigs.k8s.io/yaml do. */
export class NodeConverter {
  readonly #anchors = new Map<string, Anchored>();
  readonly #maxDepth: number;
  readonly #onDuplicate: ((key: string, offset: number) => void) | undefined;
  #nodes = 0;
  #aliasedNodes = 0;

  /** @param onDuplicate told of each key that its map has already, and where its value stands; refused without. */
  constructor(maxDepth: number, onDuplicate?: (key: string, offset: number) => void) {
    this.#maxDepth = maxDepth;
    this.#onDuplicate = onDuplicate;
  }

  /** @throws NodeError */
  convert(node: unknown, depth = 0): unknown {
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.#convertAlias(node.source, depth, offsetOf(node));
    const anchor = (node as Node & { anchor?: string }).anchor;
    if (anchor === undefined) return this.#convertNode(node, depth);
    const entry: Anchored = { node: node as Node };
    this.#anchors.set(anchor, entry);
    const before = this.#nodes;
    const value = this.#convertNode(node, depth);
    entry.value = { value, weight: this.#nodes - before };
    return value;
  }

  /** The node an alias stands for. */
  follow(node: unknown): unknown {
    return isAlias(node) ? this.#anchors.get(node.source)?.node : node;
  }

  #convertNode(node: unknown, depth: number): unknown {
    this.#nodes++;
    if (isScalar(node)) return resolveScalar(node);
    if (depth >= this.#maxDepth)
      throw new NodeError(offsetOf(node), `it is nested more than ${this.#maxDepth} levels deep`);
    if (isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1));
    if (isMap(node)) return this.#convertMap(node, depth);
    throw new NodeError(offsetOf(node), 'this is neither a value, a list nor a map');
  }

  #convertMap(map: YAMLMap, depth: number): unknown {
    const result: Record<string, unknown> = {};
    const merges: Pair[] = [];
    for (const pair of map.items) {
      if (isMergeKey(pair.key)) {
        merges.push(pair);
        continue;
      }
      this.#nodes++;
      const key = keyText(this.follow(pair.key));
      if (Object.hasOwn(result, key)) {
        if (this.#onDuplicate === undefined)
          throw new NodeError(offsetOf(pair.key), `duplicate key ${JSON.stringify(key)}`);
        this.#onDuplicate(key, offsetOf(pair.value ?? pair.key));
      }
      if (key === '__proto__') throw new NodeError(offsetOf(pair.key), 'a key cannot be called "__proto__"');
      result[key] = this.convert(pair.value, depth + 1);
    }
    for (const pair of merges) this.#merge(result, pair, depth);
    return result;
  }

  /** `<<: *a` or `<<: [*a, *b]`: members that the map does not have itself; of several the first counts. */
  #merge(result: Record<string, unknown>, pair: Pair, depth: number): void {
    const value = this.convert(pair.value, depth);
    for (const source of Array.isArray(value) ? value : [value]) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        throw new NodeError(offsetOf(pair.key), 'map merge requires map or sequence of maps as the value');
      }
      for (const [key, member] of Object.entries(source))
        if (!Object.hasOwn(result, key)) result[key] = member;
    }
  }

  /** Aliases share the value of their anchor, so they cost nothing here; who walks or writes the value pays. */
  #convertAlias(name: string, depth: number, offset: number): unknown {
    const anchored = this.#anchors.get(name);
    if (anchored === undefined)
      throw new NodeError(offset, `unknown anchor ${JSON.stringify(name)} referenced`);
    if (anchored.value === undefined)
      throw new NodeError(offset, `anchor ${JSON.stringify(name)} value contains itself`);
    const { value, weight } = anchored.value;
    this.#nodes += weight;
    this.#aliasedNodes += weight;
    if (this.#aliasedNodes > maxAliasedNodes)
      throw new NodeError(offset, 'document contains excessive aliasing');
    if (exceedsDepth(value, this.#maxDepth - depth)) {
      throw new NodeError(offset, `it is nested more than ${this.#maxDepth} levels deep`);
    }
    return value;
  }
}

export function isMergeKey(key: unknown): boolean {
  return (
    isScalar(key) &&
    key.source === '<<' &&
    key.type === 'PLAIN' &&
    (key.tag === undefined || key.tag === `${coreTag}merge`)
  );
}

/** The key of a JSON object that a key of a map becomes: numbers and booleans are written out. */
export function keyText(node: unknown): string {
  const value = isScalar(node) ? resolveScalar(node) : node;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'boolean') return String(value);
  throw new NodeError(
    offsetOf(node),
    value === null ? 'a key cannot be null' : 'a key cannot be a list or a map',
  );
}

export function offsetOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}

/** What a scalar means to kubectl. @throws NodeError when its tag does not fit, or JSON cannot hold it */
export function resolveScalar(node: Scalar): ScalarValue {
  const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
  const resolved = node.tag === undefined ? untagged(node, text) : tagged(node, text);
  if (typeof resolved === 'number' && !Number.isFinite(resolved)) {
    throw new NodeError(
      offsetOf(node),
      `${JSON.stringify(text)} has no place in JSON; put quotes around it to have it as text`,
    );
  }
  if (typeof resolved === 'number' && isAlteredInteger(text, resolved))
    throw new NodeError(offsetOf(node), `the integer ${text} cannot be kept exactly`);
  return resolved;
}

function untagged(node: Scalar, text: string): ScalarValue {
  return node.type === 'PLAIN' ? resolvePlainScalar(text) : text;
}

function tagged(node: Scalar, text: string): ScalarValue {
  const tag = node.tag ?? '';
  const resolved = resolvePlainScalar(text);
  switch (tag.startsWith(coreTag) ? tag.slice(coreTag.length) : tag) {
    case 'null':
      if (resolved === null) return null;
      break;
    case 'bool':
      if (typeof resolved === 'boolean') return resolved;
      break;
    case 'int':
      if (Number.isInteger(resolved)) return resolved;
      break;
    case 'float':
      if (typeof resolved === 'number') return resolved;
      break;
    case 'binary':
      return Buffer.from(text, 'base64').toString('utf8');
    default:
      // Other tags, such as !!str, !!timestamp or those of an application, leave the text as it is.
      return text;
  }
  throw new NodeError(
    offsetOf(node),
    `cannot decode ${JSON.stringify(text)} as a !!${tag.slice(coreTag.length)}`,
  );
}
