import { readingCost, traversal } from './cost.ts';
import { CelError, noSuchKey, noSuchOverload } from './errors.ts';
import { broken } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import type { Code } from './program.ts';
import type { Scope } from './scope.ts';
import type { ASTNode } from './syntax.ts';
import { dyn, formatType, isDynamic, join, optionalOf } from './types.ts';
import type { Type } from './types.ts';
import { CelList, CelMap, Optional, Uint, pick } from './values.ts';
import type { Value } from './values.ts';

/** A field of a map or an object; of an optional, an optional. */
export function compileField(
  compiler: Compilation,
  node: ASTNode & { readonly op: '.' | '.?' },
  scope: Scope,
): Code {
  const [from, field] = node.args;
  const operand = compiler.compile(from, scope);
  const isOptional = node.op === '.?' || operand.type.kind === 'optional';
  const type = fieldType(
    compiler,
    node,
    operand.type.kind === 'optional' ? operand.type.value : operand.type,
    field,
  );
  if (type === undefined) return broken;
  return isOptional ? optionalAccess(operand, type, () => field) : selection(operand, type, field);
}

/** The type of a field; problems are remembered, and undefined then. */
export function fieldType(compiler: Compilation, node: ASTNode, from: Type, field: string): Type | undefined {
  switch (from.kind) {
    case 'dyn':
    case 'param':
      return dyn;
    case 'map':
      if (from.key.kind === 'string' || isDynamic(from.key)) return from.value;
      break;
    case 'object': {
      const declared = from.field(field);
      if (declared !== undefined) return declared.type;
      compiler.fail(node, `undefined field '${field}'`);
      return undefined;
    }
    default:
  }
  compiler.fail(node, `type '${formatType(from)}' does not support field selection`);
  return undefined;
}

/** An element of a list or a map. */
export function compileIndex(
  compiler: Compilation,
  node: ASTNode & { readonly op: '[]' | '[?]' },
  scope: Scope,
): Code {
  const [operand, key] = [compiler.compile(node.args[0], scope), compiler.compile(node.args[1], scope)];
  const from = operand.type.kind === 'optional' ? operand.type.value : operand.type;
  const type = elementType(from, key.type);
  if (type === undefined)
    return compiler.fail(
      node,
      `found no matching overload for '_[_]' applied to '(${formatType(from)}, ${formatType(key.type)})'`,
    );
  if (node.op === '[?]' || operand.type.kind === 'optional') return optionalAccess(operand, type, key.run);
  const cost = 1 + readingCost(type);
  return {
    type,
    run: (frame) => {
      const container = operand.run(frame);
      const at = key.run(frame);
      frame.meter.charge(cost);
      if (container instanceof CelMap) return pick(container, at);
      if (container instanceof CelList) return container.at(indexIn(container, at));
      if (container instanceof Optional) return access(container, at);
      throw noSuchOverload();
    },
  };
}

function selection(operand: Code, type: Type, field: string): Code {
  const cost = 1 + readingCost(type);
  return {
    type,
    run: (frame) => {
      const from = operand.run(frame);
      frame.meter.charge(cost);
      if (from instanceof CelMap) {
        const value = from.get(field);
        if (value === undefined) throw noSuchKey(field);
        if (value instanceof Uint8Array) frame.meter.charge(traversal(value.length));
        return value;
      }
      if (from instanceof Optional) return access(from, field);
      throw from === null ? noSuchKey(field) : noSuchOverload();
    },
  };
}

function optionalAccess(operand: Code, type: Type, key: Code['run'] | (() => string)): Code {
  const cost = 1 + readingCost(type);
  return {
    type: optionalOf(type),
    run: (frame) => {
      const from = operand.run(frame);
      const at = key(frame);
      frame.meter.charge(cost);
      return access(from instanceof Optional ? from : new Optional(from), at);
    },
  };
}

function access(from: Optional, key: Value): Optional {
  const { value } = from;
  if (value === undefined || value === null) return Optional.none;
  let found: Value | undefined;
  if (value instanceof CelMap) found = value.get(key);
  else if (value instanceof CelList) {
    const index = typeof key === 'bigint' ? Number(key) : -1;
    found = index >= 0 && index < value.length ? value.at(index) : undefined;
  } else throw noSuchOverload();
  return found === undefined ? Optional.none : new Optional(found);
}

function indexIn(list: CelList, key: Value): number {
  const index = key instanceof Uint ? Number(key.value) : Number(key);
  if (typeof key === 'string' || !Number.isInteger(index)) throw noSuchOverload();
  if (index < 0 || index >= list.length) throw new CelError(`index out of bounds: ${index}`);
  return index;
}

function elementType(from: Type, key: Type): Type | undefined {
  if (from.kind === 'dyn' || from.kind === 'param') return dyn;
  if (from.kind === 'list') return key.kind === 'int' || isDynamic(key) ? from.element : undefined;
  if (from.kind === 'map') return join(from.key, key) === undefined ? undefined : from.value;
  return undefined;
}
