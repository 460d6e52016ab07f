import { setImmediate as turn } from 'node:timers/promises';
import { authorizer, costLimits, PendingQuestion, PendingTurn, requestResource } from '../cel/index.ts';
import type {
  AuthorizationAnswer,
  AuthorizationQuestion,
  CelBindings,
  CelProgram,
  CostBudget,
  Value,
} from '../cel/index.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { UserInfo } from '../api/verbs.ts';
import type { Attributes } from './attributes.ts';
import type { NamespaceOf } from './matching.ts';

/** Answers the questions that expressions put to the cluster's authorizer. */
export type AskAuthorizer = (user: UserInfo, question: AuthorizationQuestion) => Promise<AuthorizationAnswer>;

/** More different questions than this are put by nobody who wants an answer. */
const maxQuestions = 64;
const nobody: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] };

/** Runs expressions about one request. What they ask of others is asked once. */
export class Evaluation {
  readonly #attributes: Attributes;
  readonly #namespaceOf: NamespaceOf;
  readonly #ask: AskAuthorizer;
  readonly #answers = new Map<string, AuthorizationAnswer>();
  readonly #forms = new Map<KindDeclaration, Promise<CelBindings>>();
  #sinceTurn = 0;

  constructor(attributes: Attributes, namespaceOf: NamespaceOf, ask: AskAuthorizer) {
    this.#attributes = attributes;
    this.#namespaceOf = namespaceOf;
    this.#ask = ask;
  }

  /** What the variables stand for, with the objects in a form. */
  bindings(form: KindDeclaration): Promise<CelBindings> {
    const known = this.#forms.get(form);
    if (known !== undefined) return known;
    const made = this.#bindings(form);
    this.#forms.set(form, made);
    return made;
  }

  /** Objects have changed: what expressions see must be read again. */
  forget(): void {
    this.#forms.clear();
  }

  async #bindings(form: KindDeclaration): Promise<CelBindings> {
    const [object, oldObject, namespace] = await Promise.all([
      this.#attributes.objectIn(form),
      this.#attributes.oldObjectIn(form),
      this.#namespaceOf(),
    ]);
    const { request } = this.#attributes;
    const ask = (question: AuthorizationQuestion) => this.#answer(question);
    return {
      object,
      oldObject,
      request: requestIn(this.#attributes, form),
      namespaceObject:
        namespace === undefined
          ? null
          : { ...namespace, metadata: { ...namespace.metadata, UID: namespace.metadata.uid } },
      authorizer: authorizer(ask),
      'authorizer.requestResource': requestResource(ask, {
        group: this.#attributes.requested.group,
        resource: this.#attributes.requested.plural,
        subresource: request.subresource,
        namespace: request.namespace ?? '',
        name: request.name,
      }),
    };
  }

  #answer(question: AuthorizationQuestion): AuthorizationAnswer {
    const known = this.#answers.get(JSON.stringify(question));
    if (known === undefined) throw new PendingQuestion(question);
    return known;
  }

  /** @throws CelError, CelCostError */
  async evaluate(program: CelProgram, bindings: CelBindings, budget: CostBudget): Promise<Value> {
    for (;;) {
      await this.yield();
      const before = budget.remaining;
      try {
        return program.evaluate(bindings, budget);
      } catch (error) {
        // An expression that has to wait is run again: expressions have no effects, and what it got so far is known.
        if (error instanceof PendingTurn) continue;
        if (!(error instanceof PendingQuestion) || this.#answers.size >= maxQuestions) throw error;
        await this.#learn(error.question);
      } finally {
        this.#sinceTurn += before - budget.remaining;
      }
    }
  }

  /** Lets others have a turn where expressions have taken long enough. */
  async yield(): Promise<void> {
    if (this.#sinceTurn < costLimits.perTurn) return;
    this.#sinceTurn = 0;
    await turn();
  }

  async #learn(question: AuthorizationQuestion): Promise<void> {
    const { serviceAccount } = question;
    const user =
      serviceAccount === undefined
        ? (this.#attributes.request.user ?? nobody)
        : accountUser(serviceAccount.namespace, serviceAccount.name);
    this.#answers.set(JSON.stringify(question), await this.#ask(user, question));
  }
}

function accountUser(namespace: string, name: string): UserInfo {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/** The request as reviews carry it and expressions see it, without its objects. */
export function requestIn(attributes: Attributes, form: KindDeclaration): Readonly<Record<string, unknown>> {
  const { request, requested } = attributes;
  const { operation, subresource, namespace, name, dryRun, options } = request;
  const part = subresource === '' ? {} : { subResource: subresource };
  return {
    kind: attributes.kindIn(form),
    resource: attributes.resourceIn(form),
    ...part,
    requestKind: attributes.kindIn(requested),
    requestResource: attributes.resourceIn(requested),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    operation,
    userInfo: attributes.userInfo(),
    dryRun,
    options: options ?? null,
  };
}
