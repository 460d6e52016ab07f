import { CelError } from './errors.ts';
import type { Meter } from './cost.ts';
import type { Type } from './types.ts';
import { adapt } from './values.ts';
import type { Value } from './values.ts';

/** What variables stand for: data as JSON has it, or values. */
export type CelBindings = Readonly<Record<string, unknown>>;

/** A part of an expression, ready to run. */
export interface Code {
  readonly type: Type;
  readonly run: (frame: Frame) => Value;
}

export interface Variable {
  readonly name: string;
  readonly type: Type;
}

/** One evaluation: its variables and its costs. */
export class Frame {
  readonly meter: Meter;
  /** Values of the environment's variables as they are asked for, then of those that macros bring. */
  readonly slots: (Value | undefined)[] = [];
  readonly #variables: readonly Variable[];
  readonly #bindings: CelBindings;

  constructor(variables: readonly Variable[], bindings: CelBindings, meter: Meter) {
    this.#variables = variables;
    this.#bindings = bindings;
    this.meter = meter;
  }

  /** The value of one of the environment's variables, adapted once. */
  load(slot: number): Value {
    const { name, type } = this.#variables[slot] as Variable;
    const raw = this.#bindings[name];
    if (raw === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return (this.slots[slot] = adapt(raw, type));
  }
}
