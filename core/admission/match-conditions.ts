import { CelError } from '../cel/index.ts';
import type { CelBindings, CelProgram, CostBudget } from '../cel/index.ts';
import type { Evaluation } from './evaluation.ts';

export interface MatchCondition {
  readonly name: string;
  /** Text: why the expression cannot be compiled. */
  readonly program: CelProgram | string;
}

/**
 * Whether all conditions hold. One that does not decides, whatever errors others have come to; without one, the
 * first error does (apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go).
 */
export async function meetsConditions(
  conditions: readonly MatchCondition[],
  bindings: CelBindings,
  evaluation: Evaluation,
  budget: CostBudget,
): Promise<boolean> {
  let problem: Error | undefined;
  for (const { program } of conditions) {
    try {
      if (typeof program === 'string') throw new CelError(program);
      if ((await evaluation.evaluate(program, bindings, budget)) !== true) return false;
    } catch (error) {
      problem ??= error as Error;
    }
  }
  if (problem !== undefined) throw problem;
  return true;
}
