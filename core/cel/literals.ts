import type { Compilation } from './compilation.ts';
import { CostBudget } from './cost.ts';
import { CelError } from './errors.ts';
import type { Overload } from './functions.ts';
import type { ASTNode } from './syntax.ts';

/** Calls whose text is looked at where it is written: which argument it is, and what stands before it. */
const checked: Readonly<Record<string, { readonly isMember: boolean; readonly before: readonly string[] }>> =
  {
    duration: { isMember: false, before: [] },
    timestamp: { isMember: false, before: [] },
    matches: { isMember: true, before: [''] },
  };

/**
 * Reports a time, a length of time or a pattern that is written down and is none, which no evaluation could come to
 * anything with (cel-go: ValidateDurationLiterals, ValidateTimestampLiterals, ValidateRegexLiterals).
 */
export function checkLiteral(
  compiler: Compilation,
  name: string,
  isMember: boolean,
  nodes: readonly ASTNode[],
  overloads: readonly Overload[],
): void {
  const check = Object.hasOwn(checked, name) ? checked[name] : undefined;
  if (check === undefined || check.isMember !== isMember) return;
  const literal = nodes[check.before.length];
  const [chosen] = overloads;
  if (literal?.op !== 'value' || typeof literal.args !== 'string' || chosen === undefined) return;
  const values = [...check.before, literal.args];
  try {
    if (chosen.spend === undefined) chosen.call(...values);
    else chosen.spend(new CostBudget().meter(), ...values);
  } catch (error) {
    // What is only too expensive is told when it is run.
    if (error instanceof CelError) compiler.fail(literal, `invalid ${name} argument`);
  }
}
