import { validatingwebhookconfigurations } from '../../api/generated/resources.ts';
import type { ValidatingWebhookConfiguration } from '../../api/generated/admissionregistration-v1.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import { Followed } from '../followed.ts';
import type { FollowedOptions } from '../followed.ts';
import { internal, WebhookFailure } from './caller.ts';
import { isExempt } from '../exempt.ts';
import type { Subject } from '../subject.ts';
import type { WebhookCaller } from './caller.ts';
import { hooksOf } from './hooks.ts';
import type { Hook } from './hooks.ts';

/** Asks users' own servers whether a write may happen: all at once, and each may refuse (KEP-1872). */
export class ValidatingWebhooks implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook';
  readonly followed: Followed<ValidatingWebhookConfiguration, readonly Hook[]>;
  readonly #caller: WebhookCaller;

  constructor(caller: WebhookCaller, options: FollowedOptions) {
    this.#caller = caller;
    this.followed = new Followed(validatingwebhookconfigurations, hooksOf, options);
  }

  handles(request: AdmissionRequest): boolean {
    return this.followed.value.length > 0 && !isExempt(request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const subject = this.#caller.subjectOf(request);
    const outcomes = await Promise.allSettled(
      this.followed.value.map((hook, index) => this.#call(hook, index, subject)),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #call(hook: Hook, index: number, subject: Subject): Promise<void> {
    const form = await this.#caller.wants(hook, subject);
    if (form === undefined) return;
    try {
      await this.#caller.ask(hook, subject, form, false);
    } catch (error) {
      if (!(error instanceof WebhookFailure)) throw error;
      if (hook.webhook.failurePolicy !== 'Ignore') throw internal(error);
      const key = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`;
      subject.attributes.request.annotate(key, hook.webhook.name);
    }
  }
}
