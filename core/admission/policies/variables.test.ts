import { expect, test } from 'vitest';
import { CostBudget, costLimits, PolicyCompiler } from '../../cel/index.ts';
import type { Attributes } from '../attributes.ts';
import { Evaluation } from '../evaluation.ts';
import type { CompiledVariable } from './compiled.ts';
import { LazyVariables } from './variables.ts';

const compiler = new PolicyCompiler({ hasParams: false });
const declare = (name: string, expression: string): CompiledVariable => ({
  name,
  program: compiler.variable(name, expression),
});
const numbers = Array.from({ length: 200 }, (_, index) => index);
const expensive = 'object.numbers.all(x, object.numbers.all(y, x + y >= 0))';

test('an expression that asks for many expensive variables lets others have their turns', async () => {
  const variables = ['a', 'b', 'c', 'd'].map((name) => declare(name, expensive));
  const program = compiler.validation('variables.a && variables.b && variables.c && variables.d');
  const budget = new CostBudget();
  const { bindings } = new LazyVariables(variables, { object: { numbers } }, budget);
  const evaluation = new Evaluation(
    {} as Attributes,
    () => Promise.resolve(undefined),
    () => Promise.reject(new Error('nobody asks')),
  );
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await expect(evaluation.evaluate(program, bindings, budget)).resolves.toBe(true);
  done = true;
  expect(turns).toBeGreaterThanOrEqual(variables.length - 1);
  const spent = costLimits.perRequest - budget.remaining;
  // Each was worked out once, though the expression was run again and again.
  expect(spent).toBeLessThan(5 * 330_000);
});

test('a cheap variable is worked out within the expression that asks for it', () => {
  const variables = [declare('cheap', 'object.numbers.size()')];
  const { bindings } = new LazyVariables(variables, { object: { numbers } }, new CostBudget());
  expect(compiler.validation('variables.cheap == 200').evaluate(bindings)).toBe(true);
});
