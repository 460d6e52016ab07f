import type { Type } from './types.ts';

/** A name within an expression, and where its value is. */
export interface Local {
  readonly type: Type;
  readonly slot: number;
}

/** The names that a part of an expression may use. */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #locals: ReadonlyMap<string, Local>;

  constructor(locals: ReadonlyMap<string, Local>, parent?: Scope) {
    this.#locals = locals;
    this.#parent = parent;
  }

  find(name: string): Local | undefined {
    return this.#locals.get(name) ?? this.#parent?.find(name);
  }

  with(name: string, local: Local): Scope {
    return new Scope(new Map([[name, local]]), this);
  }
}
