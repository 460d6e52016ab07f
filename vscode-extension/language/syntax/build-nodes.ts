import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import {
  isMergeKey,
  keyText,
  NodeError,
  offsetOf,
  resolveScalar,
} from '../../../core/machinery/yaml/convert-nodes.ts';
import { exceedsDepth } from '../../../core/machinery/json.ts';
import type { ScalarValue } from '../../../core/machinery/yaml/resolve-scalar.ts';
import { l10n } from '../l10n.ts';
import type { Entry, ListNode, MapNode, Range, ScalarNode, ScalarStyle, SyntaxNode } from './nodes.ts';

/** Nodes that all aliases of a document together may stand for, as for what the shell reads. */
const maxAliasedNodes = 100_000;
const maxDepth = 200;

export interface NodeProblem {
  readonly range: Range;
  readonly code: 'yaml' | 'duplicate-key' | 'alias';
  readonly message: string;
}

interface Anchored {
  readonly node: SyntaxNode;
  /** Nodes below it, those of aliases counted as often as they stand there. */
  readonly weight: number;
}

/**
 * Turns the library's nodes into ours: values as kubectl reads them, and places. Unlike the converter that the shell
 * uses, it goes on after a mistake, because half of a document is what an editor sees most of the time.
 */
export class NodeBuilder {
  readonly problems: NodeProblem[] = [];
  readonly #anchors = new Map<string, Anchored | 'open'>();
  #nodes = 0;
  #aliased = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  build(node: unknown, at: number): SyntaxNode {
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor === undefined || isAlias(node)) return this.#node(node, at);
    this.#anchors.set(anchor, 'open');
    const before = this.#nodes;
    const built = this.#node(node, at);
    this.#anchors.set(anchor, { node: built, weight: this.#nodes - before });
    return built;
  }

  #node(node: unknown, at: number): SyntaxNode {
    this.#nodes++;
    if (isMap(node)) return this.#map(node);
    if (isSeq(node)) return this.#list(node);
    if (isAlias(node)) return this.#alias(node.source, rangeOf(node, at));
    if (isScalar(node)) return this.#scalar(node, at);
    return missing(at);
  }

  #map(map: YAMLMap): MapNode {
    const entries: Entry[] = [];
    const merged: SyntaxNode[] = [];
    const value: Record<string, unknown> = {};
    for (const pair of map.items) {
      if (isMergeKey(pair.key)) merged.push(...this.#merge(pair));
      else this.#entry(pair, entries, value);
    }
    for (const { value: source } of merged) {
      for (const [key, member] of Object.entries(source as object))
        if (!Object.hasOwn(value, key)) value[key] = member;
    }
    return { kind: 'map', range: this.#rangeOf(map), flow: map.flow === true, entries, merged, value };
  }

  #entry(pair: Pair, entries: Entry[], value: Record<string, unknown>): void {
    const keyRange = rangeOf(pair.key, offsetOf(pair.key));
    let key: string;
    try {
      key = keyText(isAlias(pair.key) ? this.#anchorNode(pair.key.source) : pair.key);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      this.#report('yaml', keyRange, error.message);
      return;
    }
    const node = this.build(pair.value, keyRange.end + 1);
    entries.push({ key, keyRange, value: node });
    if (Object.hasOwn(value, key)) {
      this.#report('duplicate-key', keyRange, l10n.t('"{0}" is given twice', key));
    } else if (key === '__proto__') {
      this.#report('yaml', keyRange, l10n.t('a key cannot be called "{0}"', key));
    } else {
      value[key] = node.value;
    }
  }

  #anchorNode(name: string): unknown {
    const anchored = this.#anchors.get(name);
    return typeof anchored === 'object' ? anchored.node.value : undefined;
  }

  /** The maps that `<<: *a` or `<<: [*a, *b]` merges. */
  #merge(pair: Pair): SyntaxNode[] {
    const node = this.build(pair.value, offsetOf(pair.key));
    const target = node.kind === 'alias' ? node.target : node;
    const sources = target?.kind === 'list' ? target.items : [node];
    return sources.filter((source) => {
      const map = source.kind === 'alias' ? source.target : source;
      if (map === undefined || map.kind === 'map') return map !== undefined;
      this.#report('yaml', source.range, l10n.t('only maps can be merged'));
      return false;
    });
  }

  #list(list: YAMLSeq): ListNode {
    let at = rangeOf(list, 0).start;
    const items = list.items.map((item) => {
      const built = this.build(item, at);
      at = built.range.end;
      return built;
    });
    const value = items.map((item) => item.value);
    return { kind: 'list', range: this.#rangeOf(list), flow: list.flow === true, items, value };
  }

  #alias(name: string, range: Range): SyntaxNode {
    const anchored = this.#anchors.get(name);
    if (typeof anchored === 'object') {
      this.#nodes += anchored.weight;
      this.#aliased += anchored.weight;
      if (this.#aliased <= maxAliasedNodes && !exceedsDepth(anchored.node.value, maxDepth))
        return { kind: 'alias', range, name, target: anchored.node, value: anchored.node.value };
      this.#report('alias', range, l10n.t('the document contains too many aliases of aliases'));
    } else if (anchored === 'open') {
      this.#report('alias', range, l10n.t('the value of the anchor "{0}" contains itself', name));
    } else {
      this.#report('alias', range, l10n.t('there is no anchor "{0}" before this', name));
    }
    return { kind: 'alias', range, name, target: undefined, value: null };
  }

  #scalar(node: Scalar, at: number): ScalarNode {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const range = rangeOf(node, at);
    let value: ScalarValue = null;
    try {
      value = resolveScalar(node);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      this.#report('yaml', range, error.message);
    }
    if (text === '' && node.type === 'PLAIN') return missing(range.start);
    return { kind: 'scalar', range, value, text, style: styleOf(node) };
  }

  /** Without the line ends and comments that the library counts to a block collection. */
  #rangeOf(node: Node): Range {
    const { start, end } = rangeOf(node, 0);
    return { start, end: start + this.#text.slice(start, end).trimEnd().length };
  }

  #report(code: NodeProblem['code'], range: Range, message: string): void {
    this.problems.push({ code, range, message });
  }
}

function rangeOf(node: unknown, at: number): Range {
  const range = (node as Node | null)?.range;
  return range == null ? { start: at, end: at } : { start: range[0], end: range[1] };
}

function missing(at: number): ScalarNode {
  return { kind: 'scalar', range: { start: at, end: at }, value: null, text: '', style: 'missing' };
}

function styleOf(node: Scalar): ScalarStyle {
  switch (node.type) {
    case 'QUOTE_SINGLE':
      return 'single';
    case 'QUOTE_DOUBLE':
      return 'double';
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return 'block';
    default:
      return 'plain';
  }
}
