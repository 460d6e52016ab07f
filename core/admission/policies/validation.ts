import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { CelCostError, CelError, CostBudget, costLimits } from '../../cel/index.ts';
import type { CelBindings, CelProgram, Value } from '../../cel/index.ts';
import type { Evaluation } from '../evaluation.ts';
import { meetsConditions } from '../match-conditions.ts';
import type { CompiledValidation, PolicyCore, ValidatingPolicy } from './compiled.ts';
import { LazyVariables } from './variables.ts';

/** What one of a policy's expressions has against a write. */
export interface Refusal {
  readonly message: string;
  readonly reason: string | undefined;
  /** Place of the expression within the policy. */
  readonly index: number;
}

export interface Verdict {
  readonly refusals: readonly Refusal[];
  /** Notes for the audit log, by key. */
  readonly annotations: ReadonlyMap<string, string>;
}

const nothing: Verdict = { refusals: [], annotations: new Map() };
/** Upstream: celconfig.MaxEvaluatedMessageExpressionSizeBytes. */
const maxMessageBytes = 5 * 1024;

/** Evaluates a policy with one parameter (apiserver/pkg/admission/plugin/policy/validating/validator.go). */
export async function judge(
  policy: ValidatingPolicy,
  param: KubernetesObject | undefined,
  form: KindDeclaration,
  evaluation: Evaluation,
): Promise<Verdict> {
  const bindings = { ...(await evaluation.bindings(form)), params: param ?? null };
  const refusals: Refusal[] = [];
  const refuse = (error: unknown, index: number) => {
    const message = ownFault(error);
    if (policy.failsClosed) refusals.push({ message, reason: undefined, index });
  };
  try {
    if (!(await applies(policy, bindings, evaluation))) return nothing;
  } catch (error) {
    refuse(error, 0);
    return { ...nothing, refusals };
  }
  const budget = new CostBudget();
  const all = new LazyVariables(policy.variables, bindings, budget).bindings;
  for (const [index, validation] of policy.validations.entries()) {
    const { expression, program, reason } = validation;
    try {
      if ((await run(expression, program, all, evaluation, budget)) === true) continue;
      refusals.push({ message: await messageOf(validation, all, evaluation, budget), reason, index });
    } catch (error) {
      refuse(error, index);
    }
  }
  const annotations = new Map<string, string>();
  for (const { key, program } of policy.auditAnnotations) {
    try {
      const value = await run(key, program, all, evaluation, budget);
      if (typeof value === 'string' && value.trim() !== '') annotations.set(key, value.trim());
    } catch (error) {
      refuse(error, policy.validations.length);
    }
  }
  return { refusals, annotations };
}

/** Whether the policy's conditions are met. @throws CelError, CelCostError */
export function applies(policy: PolicyCore, bindings: CelBindings, evaluation: Evaluation): Promise<boolean> {
  if (policy.conditions.length === 0) return Promise.resolve(true);
  const budget = new CostBudget(costLimits.matchConditions);
  return meetsConditions(policy.conditions, bindings, evaluation, budget);
}

/** @throws CelError in upstream's words (apiserver/pkg/admission/plugin/cel/condition.go) */
export async function run(
  expression: string,
  program: CelProgram | string,
  bindings: CelBindings,
  evaluation: Evaluation,
  budget: CostBudget,
): Promise<Value> {
  if (typeof program === 'string') throw new CelError(program);
  if (budget.isSpent) throw new CelError(spent);
  try {
    return await evaluation.evaluate(program, bindings, budget);
  } catch (error) {
    if (error instanceof CelCostError && budget.isSpent) throw new CelError(spent, { cause: error });
    if (!(error instanceof CelError || error instanceof CelCostError)) throw error;
    throw new CelError(`expression '${expression}' resulted in error: ${error.message}`, { cause: error });
  }
}

const spent = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** The text of what is the policy's own fault; anything else is thrown on. */
export function ownFault(error: unknown): string {
  if (error instanceof CelError || error instanceof CelCostError) return error.message;
  throw error;
}

/** What a policy says of a failure: its own expression's text, its text, or the expression that failed. */
async function messageOf(
  { expression, message, messageProgram }: CompiledValidation,
  bindings: CelBindings,
  evaluation: Evaluation,
  budget: CostBudget,
): Promise<string> {
  const plain = message.trim() === '' ? `failed expression: ${expression.trim()}` : message.trim();
  if (messageProgram === undefined) return plain;
  try {
    const text = await evaluation.evaluate(messageProgram, bindings, budget);
    if (typeof text !== 'string' || Buffer.byteLength(text) > maxMessageBytes) return plain;
    const trimmed = text.trim();
    return trimmed === '' || trimmed.includes('\n') ? plain : trimmed;
  } catch (error) {
    ownFault(error);
    return plain;
  }
}
