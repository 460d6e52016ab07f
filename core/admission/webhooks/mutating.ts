import type { MutatingWebhookConfiguration } from '../../api/generated/admissionregistration-v1.ts';
import type { AdmissionResponse } from '../../api/generated/admission-v1.ts';
import { mutatingwebhookconfigurations } from '../../api/generated/resources.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { parseJson } from '../../machinery/json.ts';
import { applyJsonPatch } from '../../machinery/patch/json-patch.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import { Followed } from '../followed.ts';
import type { FollowedOptions } from '../followed.ts';
import { write } from '../rewriting.ts';
import { failed, internal, WebhookFailure } from './caller.ts';
import { isExempt } from '../exempt.ts';
import type { Subject } from '../subject.ts';
import type { WebhookCaller } from './caller.ts';
import { hooksOf } from './hooks.ts';
import type { Hook } from './hooks.ts';

/** Which webhooks have seen an object, and whether it was changed after them. */
interface Progress {
  readonly seen: Map<Hook, boolean>;
}

/**
 * Lets users' own servers change what is written: one after the other, each sees what those before have made of
 * it. Where one that wants to see the end (`reinvocationPolicy: IfNeeded`) was followed by a change, it is asked
 * once more (KEP-1872).
 */
export class MutatingWebhooks implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook';
  readonly followed: Followed<MutatingWebhookConfiguration, readonly Hook[]>;
  readonly #caller: WebhookCaller;
  /** Of the first walk through the plug-ins, for the second. */
  readonly #progress = new WeakMap<object, Progress>();

  constructor(caller: WebhookCaller, options: FollowedOptions) {
    this.#caller = caller;
    this.followed = new Followed(mutatingwebhookconfigurations, hooksOf, options);
  }

  handles(request: AdmissionRequest): boolean {
    return this.followed.value.length > 0 && !isExempt(request);
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const subject = this.#caller.subjectOf(request);
    const key = request.object ?? request.old;
    const isSecond = request.pass?.isSecond === true;
    const before = isSecond && key !== undefined ? this.#progress.get(key) : undefined;
    if (isSecond && before === undefined) return;
    const progress: Progress = before ?? { seen: new Map() };
    if (key !== undefined) this.#progress.set(key, progress);
    for (const [index, hook] of this.followed.value.entries()) {
      // A second walk is for those only that asked for it and have missed something.
      if (before !== undefined && before.seen.get(hook) !== true) continue;
      const changed = await this.#call(hook, { index, round: isSecond ? 1 : 0 }, subject);
      if (changed === undefined) continue;
      if (changed) this.#noteChange(request, progress, hook);
      if (!isSecond) progress.seen.set(hook, false);
    }
  }

  #noteChange(request: AdmissionRequest, { seen }: Progress, by: Hook): void {
    for (const hook of seen.keys())
      if (hook !== by && hook.webhook.reinvocationPolicy === 'IfNeeded') seen.set(hook, true);
    // The cluster's own plug-ins have not seen what was changed from outside.
    request.pass?.again();
  }

  /** Whether the webhook changed the object; undefined where it was not asked, or did not answer. */
  async #call(
    hook: Hook,
    { index, round }: { readonly index: number; readonly round: number },
    subject: Subject,
  ): Promise<boolean | undefined> {
    const form = await this.#caller.wants(hook, subject);
    if (form === undefined) return undefined;
    const { request } = subject.attributes;
    const place = `round_${round}_index_${index}`;
    try {
      const response = await this.#caller.ask(hook, subject, form, true);
      const mutated = await applied(hook, subject, form, response);
      const { configuration, webhook } = hook;
      request.annotate(
        `mutation.webhook.admission.k8s.io/${place}`,
        JSON.stringify({ configuration, webhook: webhook.name, mutated }),
      );
      return mutated;
    } catch (error) {
      if (!(error instanceof WebhookFailure)) throw error;
      if (hook.webhook.failurePolicy !== 'Ignore') throw internal(error);
      request.annotate(`failed-open.mutating.webhook.admission.k8s.io/${place}`, hook.webhook.name);
      return undefined;
    }
  }
}

const maxOperations = 10_000;

async function applied(
  { webhook }: Hook,
  { attributes, evaluation }: Subject,
  form: KindDeclaration,
  { patch = '', patchType = 'JSONPatch' }: AdmissionResponse,
): Promise<boolean> {
  if (patch === '' || patch === null) return false;
  const operations = readPatch(webhook.name, patch);
  if (operations.length === 0) return false;
  if (attributes.request.object === undefined)
    throw internal(
      new Error(
        `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
      ),
    );
  if (patchType !== 'JSONPatch')
    throw failed(webhook.name, `unsupported patch type ${JSON.stringify(patchType)}`);
  const before = await attributes.objectIn(form);
  const after = patched(before, operations);
  await write(attributes, form, after);
  evaluation.forget();
  return true;
}

function readPatch(webhook: string, patch: string): readonly unknown[] {
  try {
    const operations = parseJson(Buffer.from(patch, 'base64'));
    if (!Array.isArray(operations)) throw new Error('it is no list of operations');
    return operations;
  } catch (cause) {
    throw failed(
      webhook,
      `received undecodable patch in webhook response: ${(cause as Error).message}`,
      cause,
    );
  }
}

function patched(object: unknown, operations: readonly unknown[]): unknown {
  try {
    return applyJsonPatch(object, operations, { maxOperations });
  } catch (error) {
    // The webhook's fault and told to the client: nothing that the server's own log should be looked at for.
    throw internal(error as Error);
  }
}
