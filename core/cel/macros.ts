import { fieldType } from './access.ts';
import { broken } from './compilation.ts';
import type { CallNode, Compilation } from './compilation.ts';
import { readingCost, stepCosts } from './cost.ts';
import { CelError, noSuchKey, noSuchOverload } from './errors.ts';
import { attempt } from './logic.ts';
import type { Code, Frame } from './program.ts';
import type { Local, Scope } from './scope.ts';
import type { ASTNode } from './syntax.ts';
import { sortCost } from './operators.ts';
import { bool, dyn, formatType, int, isDynamic, listOf, mapOf, optionalOf } from './types.ts';
import type { Type } from './types.ts';
import { CelList, CelMap, Entries, Items, Optional, compare } from './values.ts';
import type { Value } from './values.ts';

type Loop = (compiler: Compilation, call: LoopCall) => Code;

/** A macro that walks through a list's elements or a map's keys. */
interface LoopCall {
  readonly node: ASTNode;
  readonly range: Code;
  /** One name, or index and element, or key and value. */
  readonly names: readonly string[];
  readonly bodies: readonly ASTNode[];
  readonly scope: Scope;
}

interface Shape {
  readonly loop: Loop;
  readonly names: number;
}

/** Macros by name and number of arguments: those of the language, and the ones with two variables. */
const loops: Readonly<Record<string, Shape>> = {
  'all/2': { loop: quantifier(false), names: 1 },
  'all/3': { loop: quantifier(false), names: 2 },
  'exists/2': { loop: quantifier(true), names: 1 },
  'exists/3': { loop: quantifier(true), names: 2 },
  'exists_one/2': { loop: existsOne, names: 1 },
  'existsOne/2': { loop: existsOne, names: 1 },
  'exists_one/3': { loop: existsOne, names: 2 },
  'existsOne/3': { loop: existsOne, names: 2 },
  'filter/2': { loop: filter, names: 1 },
  'map/2': { loop: transform, names: 1 },
  'map/3': { loop: transform, names: 1 },
  'transformList/3': { loop: transform, names: 2 },
  'transformList/4': { loop: transform, names: 2 },
  'transformMap/3': { loop: transformMap, names: 2 },
  'transformMap/4': { loop: transformMap, names: 2 },
  'transformMapEntry/3': { loop: transformMapEntry, names: 2 },
  'transformMapEntry/4': { loop: transformMapEntry, names: 2 },
  'sortBy/2': { loop: sortBy, names: 1 },
};

/** Undefined where the call is none of a macro. */
export function compileMacro(compiler: Compilation, node: CallNode, scope: Scope): Code | undefined {
  if (node.op === 'call') {
    const [name, args] = node.args;
    return name === 'has' && args.length === 1 ? has(compiler, args[0] as ASTNode, scope) : undefined;
  }
  const [method, receiver, args] = node.args;
  if (method === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && args.length === 3)
    return bind(compiler, args as readonly ASTNode[] as readonly [ASTNode, ASTNode, ASTNode], scope);
  if ((method === 'optMap' || method === 'optFlatMap') && args.length === 2)
    return optionalMap(
      compiler,
      node,
      receiver,
      args as readonly ASTNode[] as readonly [ASTNode, ASTNode],
      method === 'optFlatMap',
      scope,
    );
  const shape = loops[`${method}/${args.length}`];
  if (shape === undefined) return undefined;
  const names: string[] = [];
  for (const part of args.slice(0, shape.names)) {
    if (part.op !== 'id') return compiler.fail(part, 'argument must be a simple name');
    names.push(part.args);
  }
  const range = compiler.compile(receiver, scope);
  if (!['list', 'map', 'dyn', 'param'].includes(range.type.kind))
    return compiler.fail(
      receiver,
      `expression of type '${formatType(range.type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
  return shape.loop(compiler, { node, range, names, bodies: args.slice(shape.names), scope });
}

/** Whether a field is set. */
function has(compiler: Compilation, argument: ASTNode, scope: Scope): Code {
  if (argument.op !== '.') return compiler.fail(argument, 'invalid argument to has() macro');
  const [from, field] = argument.args;
  const operand = compiler.compile(from, scope);
  const type = operand.type.kind === 'optional' ? operand.type.value : operand.type;
  if (fieldType(compiler, argument, type, field) === undefined) return broken;
  return {
    type: bool,
    run: (frame) => {
      const value = operand.run(frame);
      frame.meter.charge(1);
      const inner = value instanceof Optional ? value.value : value;
      if (inner === undefined) return false;
      if (inner instanceof CelMap) return inner.get(field) !== undefined;
      throw inner === null ? noSuchKey(field) : noSuchOverload();
    },
  };
}

function bind(
  compiler: Compilation,
  [name, init, body]: readonly [ASTNode, ASTNode, ASTNode],
  scope: Scope,
): Code {
  if (name.op !== 'id') return compiler.fail(name, 'cel.bind() variable names must be simple identifiers');
  const value = compiler.compile(init, scope);
  const local = compiler.local(value.type);
  const { type, run } = compiler.compile(body, scope.with(name.args, local));
  return {
    type,
    run: (frame) => {
      frame.slots[local.slot] = value.run(frame);
      frame.meter.charge(1);
      return run(frame);
    },
  };
}

function optionalMap(
  compiler: Compilation,
  node: ASTNode,
  receiver: ASTNode,
  [name, body]: readonly [ASTNode, ASTNode],
  isFlat: boolean,
  scope: Scope,
): Code {
  if (name.op !== 'id') return compiler.fail(name, 'optMap() variable name must be a simple identifier');
  const operand = compiler.compile(receiver, scope);
  if (operand.type.kind !== 'optional' && !isDynamic(operand.type))
    return compiler.fail(
      node,
      `found no matching overload for 'optMap' applied to '${formatType(operand.type)}'`,
    );
  const local = compiler.local(operand.type.kind === 'optional' ? operand.type.value : dyn);
  const mapped = compiler.compile(body, scope.with(name.args, local));
  return {
    type: isFlat ? mapped.type : optionalOf(mapped.type),
    run: (frame) => {
      const optional = operand.run(frame);
      frame.meter.charge(1);
      if (!(optional instanceof Optional)) throw noSuchOverload();
      if (optional.value === undefined) return optional;
      frame.slots[local.slot] = optional.value;
      const value = mapped.run(frame);
      if (!isFlat) return new Optional(value);
      if (value instanceof Optional) return value;
      throw noSuchOverload();
    },
  };
}

interface Names {
  readonly scope: Scope;
  readonly locals: readonly Local[];
}

function declare(compiler: Compilation, { range, names, scope }: LoopCall): Names {
  const { type } = range;
  const [key, value]: [Type, Type] =
    type.kind === 'list' ? [int, type.element] : type.kind === 'map' ? [type.key, type.value] : [dyn, dyn];
  const types = names.length === 2 ? [key, value] : [type.kind === 'list' ? value : key];
  const locals = types.map((each) => compiler.local(each));
  const inner = names.reduce((outer, name, index) => outer.with(name, locals[index] as Local), scope);
  return { scope: inner, locals };
}

/** Sets the names for each element in turn, as long as `step` wants more. */
function walk(range: Value, locals: readonly Local[], frame: Frame, step: () => boolean): void {
  const [first, second] = locals as readonly [Local, Local | undefined];
  const cost = readingCost((second ?? first).type);
  if (range instanceof CelList) {
    for (let index = 0; index < range.length; index++) {
      if (second !== undefined) frame.slots[first.slot] = BigInt(index);
      frame.slots[(second ?? first).slot] = range.at(index);
      if (cost > 0) frame.meter.charge(cost);
      if (!step()) return;
    }
    return;
  }
  if (!(range instanceof CelMap)) throw noSuchOverload();
  const keys = range.keys();
  frame.meter.charge(stepCosts.element * keys.length);
  for (const key of keys) {
    if (cost > 0) frame.meter.charge(cost);
    frame.slots[first.slot] = key;
    if (second !== undefined) frame.slots[second.slot] = range.get(key) ?? null;
    if (!step()) return;
  }
}

function predicate(compiler: Compilation, node: ASTNode, scope: Scope): Code {
  const code = compiler.compile(node, scope);
  if (code.type.kind === 'bool' || isDynamic(code.type)) return code;
  return compiler.fail(node, `expected type 'bool' but found '${formatType(code.type)}'`);
}

function isTrue(value: Value): boolean {
  if (typeof value !== 'boolean') throw noSuchOverload();
  return value;
}

/** `all` and `exists`: one element decides, and then others' errors do not count. */
function quantifier(deciding: boolean): Loop {
  return (compiler, call) => {
    const { scope, locals } = declare(compiler, call);
    const test = predicate(compiler, call.bodies[0] as ASTNode, scope);
    const perElement = deciding ? 4 : 3;
    return {
      type: bool,
      run: (frame) => {
        let result = !deciding;
        let problem: CelError | undefined;
        walk(call.range.run(frame), locals, frame, () => {
          frame.meter.charge(perElement);
          const value = attempt(test.run, frame);
          if (value === deciding) result = deciding;
          else if (value instanceof CelError) problem ??= value;
          else if (value !== !deciding) problem ??= noSuchOverload();
          return result !== deciding;
        });
        frame.meter.charge(1);
        if (problem !== undefined && result !== deciding) throw problem;
        return result;
      },
    };
  };
}

function existsOne(compiler: Compilation, call: LoopCall): Code {
  const { scope, locals } = declare(compiler, call);
  const test = predicate(compiler, call.bodies[0] as ASTNode, scope);
  return {
    type: bool,
    run: (frame) => {
      let count = 0;
      walk(call.range.run(frame), locals, frame, () => {
        frame.meter.charge(2);
        if (isTrue(test.run(frame))) count++;
        return true;
      });
      frame.meter.charge(2);
      return count === 1;
    },
  };
}

function filter(compiler: Compilation, call: LoopCall): Code {
  const { scope, locals } = declare(compiler, call);
  const test = predicate(compiler, call.bodies[0] as ASTNode, scope);
  const [local] = locals as readonly [Local];
  return {
    type: listOf(local.type, call.range.type.kind === 'list' ? call.range.type.identity : undefined),
    run: (frame) => {
      const kept: Value[] = [];
      walk(call.range.run(frame), locals, frame, () => {
        frame.meter.charge(2);
        if (isTrue(test.run(frame))) {
          frame.meter.charge(12);
          kept.push(frame.slots[local.slot] as Value);
        }
        return true;
      });
      frame.meter.charge(11);
      return new Items(kept);
    },
  };
}

/** The last body makes the element; one before it says which ones are wanted. */
function bodiesOf(
  compiler: Compilation,
  { bodies }: LoopCall,
  scope: Scope,
): { test: Code | undefined; body: Code } {
  const test = bodies.length > 1 ? predicate(compiler, bodies[0] as ASTNode, scope) : undefined;
  return { test, body: compiler.compile(bodies.at(-1) as ASTNode, scope) };
}

function transform(compiler: Compilation, call: LoopCall): Code {
  const { scope, locals } = declare(compiler, call);
  const { test, body } = bodiesOf(compiler, call, scope);
  return {
    type: listOf(body.type),
    run: (frame) => {
      const made: Value[] = [];
      walk(call.range.run(frame), locals, frame, () => {
        frame.meter.charge(1);
        if (test !== undefined && !isTrue(test.run(frame))) return true;
        frame.meter.charge(11);
        made.push(body.run(frame));
        return true;
      });
      frame.meter.charge(11);
      return new Items(made);
    },
  };
}

function transformMap(compiler: Compilation, call: LoopCall): Code {
  const { scope, locals } = declare(compiler, call);
  const { test, body } = bodiesOf(compiler, call, scope);
  const [key] = locals as readonly [Local];
  return {
    type: mapOf(key.type, body.type),
    run: (frame) => {
      const made: [Value, Value][] = [];
      walk(call.range.run(frame), locals, frame, () => {
        frame.meter.charge(1);
        if (test !== undefined && !isTrue(test.run(frame))) return true;
        frame.meter.charge(2);
        const name = frame.slots[key.slot] as Value;
        made.push([name, body.run(frame)]);
        return true;
      });
      frame.meter.charge(31);
      return new Entries(made);
    },
  };
}

function transformMapEntry(compiler: Compilation, call: LoopCall): Code {
  const { scope, locals } = declare(compiler, call);
  const { test, body } = bodiesOf(compiler, call, scope);
  return {
    type: body.type.kind === 'map' ? body.type : mapOf(dyn, dyn),
    run: (frame) => {
      const made: [Value, Value][] = [];
      walk(call.range.run(frame), locals, frame, () => {
        frame.meter.charge(1);
        if (test !== undefined && !isTrue(test.run(frame))) return true;
        const entry = body.run(frame);
        if (!(entry instanceof CelMap)) throw noSuchOverload();
        frame.meter.charge(1 + entry.size);
        for (const key of entry.keys()) made.push([key, entry.get(key) ?? null]);
        return true;
      });
      frame.meter.charge(31);
      return new Entries(made);
    },
  };
}

const sortable = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'timestamp', 'duration'];

function sortBy(compiler: Compilation, call: LoopCall): Code {
  const { scope, locals } = declare(compiler, call);
  const by = compiler.compile(call.bodies[0] as ASTNode, scope);
  const [local] = locals as readonly [Local];
  if (!sortable.includes(by.type.kind) && !isDynamic(by.type))
    return compiler.fail(
      call.node,
      `found no matching overload for 'sortBy' applied to '${formatType(by.type)}'`,
    );
  return {
    type: listOf(local.type),
    run: (frame) => {
      const keyed: { key: Value; value: Value }[] = [];
      walk(call.range.run(frame), locals, frame, () => {
        frame.meter.charge(12);
        keyed.push({ value: frame.slots[local.slot] as Value, key: by.run(frame) });
        return true;
      });
      frame.meter.charge(sortCost(keyed.map(({ key }) => key)));
      return new Items(keyed.toSorted((a, b) => compare(a.key, b.key)).map(({ value }) => value));
    },
  };
}
