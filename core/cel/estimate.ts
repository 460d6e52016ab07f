import { read } from './syntax.ts';
import type { ASTNode } from './syntax.ts';

/** How large a value may become, as far as its schema says. */
export interface Extent {
  /** Elements of a list or entries of a map at most; 0 for what is neither. */
  readonly count: number;
  /** Of an element or an entry's value. */
  readonly element?: () => Extent | undefined;
  readonly member?: (name: string) => Extent | undefined;
}

type Scope = ReadonlyMap<string, Extent | undefined>;

interface Estimate {
  readonly cost: number;
  readonly extent?: Extent | undefined;
}

const loops = new Set([
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'filter',
  'map',
  'transformList',
  'transformMap',
]);

/**
 * What an expression can come to cost at least, with values as large as they may be: a step for each of its parts,
 * and loops as often as their lists are long. What functions cost by the length of their texts is left out, so that
 * nothing is held to cost more than upstream would estimate (cel-go/checker/cost.go).
 * @throws CelCompileError for what cannot be read
 */
export function leastCost(expression: string, variables: Readonly<Record<string, Extent>>): number {
  return estimate(read(expression).root, new Map(Object.entries(variables))).cost;
}

function estimate(node: ASTNode, scope: Scope): Estimate {
  switch (node.op) {
    case 'value':
      return { cost: 0 };
    case 'id':
      return { cost: 1, extent: scope.get(node.args) };
    case '.':
    case '.?': {
      const from = estimate(node.args[0], scope);
      return { cost: from.cost + 1, extent: from.extent?.member?.(node.args[1]) };
    }
    case '[]':
    case '[?]': {
      const from = estimate(node.args[0], scope);
      const key = estimate(node.args[1], scope);
      return { cost: from.cost + key.cost + 1, extent: from.extent?.element?.() };
    }
    case 'rcall':
      return estimateCall(node.args[0], node.args[1], node.args[2], scope);
    case 'call':
      return { cost: (node.args[0] === 'has' ? 0 : 1) + total(node.args[1], scope) };
    case '?:': {
      const [condition, yes, no] = node.args.map((part) => estimate(part, scope));
      return { cost: (condition?.cost ?? 0) + Math.max(yes?.cost ?? 0, no?.cost ?? 0) };
    }
    case 'list':
      return { cost: total(node.args, scope) };
    case 'map':
      return { cost: total(node.args.flat(), scope) };
    case '!_':
    case '-_':
      return { cost: 1 + estimate(node.args, scope).cost };
    default:
      return { cost: total(node.args, scope) };
  }
}

function total(nodes: readonly ASTNode[], scope: Scope): number {
  return nodes.reduce((sum, node) => sum + estimate(node, scope).cost, 0);
}

function estimateCall(name: string, receiver: ASTNode, args: readonly ASTNode[], scope: Scope): Estimate {
  const from = estimate(receiver, scope);
  const [first, second] = args;
  if (!loops.has(name) || first?.op !== 'id') return { cost: from.cost + 1 + total(args, scope) };
  const { count = 0, element } = from.extent ?? {};
  const inner = new Map(scope);
  // With two names the first is an index or a key, and the second the value.
  const isPair = second?.op === 'id' && args.length > 2;
  inner.set(first.args, isPair ? undefined : element?.());
  if (isPair) inner.set(second.args, element?.());
  const body = total(args.slice(isPair ? 2 : 1), inner);
  const isList = name === 'filter' || name === 'map' || name === 'transformList';
  return {
    cost: from.cost + count * Math.max(1, body),
    ...(isList
      ? { extent: { count, ...(name === 'filter' && element !== undefined ? { element } : {}) } }
      : {}),
  };
}
