import { CelError } from './errors.ts';
import type { Issue } from './errors.ts';
import type { FunctionTable } from './functions.ts';
import type { Code, Variable } from './program.ts';
import type { Local, Scope } from './scope.ts';
import type { ASTNode } from './syntax.ts';
import { dyn } from './types.ts';
import type { Type } from './types.ts';
import type { Value } from './values.ts';

export type CallNode = ASTNode & { readonly op: 'call' | 'rcall' };

/** What expressions may use. */
export interface Vocabulary {
  readonly variables: readonly Variable[];
  readonly functions: FunctionTable;
  /** Messages that may be written out, such as `Object.spec{…}`; by their names. */
  readonly messages: ((name: string) => boolean) | undefined;
}

/** What the parts of a compilation ask of each other. */
export interface Compilation {
  readonly vocabulary: Vocabulary;
  readonly issues: readonly Issue[];
  compile(node: ASTNode, scope: Scope): Code;
  /** Remembers a problem and goes on as if the part could be anything. */
  fail(node: ASTNode, message: string): Code;
  /** A name that a macro brings, with a place for its value. */
  local(type: Type): Local;
  /** @param isMixed elements may be of any types, without `dyn(…)` */
  list(nodes: readonly ASTNode[], scope: Scope, isMixed?: boolean): Code;
  entries(pairs: readonly (readonly [ASTNode, ASTNode])[], scope: Scope): readonly Entry[];
  mapRun(entries: readonly Entry[], cost: number, typeName?: string): Code['run'];
}

export interface Entry {
  readonly key: Code;
  readonly value: Code;
  readonly isOptional: boolean;
}

/** Stands for what cannot be compiled; never runs. */
export const broken: Code = {
  type: dyn,
  run: () => {
    throw new CelError('invalid expression');
  },
};

export function constant(value: Value, type: Type): Code {
  return { type, run: () => value };
}

/** Where upstream's messages point to: at the operator, the dot or the parenthesis rather than the beginning. */
export function placeOf(node: ASTNode): number {
  const { input } = node;
  const after = (operand: ASTNode, mark: string) => Math.max(node.pos, input.indexOf(mark, operand.end));
  switch (node.op) {
    case 'value':
    case 'id':
    case 'list':
    case 'map':
    case '!_':
    case '-_':
      return node.pos;
    case '.':
    case '.?':
      return input.lastIndexOf('.', node.pos);
    case 'call':
      return Math.max(node.pos, input.indexOf('(', node.pos));
    case 'rcall':
      return after(node.args[1], '(');
    case '[]':
    case '[?]':
      return after(node.args[0], '[');
    case '?:':
      return after(node.args[0], '?');
    default:
      return after(node.args[0], node.op);
  }
}

/** "a.b.c" of a chain of plain names. */
export function dottedName(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.') return undefined;
  const before = dottedName(node.args[0]);
  return before === undefined ? undefined : `${before}.${node.args[1]}`;
}

export function rootOf(node: ASTNode): string {
  return node.op === 'id' ? node.args : node.op === '.' ? rootOf(node.args[0]) : '';
}
