import { StatusError } from '../../api/errors.ts';
import type { AdmissionResponse } from '../../api/generated/admission-v1.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { CostBudget, costLimits } from '../../cel/index.ts';
import { uuid } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import type { AdmissionRequest } from '../chain.ts';
import { meetsConditions } from '../match-conditions.ts';
import { subjectOf } from '../subject.ts';
import type { Subject, SubjectOptions } from '../subject.ts';
import type { WebhookClient } from './client.ts';
import { endpointOf } from './endpoint.ts';
import type { Hook } from './hooks.ts';
import { answer, denial, question, reviewVersion } from './review.ts';

export interface CallerOptions extends SubjectOptions {
  readonly random: Random;
  readonly client: WebhookClient;
}

/** Could not be asked, or did not answer sensibly. */
export class WebhookFailure extends Error {
  override readonly name = 'WebhookFailure';
}

/** Finds the webhooks that want to know of a request, and asks them. */
export class WebhookCaller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  subjectOf(request: AdmissionRequest): Subject {
    return subjectOf(request, this.#options);
  }

  /** The form in which a webhook wants to see the request; undefined where it does not want to. */
  async wants(hook: Hook, subject: Subject): Promise<KindDeclaration | undefined> {
    const form = hook.matcher.formOf(subject.attributes);
    if (form === undefined || !(await hook.matcher.selects(subject.attributes, subject.namespaceOf)))
      return undefined;
    if (hook.conditions.length === 0) return form;
    const budget = new CostBudget(costLimits.matchConditions);
    try {
      const bindings = await subject.evaluation.bindings(form);
      const met = await meetsConditions(hook.conditions, bindings, subject.evaluation, budget);
      return met ? form : undefined;
    } catch (error) {
      if (hook.webhook.failurePolicy === 'Ignore') return undefined;
      const { declaration, name } = subject.attributes.request;
      throw new StatusError(
        'Forbidden',
        `${qualified(declaration)} ${JSON.stringify(name)} is forbidden: ${(error as Error).message}`,
        {
          target: { group: declaration.group, kind: declaration.plural, name },
          cause: error,
        },
      );
    }
  }

  /**
   * Asks a webhook. Its warnings and annotations are passed on.
   * @throws WebhookFailure; StatusError where it says no
   */
  async ask(
    hook: Hook,
    subject: Subject,
    form: KindDeclaration,
    isMutating: boolean,
  ): Promise<AdmissionResponse> {
    const { request } = subject.attributes;
    const response = await this.#exchange(hook, subject, form, isMutating);
    const { name } = hook.webhook;
    for (const [key, value] of Object.entries(response.auditAnnotations ?? {}))
      request.annotate(`${name}/${key}`, value);
    for (const warning of response.warnings ?? []) request.warn(warning);
    if (response.allowed !== true) throw denial(name, response.status);
    return response;
  }

  async #exchange(
    { webhook }: Hook,
    { attributes }: Subject,
    form: KindDeclaration,
    isMutating: boolean,
  ): Promise<AdmissionResponse> {
    const { client, random } = this.#options;
    const { signal } = attributes.request;
    const version = reviewVersion(webhook.admissionReviewVersions);
    const uid = uuid(random);
    let bytes: Buffer;
    try {
      const body = await question(attributes, form, version, uid);
      const endpoint = endpointOf(webhook.clientConfig);
      bytes = await client.post({ endpoint, body, timeoutSeconds: webhook.timeoutSeconds ?? 10, signal });
    } catch (cause) {
      throw failed(webhook.name, (cause as Error).message, cause);
    }
    try {
      return answer(bytes, version, uid, isMutating);
    } catch (cause) {
      throw failed(webhook.name, `received invalid webhook response: ${(cause as Error).message}`, cause);
    }
  }
}

export function failed(webhook: string, why: string, cause?: unknown): WebhookFailure {
  return new WebhookFailure(`failed calling webhook ${JSON.stringify(webhook)}: ${why}`, { cause });
}

/** What the client is told of a failure that nobody lets pass. */
export function internal({ message }: Error): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

function qualified({ group, plural }: KindDeclaration): string {
  return group === '' ? plural : `${plural}.${group}`;
}
