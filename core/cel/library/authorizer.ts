import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Opaque } from '../values.ts';

/** A question to the authorizer; a path, or a verb on a resource. */
export interface AuthorizationQuestion {
  /** Somebody else than who sent the request. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined;
  readonly verb: string;
  readonly path: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** To what the question is narrowed, as selectors are written; "" for all there is. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Thrown by an `Ask` that has no answer yet: ends the evaluation, which is run again once there is one. */
export class PendingQuestion extends Error {
  override readonly name = 'PendingQuestion';
  readonly question: AuthorizationQuestion;

  constructor(question: AuthorizationQuestion) {
    super('waiting for the authorizer');
    this.question = question;
  }
}

export type Ask = (question: AuthorizationQuestion) => AuthorizationAnswer;

const nothing: AuthorizationQuestion = {
  serviceAccount: undefined,
  verb: '',
  path: undefined,
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
};

const prefix = 'kubernetes.authorization';
const types = {
  authorizer: `${prefix}.Authorizer`,
  path: `${prefix}.PathCheck`,
  group: `${prefix}.GroupCheck`,
  resource: `${prefix}.ResourceCheck`,
  decision: `${prefix}.Decision`,
};
export const authorizerType = types.authorizer;
export const resourceCheckType = types.resource;

class Check extends Opaque {
  readonly typeName: string;
  readonly ask: Ask;
  readonly question: AuthorizationQuestion;

  constructor(typeName: string, ask: Ask, question: AuthorizationQuestion) {
    super();
    this.typeName = typeName;
    this.ask = ask;
    this.question = question;
  }

  with(typeName: string, more: Partial<AuthorizationQuestion>): Check {
    return new Check(typeName, this.ask, { ...this.question, ...more });
  }
}

class Decision extends Opaque {
  readonly typeName = types.decision;
  readonly answer: AuthorizationAnswer;
  readonly error: string | undefined;

  constructor(answer: AuthorizationAnswer, error: string | undefined) {
    super();
    this.answer = answer;
    this.error = error;
  }
}

/** What the variable `authorizer` stands for. */
export function authorizer(ask: Ask): Opaque {
  return new Check(types.authorizer, ask, nothing);
}

/** What the variable `authorizer.requestResource` stands for. */
export function requestResource(ask: Ask, about: Partial<AuthorizationQuestion>): Opaque {
  return new Check(types.resource, ask, { ...nothing, ...about });
}

function decide(check: Check, verb: string): Decision {
  try {
    return new Decision(check.ask({ ...check.question, verb }), undefined);
  } catch (error) {
    if (error instanceof PendingQuestion) throw error;
    return new Decision({ allowed: false, reason: '' }, (error as Error).message);
  }
}

const expensive = () => 350_000;
const { resource } = types;

/** Questions to the cluster's authorizer (apiserver/pkg/cel/library/authz.go). */
export const authorizerFunctions: readonly Overload[] = [
  overload(`${types.authorizer}.path(string): ${types.path}`, (check: Check, path: string) => {
    if (path === '') throw new CelError('path must not be empty');
    return check.with(types.path, { path });
  }),
  overload(`${types.path}.check(string): ${types.decision}`, decide, expensive),
  overload(
    `${types.authorizer}.serviceAccount(string, string): ${types.authorizer}`,
    (check: Check, namespace: string, name: string) =>
      check.with(types.authorizer, { serviceAccount: { namespace, name } }),
  ),
  overload(`${types.authorizer}.group(string): ${types.group}`, (check: Check, group: string) =>
    check.with(types.group, { group }),
  ),
  overload(`${types.group}.resource(string): ${resource}`, (check: Check, name: string) =>
    check.with(resource, { resource: name }),
  ),
  overload(`${resource}.subresource(string): ${resource}`, (check: Check, subresource: string) =>
    check.with(resource, { subresource }),
  ),
  overload(`${resource}.namespace(string): ${resource}`, (check: Check, namespace: string) =>
    check.with(resource, { namespace }),
  ),
  overload(`${resource}.name(string): ${resource}`, (check: Check, name: string) =>
    check.with(resource, { name }),
  ),
  overload(`${resource}.fieldSelector(string): ${resource}`, (check: Check, fieldSelector: string) =>
    check.with(resource, { fieldSelector }),
  ),
  overload(`${resource}.labelSelector(string): ${resource}`, (check: Check, labelSelector: string) =>
    check.with(resource, { labelSelector }),
  ),
  overload(`${resource}.check(string): ${types.decision}`, decide, expensive),
  overload(`${types.decision}.allowed(): bool`, ({ answer }: Decision) => answer.allowed),
  overload(`${types.decision}.reason(): string`, ({ answer }: Decision) => answer.reason),
  overload(`${types.decision}.errored(): bool`, ({ error }: Decision) => error !== undefined),
  overload(`${types.decision}.error(): string`, ({ error }: Decision) => error ?? ''),
];
