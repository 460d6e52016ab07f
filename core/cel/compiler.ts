import { CelError, noSuchOverload } from './errors.ts';
import type { Issue } from './errors.ts';
import { compileField, compileIndex } from './access.ts';
import { compileCall } from './calls.ts';
import { broken, constant, dottedName, placeOf, rootOf } from './compilation.ts';
import type { Compilation, Entry, Vocabulary } from './compilation.ts';
import { compileAnd, compileOr } from './logic.ts';
import { explainOperation, negate, operate, typeOfNegation, typeOfOperation } from './operators.ts';
import type { Operator } from './operators.ts';
import type { Code } from './program.ts';
import { Scope } from './scope.ts';
import type { Local } from './scope.ts';
import { spelled } from './syntax.ts';
import type { ASTNode } from './syntax.ts';
import {
  bool,
  bytes,
  double,
  dyn,
  formatType,
  int,
  isDynamic,
  join,
  listOf,
  mapOf,
  nullType,
  string,
  typeType,
  uint,
} from './types.ts';
import type { Type } from './types.ts';
import { Entries, Items, Optional, TypeValue, Uint } from './values.ts';
import type { Value } from './values.ts';

/** Deep enough for people; keeps the machine's own stack from being the limit. */
const maxDepth = 250;

const typeNames = new Set(
  (
    'bool bytes double dyn int list map null_type string type uint optional_type google.protobuf.Timestamp ' +
    'google.protobuf.Duration net.IP net.CIDR kubernetes.URL kubernetes.Quantity kubernetes.Semver kubernetes.NamedFormat'
  ).split(' '),
);

/** Checks an expression and makes it ready to run. */
export class Compiler implements Compilation {
  readonly issues: Issue[] = [];
  readonly vocabulary: Vocabulary;
  /** The environment's variables that the expression names. */
  readonly used = new Set<string>();
  readonly root: Scope;
  #slots: number;
  #depth = 0;

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    this.#slots = vocabulary.variables.length;
    this.root = new Scope(
      new Map(vocabulary.variables.map(({ name, type }, slot) => [name, { type, slot }])),
    );
  }

  local(type: Type): Local {
    return { type, slot: this.#slots++ };
  }

  fail(node: ASTNode, message: string): Code {
    this.issues.push({ offset: placeOf(node), message });
    return broken;
  }

  compile(node: ASTNode, scope: Scope): Code {
    if (this.#depth >= maxDepth) return this.fail(node, `expression recursion limit exceeded: ${maxDepth}`);
    this.#depth++;
    try {
      return this.#node(node, scope);
    } finally {
      this.#depth--;
    }
  }

  #node(node: ASTNode, scope: Scope): Code {
    switch (node.op) {
      case 'value':
        return this.#literal(node, node.args);
      case 'id':
        return this.#name(node, node.args, scope);
      case '.':
      case '.?':
        return this.#select(node, scope);
      case '[]':
      case '[?]':
        return compileIndex(this, node, scope);
      case 'call':
      case 'rcall':
        return compileCall(this, node, scope);
      case 'list':
        return this.list(node.args, scope);
      case 'map':
        return this.#map(node.args, scope);
      case '?:':
        return this.#choice(node, node.args, scope);
      case '||':
        return compileOr(this, node, scope);
      case '&&':
        return compileAnd(this, node, scope);
      case '!_':
        return this.#not(node, node.args, scope);
      case '-_':
        return this.#minus(node, node.args, scope);
      default:
        return this.#binary(node, node.op, node.args, scope);
    }
  }

  #literal(node: ASTNode, raw: unknown): Code {
    switch (typeof raw) {
      case 'bigint':
        if (raw > 9_223_372_036_854_775_807n) return this.fail(node, 'Syntax error: invalid int literal');
        return constant(raw, int);
      case 'number':
        return constant(raw, double);
      case 'string':
        return constant(raw, string);
      case 'boolean':
        return constant(raw, bool);
      default:
    }
    if (raw === null) return constant(null, nullType);
    if (raw instanceof Uint8Array) return constant(raw, bytes);
    return constant(new Uint((raw as { valueOf(): bigint }).valueOf()), uint);
  }

  #name(node: ASTNode, name: string, scope: Scope): Code {
    const local = scope.find(name);
    if (local !== undefined) return this.read(name, local);
    if (typeNames.has(name)) return constant(new TypeValue(name), typeType);
    return this.fail(node, `undeclared reference to '${name}' (in container '')`);
  }

  /** The value of a variable, or of a macro's own name. */
  read(name: string, { slot, type }: Local): Code {
    const isVariable = slot < this.vocabulary.variables.length;
    if (isVariable) this.used.add(name);
    return {
      type,
      run: (frame) => {
        frame.meter.charge(1);
        return frame.slots[slot] ?? (isVariable && frame.slots[slot] === undefined ? frame.load(slot) : null);
      },
    };
  }

  #select(node: ASTNode & { readonly op: '.' | '.?' }, scope: Scope): Code {
    const qualified = dottedName(node);
    if (qualified !== undefined && typeNames.has(qualified) && scope.find(rootOf(node)) === undefined)
      return constant(new TypeValue(qualified), typeType);
    // A variable's name may have a dot, as "authorizer.requestResource" has.
    const local = qualified === undefined ? undefined : scope.find(qualified);
    if (qualified !== undefined && local !== undefined) return this.read(qualified, local);
    return compileField(this, node, scope);
  }

  list(nodes: readonly ASTNode[], scope: Scope, isMixed = false): Code {
    const parts = nodes.map((node) => this.#entry(node, scope));
    let element: Type = dyn;
    parts.forEach(({ code, isOptional }, index) => {
      const type = isOptional ? valueType(code.type) : code.type;
      element = isMixed ? dyn : index === 0 ? type : this.#unify(nodes[index] as ASTNode, element, type);
    });
    return {
      type: listOf(parts.length === 0 ? { kind: 'param', name: '_' } : element),
      run: (frame) => {
        const values: Value[] = [];
        for (const { code, isOptional } of parts) {
          const value = code.run(frame);
          if (!isOptional) values.push(value);
          else if (present(value) !== undefined) values.push(present(value) as Value);
        }
        frame.meter.charge(10);
        return new Items(values);
      },
    };
  }

  /** Literals have elements of one type; whoever wants others says dyn(…). */
  #unify(node: ASTNode, known: Type, type: Type): Type {
    const joined = join(known, type);
    if (joined !== undefined) return joined;
    this.fail(node, `expected type '${formatType(known)}' but found '${formatType(type)}'`);
    return dyn;
  }

  /** An element or a key that may be marked to be left out when it is absent. */
  #entry(node: ASTNode, scope: Scope): { code: Code; isOptional: boolean } {
    const [name, [inner]] = node.op === 'call' ? node.args : ['', []];
    if (name !== spelled.optional || inner === undefined)
      return { code: this.compile(node, scope), isOptional: false };
    return { code: this.compile(inner, scope), isOptional: true };
  }

  #map(pairs: readonly (readonly [ASTNode, ASTNode])[], scope: Scope): Code {
    const entries = this.entries(pairs, scope);
    let [keys, values]: [Type, Type] = [dyn, dyn];
    entries.forEach(({ key, value, isOptional }, index) => {
      const type = isOptional ? valueType(value.type) : value.type;
      const [keyNode, valueNode] = pairs[index] as readonly [ASTNode, ASTNode];
      keys = index === 0 ? key.type : this.#unify(keyNode, keys, key.type);
      values = index === 0 ? type : this.#unify(valueNode, values, type);
    });
    const free: Type = { kind: 'param', name: '_' };
    return {
      type: pairs.length === 0 ? mapOf(free, free) : mapOf(keys, values),
      run: this.mapRun(entries, 30),
    };
  }

  entries(pairs: readonly (readonly [ASTNode, ASTNode])[], scope: Scope): readonly Entry[] {
    return pairs.map(([keyNode, valueNode]) => {
      const { code, isOptional } = this.#entry(keyNode, scope);
      return { key: code, value: this.compile(valueNode, scope), isOptional };
    });
  }

  mapRun(entries: readonly Entry[], cost: number, typeName?: string): Code['run'] {
    return (frame) => {
      const found: [Value, Value][] = [];
      for (const { key, value, isOptional } of entries) {
        const name = key.run(frame);
        const raw = value.run(frame);
        const given = isOptional ? present(raw) : raw;
        if (given !== undefined) found.push([name, given]);
      }
      frame.meter.charge(cost);
      return new Entries(found, typeName);
    };
  }

  #choice(node: ASTNode, [condition, yes, no]: readonly [ASTNode, ASTNode, ASTNode], scope: Scope): Code {
    const [test, left, right] = [condition, yes, no].map((part) => this.compile(part, scope)) as [
      Code,
      Code,
      Code,
    ];
    const type = join(left.type, right.type);
    if (type === undefined || (test.type.kind !== 'bool' && !isDynamic(test.type)))
      return this.fail(
        node,
        `found no matching overload for '_?_:_' applied to '(${[test, left, right].map((part) => formatType(part.type)).join(', ')})'`,
      );
    return {
      type,
      run: (frame) => {
        const value = test.run(frame);
        if (value === true) return left.run(frame);
        if (value === false) return right.run(frame);
        throw noSuchOverload();
      },
    };
  }

  #not(node: ASTNode, operand: ASTNode, scope: Scope): Code {
    const { type, run } = this.compile(operand, scope);
    if (type.kind !== 'bool' && !isDynamic(type))
      return this.fail(node, `found no matching overload for '!_' applied to '(${formatType(type)})'`);
    return {
      type: bool,
      run: (frame) => {
        const value = run(frame);
        frame.meter.charge(1);
        if (typeof value !== 'boolean') throw noSuchOverload();
        return !value;
      },
    };
  }

  #minus(node: ASTNode, operand: ASTNode, scope: Scope): Code {
    // The smallest int has no positive counterpart.
    if (operand.op === 'value' && operand.args === 9_223_372_036_854_775_808n)
      return constant(-9_223_372_036_854_775_808n, int);
    const inner = this.compile(operand, scope);
    if (operand.op === 'value' && (typeof operand.args === 'bigint' || typeof operand.args === 'number'))
      return constant(-operand.args, inner.type);
    const type = typeOfNegation(inner.type);
    if (type === undefined)
      return this.fail(node, `found no matching overload for '-_' applied to '(${formatType(inner.type)})'`);
    return {
      type,
      run: (frame) => {
        frame.meter.charge(1);
        return negate(inner.run(frame));
      },
    };
  }

  #binary(node: ASTNode, operator: Operator, [a, b]: readonly [ASTNode, ASTNode], scope: Scope): Code {
    const [left, right] = [this.compile(a, scope), this.compile(b, scope)];
    const type = typeOfOperation(operator, left.type, right.type);
    if (type === undefined) return this.fail(node, explainOperation(operator, left.type, right.type));
    return { type, run: (frame) => operate(operator, left.run(frame), right.run(frame), frame.meter) };
  }
}

function present(value: Value): Value | undefined {
  if (value instanceof Optional) return value.value;
  throw new CelError('cannot leave out an entry that is not optional');
}

function valueType(type: Type): Type {
  return type.kind === 'optional' ? type.value : dyn;
}
