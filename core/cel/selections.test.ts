import { expect, test } from 'vitest';
import { selects } from './selections.ts';

test.each([
  'claims.email',
  '"a" + claims.email',
  'claims.?email.orValue("")',
  'claims["email"]',
  'has(claims.email) ? "a" : "b"',
  '[1].exists(i, claims.email == "a")',
  '{"a": claims.email.size()}.a',
])('an expression reads a member of a variable: %s', (expression) => {
  expect(selects(expression, 'claims', 'email')).toBe(true);
});

test.each(['claims.sub', 'user.email', '"claims.email"', 'claims.a.email', 'claims'])(
  'an expression does not: %s',
  (expression) => {
    expect(selects(expression, 'claims', 'email')).toBe(false);
  },
);
