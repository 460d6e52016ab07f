import type { UserInfo } from '../../../api/verbs.ts';
import {
  bool,
  CelEnvironment,
  CelError,
  CelList,
  CostBudget,
  costLimits,
  dyn,
  listOf,
  mapOf,
  objectOf,
  string,
} from '../../../cel/index.ts';
import type { CelProgram, Value } from '../../../cel/index.ts';
import type { Claims } from '../jws.ts';
import { claimOf, groupsByClaim, nameByClaim } from './issuer.ts';

/** What names something of a user: a claim, with what goes before it, or an expression of all claims. */
export type Mapping =
  | { readonly kind: 'claim'; readonly claim: string; readonly prefix: string }
  | { readonly kind: 'expression'; readonly program: CelProgram };

export interface ClaimRules {
  readonly username: Mapping;
  readonly groups: Mapping | undefined;
  readonly uid: Mapping | undefined;
  readonly extra: readonly { readonly key: string; readonly program: CelProgram }[];
  /** What a token must say. */
  readonly required: readonly { readonly claim: string; readonly value: string }[];
  readonly claimRules: readonly Rule[];
  readonly userRules: readonly Rule[];
}

export interface Rule {
  readonly program: CelProgram;
  readonly expression: string;
  readonly message: string;
}

/** As upstream declares them (apiserver/pkg/authentication/cel/compile.go). */
const ofClaims = new CelEnvironment({ claims: mapOf(string, dyn) });
const ofUser = new CelEnvironment({
  user: objectOf(
    'kubernetes.UserInfo',
    { username: string, uid: string, groups: listOf(string), extra: mapOf(string, listOf(string)) },
    (key) => key,
  ),
});

/** @throws CelCompileError */
export function compileMapping(expression: string): CelProgram {
  return ofClaims.compile(expression);
}

/** @throws CelCompileError */
export function compileClaimRule(expression: string): CelProgram {
  return ofClaims.compile(expression, bool);
}

/** @throws CelCompileError */
export function compileUserRule(expression: string): CelProgram {
  return ofUser.compile(expression, bool);
}

/**
 * Who a genuine token stands for, by the rules and in the order of upstream's oidc.go. Undefined where a claim is not
 * what it must be; throws where an expression comes to an error or a rule does not hold.
 */
export function userByRules(rules: ClaimRules, claims: Claims): UserInfo | undefined {
  // What one token may cost: whoever signed it has a say in how long expressions take.
  const budget = new CostBudget(costLimits.matchConditions);
  const evaluate = (program: CelProgram) => program.evaluate({ claims }, budget);
  const name = textBy(rules.username, claims, evaluate, 'username');
  const groups = groupsBy(rules.groups, claims, evaluate);
  const uid = rules.uid === undefined ? '' : textBy(rules.uid, claims, evaluate, 'uid');
  if (name === undefined || name === '' || groups === undefined || uid === undefined) return undefined;
  const extra = rules.extra
    .map(({ key, program }) => [key, textsOf(evaluate(program), `extra[${key}]`)] as const)
    .filter(([, values]) => values.length > 0);
  if (rules.required.some(({ claim, value }) => claimOf(claims, claim) !== value)) return undefined;
  for (const rule of rules.claimRules) require(evaluate(rule.program), rule);
  const user = { name, groups, ...(uid === '' ? {} : { uid }), ...extraOf(extra) };
  const shown = { username: name, uid, groups, extra: Object.fromEntries(extra) };
  for (const rule of rules.userRules) require(rule.program.evaluate({ user: shown }, budget), rule);
  return user;
}

function textBy(
  mapping: Mapping,
  claims: Claims,
  evaluate: (program: CelProgram) => Value,
  what: string,
): string | undefined {
  if (mapping.kind === 'claim') {
    const name = nameByClaim(claims, mapping.claim);
    return name === undefined ? undefined : `${mapping.prefix}${name}`;
  }
  const value = evaluate(mapping.program);
  if (typeof value !== 'string') throw new CelError(`${what} claim expression must return a string`);
  return value;
}

function groupsBy(
  mapping: Mapping | undefined,
  claims: Claims,
  evaluate: (program: CelProgram) => Value,
): readonly string[] | undefined {
  if (mapping === undefined) return [];
  if (mapping.kind === 'claim') return groupsByClaim(claims, mapping.claim, mapping.prefix);
  return textsOf(evaluate(mapping.program), 'groups');
}

/** One text, several, or none; empty ones count for nothing. */
function textsOf(value: Value, what: string): readonly string[] {
  const values = value === null ? [] : value instanceof CelList ? value.toArray() : [value];
  if (!values.every((one) => typeof one === 'string'))
    throw new CelError(`${what} expression must return a string or a list of strings`);
  return values.filter((one) => one !== '');
}

function extraOf(extra: readonly (readonly [string, readonly string[]])[]): Pick<UserInfo, 'extra'> {
  return extra.length === 0 ? {} : { extra: Object.fromEntries(extra) };
}

function require(holds: Value, { expression, message }: Rule): void {
  if (holds === true) return;
  if (holds !== false) throw new CelError(`validation expression '${expression}' must return a boolean`);
  throw new CelError(`validation expression '${expression}' failed: ${message}`);
}
