import { CelError, CelMap, costLimits, PendingTurn } from '../../cel/index.ts';
import type { CelBindings, CostBudget, Value } from '../../cel/index.ts';
import type { CompiledVariable } from './compiled.ts';

/**
 * The variables of a policy: each is worked out when the first expression asks for it, and then known. One expression
 * may ask for many, and what all of them take would be too long for others: it is run again then, after their turn.
 */
export class LazyVariables extends CelMap {
  /** What expressions see: the variables, and what there is beside them. */
  readonly bindings: CelBindings;
  readonly #variables: readonly CompiledVariable[];
  readonly #budget: CostBudget;
  readonly #known = new Map<string, Value | CelError>();
  #spentInTurn = 0;

  constructor(variables: readonly CompiledVariable[], bindings: CelBindings, budget: CostBudget) {
    super();
    this.#variables = variables;
    this.#budget = budget;
    this.bindings = { ...bindings, variables: this };
  }

  get size(): number {
    return this.#variables.length;
  }

  keys(): readonly Value[] {
    return this.#variables.map(({ name }) => name);
  }

  get(name: Value): Value | undefined {
    const variable = this.#variables.find((each) => each.name === name);
    if (variable === undefined) return undefined;
    const known = this.#known.get(variable.name);
    const value = known === undefined ? this.#evaluate(variable) : known;
    if (value instanceof CelError) throw value;
    return value;
  }

  #evaluate({ name, program }: CompiledVariable): Value | CelError {
    if (typeof program === 'string')
      return new CelError(`composited variable "${name}" fails to compile: ${program}`);
    const before = this.#budget.remaining;
    let value: Value | CelError;
    try {
      value = program.evaluate(this.bindings, this.#budget);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      value = new CelError(`composited variable "${name}" fails to evaluate: ${error.message}`, {
        cause: error,
      });
    }
    this.#known.set(name, value);
    this.#spentInTurn += before - this.#budget.remaining;
    if (this.#spentInTurn > costLimits.perTurn) {
      this.#spentInTurn = 0;
      throw new PendingTurn(`Cannot go on with variable "${name}" before others have had a turn`);
    }
    return value;
  }
}
