import { deepEqual, exceedsDepth, isObject } from '../json.ts';
import { arrayIndex, formatJsonPointer, parseJsonPointer } from './json-pointer.ts';
import { PatchError, type PatchErrorReason } from './patch-error.ts';

export interface JsonPatchLimits {
  /** 10,000 unless given, as upstream. */
  readonly maxOperations?: number;
  /** What all copy operations together may add, in bytes of JSON, roughly; 3 MiB unless given. */
  readonly maxCopiedBytes?: number;
  /** Levels of nesting of the result; 512 unless given. */
  readonly maxDepth?: number;
}

/** Elements that all insertions into and removals from lists may shift: keeps many of them at the head of a long list cheap. */
const maxShifted = 50_000_000;

type Container = Record<string, unknown> | unknown[];

/**
 * Applies a JSON Patch (RFC 6902). Pure: the target and the patch stay as they are, and the result shares what
 * no operation touched. Either all operations apply or none.
 * @throws PatchError
 */
export function applyJsonPatch(target: unknown, operations: unknown, limits: JsonPatchLimits = {}): unknown {
  const { maxOperations = 10_000, maxCopiedBytes = 3 * 1024 * 1024, maxDepth = 512 } = limits;
  if (!Array.isArray(operations))
    throw new PatchError('invalid', 'Cannot apply JSON patch: it is not a list of operations');
  if (operations.length > maxOperations) {
    throw new PatchError(
      'too-large',
      `Cannot apply JSON patch: the allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`,
    );
  }
  const document = new Document(target, maxCopiedBytes, maxDepth);
  for (let index = 0; index < operations.length; index++) document.apply(operations[index], index);
  if (exceedsDepth(document.value, maxDepth)) {
    throw new PatchError(
      'too-large',
      `Cannot apply JSON patch: the result is nested more than ${maxDepth} levels deep`,
    );
  }
  return document.value;
}

class Document {
  value: unknown;
  /** Containers made here, which no one else sees: they may be changed in place. */
  readonly #owned = new Set<unknown>();
  #copyBudget: number;
  readonly #maxDepth: number;
  #shiftBudget = maxShifted;
  /** The operation under way, for messages. */
  #current = '';

  constructor(value: unknown, copyBudget: number, maxDepth: number) {
    this.value = value;
    this.#copyBudget = copyBudget;
    this.#maxDepth = maxDepth;
  }

  apply(operation: unknown, index: number): void {
    this.#current = `operation ${index}`;
    if (!isObject(operation)) throw this.#error('invalid', 'it is not an object');
    const { op } = operation;
    if (typeof op !== 'string') throw this.#error('invalid', 'it has no "op"');
    const path = this.#pointer(operation['path'], 'path');
    this.#current = `operation ${index} (${op} ${JSON.stringify(operation['path'])})`;
    switch (op) {
      case 'add':
        return this.#add(path, this.#valueOf(operation));
      case 'remove':
        this.#remove(path);
        return;
      case 'replace':
        return this.#replace(path, this.#valueOf(operation));
      case 'move':
        return this.#move(this.#pointer(operation['from'], 'from'), path);
      case 'copy':
        return this.#add(path, this.#clone(this.#read(this.#pointer(operation['from'], 'from'))));
      case 'test':
        if (deepEqual(this.#read(path), this.#valueOf(operation))) return;
        throw this.#error('does-not-fit', 'the value there is another');
      default:
        throw this.#error('invalid', 'there is no such operation');
    }
  }

  #valueOf(operation: Readonly<Record<string, unknown>>): unknown {
    if (!Object.hasOwn(operation, 'value')) throw this.#error('invalid', 'it has no "value"');
    return operation['value'];
  }

  #pointer(text: unknown, member: string): string[] {
    const tokens = typeof text === 'string' ? parseJsonPointer(text) : undefined;
    if (tokens === undefined) throw this.#error('invalid', `its "${member}" is not a JSON pointer`);
    if (tokens.includes('__proto__')) throw this.#error('invalid', `its "${member}" names "__proto__"`);
    return tokens;
  }

  #read(path: readonly string[]): unknown {
    let value = this.value;
    for (let depth = 0; depth < path.length; depth++) value = this.#member(value, path, depth);
    return value;
  }

  #add(path: readonly string[], value: unknown): void {
    const token = path.at(-1);
    if (token === undefined) {
      this.value = value;
      return;
    }
    const parent = this.#ownParent(path);
    if (!Array.isArray(parent)) {
      parent[token] = value;
      return;
    }
    const index = token === '-' ? parent.length : arrayIndex(token);
    if (index === undefined || index > parent.length) throw this.#missing(path);
    this.#shift(parent.length - index);
    parent.splice(index, 0, value);
  }

  #remove(path: readonly string[]): unknown {
    const token = path.at(-1);
    if (token === undefined) throw this.#error('invalid', 'the whole object cannot be removed');
    const parent = this.#ownParent(path);
    const value = this.#member(parent, path, path.length - 1);
    if (Array.isArray(parent)) {
      const index = Number(token);
      this.#shift(parent.length - index);
      parent.splice(index, 1);
    } else {
      delete parent[token];
    }
    return value;
  }

  #replace(path: readonly string[], value: unknown): void {
    const token = path.at(-1);
    if (token === undefined) {
      this.value = value;
      return;
    }
    const parent = this.#ownParent(path);
    this.#member(parent, path, path.length - 1);
    if (Array.isArray(parent)) parent[Number(token)] = value;
    else parent[token] = value;
  }

  #move(from: readonly string[], to: readonly string[]): void {
    const within = to.length > from.length && from.every((token, depth) => token === to[depth]);
    if (within) throw this.#error('invalid', 'a value cannot be moved into itself');
    if (from.length === to.length && from.every((token, depth) => token === to[depth])) {
      this.#read(from);
      return;
    }
    this.#add(to, this.#remove(from));
  }

  /** The container that holds the last token, with every container on the way to it copied once. */
  #ownParent(path: readonly string[]): Container {
    this.value = this.#own(this.value, path, 0);
    let container = this.value as Container;
    for (let depth = 0; depth < path.length - 1; depth++) {
      const child = this.#own(this.#member(container, path, depth), path, depth + 1);
      (container as Record<string, unknown>)[path[depth] as string] = child;
      container = child;
    }
    return container;
  }

  #own(value: unknown, path: readonly string[], depth: number): Container {
    if (this.#owned.has(value)) return value as Container;
    if (typeof value !== 'object' || value === null) throw this.#missing(path.slice(0, depth + 1));
    const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as Record<string, unknown>) };
    this.#owned.add(copy);
    return copy;
  }

  #member(container: unknown, path: readonly string[], depth: number): unknown {
    const token = path[depth] as string;
    if (Array.isArray(container)) {
      const index = arrayIndex(token);
      if (index !== undefined && index < container.length) return container[index];
    } else if (isObject(container) && Object.hasOwn(container, token)) {
      return container[token];
    }
    throw this.#missing(path.slice(0, depth + 1));
  }

  /** A copy of its own for a second place, so that what is owned has one place only. */
  #clone(value: unknown, depthLeft = this.#maxDepth): unknown {
    this.#copyBudget -= typeof value === 'string' ? value.length + 3 : 6;
    if (this.#copyBudget < 0) throw this.#error('too-large', 'the patch copies too much');
    if (typeof value !== 'object' || value === null) return value;
    if (depthLeft === 0)
      throw this.#error('too-large', `it copies more than ${this.#maxDepth} levels of nesting`);
    if (Array.isArray(value)) {
      const copy = value.map((item) => this.#clone(item, depthLeft - 1));
      this.#owned.add(copy);
      return copy;
    }
    const copy: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      this.#copyBudget -= key.length + 3;
      copy[key] = this.#clone(member, depthLeft - 1);
    }
    this.#owned.add(copy);
    return copy;
  }

  #shift(elements: number): void {
    this.#shiftBudget -= elements;
    if (this.#shiftBudget < 0) throw this.#error('too-large', 'the patch moves too many list elements');
  }

  #missing(path: readonly string[]): PatchError {
    return this.#error('does-not-fit', `there is nothing at ${JSON.stringify(formatJsonPointer(path))}`);
  }

  #error(reason: PatchErrorReason, message: string): PatchError {
    return new PatchError(reason, `Cannot apply JSON patch: ${this.#current}: ${message}`);
  }
}
