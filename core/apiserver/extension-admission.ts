import type { AdmissionPlugin } from '../admission/chain.ts';
import type { AskAuthorizer } from '../admission/evaluation.ts';
import type { FollowedOptions } from '../admission/followed.ts';
import { MutatingPolicies } from '../admission/policies/mutating.ts';
import { ValidatingPolicies } from '../admission/policies/validating.ts';
import { WebhookCaller } from '../admission/webhooks/caller.ts';
import { WebhookClient } from '../admission/webhooks/client.ts';
import type { DialService } from '../admission/webhooks/endpoint.ts';
import { MutatingWebhooks } from '../admission/webhooks/mutating.ts';
import { ValidatingWebhooks } from '../admission/webhooks/validating.ts';
import type { Scheme } from '../api/scheme.ts';
import { selectorsOf } from './handlers/asked-selectors.ts';
import type { Authorizer } from './handlers/authorize.ts';

export interface ExtensionAdmissionOptions extends FollowedOptions {
  readonly scheme: Scheme;
  readonly authorizer: Authorizer;
  readonly dial: DialService;
}

/** What users add to admission: webhooks and policies. Their configurations are followed, never looked up. */
export class ExtensionAdmission {
  /** In upstream's order: those that change objects, then those that judge. */
  readonly plugins: readonly AdmissionPlugin[];
  readonly synced: Promise<unknown>;
  readonly #client: WebhookClient;
  readonly #followed: readonly { run(signal: AbortSignal): Promise<void> }[];

  constructor(options: ExtensionAdmissionOptions) {
    const { scheme, lookup, authorizer, clock, random, dial } = options;
    this.#client = new WebhookClient(clock, dial);
    const ask = askAuthorizer(authorizer);
    const caller = new WebhookCaller({
      scheme,
      lookup,
      random,
      ask,
      client: this.#client,
    });
    const mutating = new MutatingWebhooks(caller, options);
    const validating = new ValidatingWebhooks(caller, options);
    const policies = new ValidatingPolicies({ ...options, ask });
    const rewriting = new MutatingPolicies({ ...options, ask });
    this.plugins = [rewriting, mutating, policies, validating];
    const followed = [
      rewriting.policies,
      rewriting.bindings,
      mutating.followed,
      policies.policies,
      policies.bindings,
      validating.followed,
    ];
    this.#followed = followed;
    this.synced = Promise.all(followed.map(({ synced }) => synced));
  }

  /** Follows the configurations until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.all(this.#followed.map((followed) => followed.run(signal)));
    } finally {
      this.#client.close();
    }
  }
}

function askAuthorizer(authorizer: Authorizer): AskAuthorizer {
  return async (user, question) => {
    const { verb, path, group, resource, subresource, namespace, name } = question;
    if (path !== undefined) return authorizer.authorize({ user, verb, path });
    return authorizer.authorize({
      user,
      verb,
      group,
      version: '*',
      resource,
      subresource: subresource === '' ? undefined : subresource,
      namespace: namespace === '' ? undefined : namespace,
      name: name === '' ? undefined : name,
      ...selectorsOf(question),
    });
  };
}
