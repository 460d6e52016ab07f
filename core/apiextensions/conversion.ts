import { StatusError } from '../api/errors.ts';
import type { CustomResourceDefinition, WebhookClientConfig } from '../api/generated/apiextensions-v1.ts';
import type { KubernetesObject } from '../api/object.ts';
import { parseApiVersion } from '../api/resource.ts';
import type { CustomKind } from '../api/scheme.ts';
import { uuid } from '../machinery/random.ts';
import type { Random } from '../machinery/random.ts';
import { convertedObjects, conversionReview } from './conversion-review.ts';

export interface ConversionOptions {
  readonly random: Random;
  /** Posts a body to a user's own server; resolves to its answer, which is bounded in size and time. */
  readonly callWebhook: CallWebhook;
}

export type CallWebhook = (
  config: WebhookClientConfig,
  body: string,
  timeoutSeconds: number,
  signal: AbortSignal | undefined,
) => Promise<Buffer>;

/** Upstream's time for one conversion (apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go). */
const timeoutSeconds = 30;

/** How objects of a definition get from one version to another (spec.conversion). */
export function converterOf(
  { spec, status }: CustomResourceDefinition,
  { random, callWebhook }: ConversionOptions,
): CustomKind['convert'] {
  const { group, conversion } = spec;
  const webhook = conversion?.strategy === 'Webhook' ? conversion.webhook : undefined;
  const config = webhook?.clientConfig;
  if (webhook === undefined || config === undefined) return convertByName(group);
  const kind = status.acceptedNames?.kind ?? spec.names.kind;
  const convert = async (
    given: readonly KubernetesObject[],
    desired: string,
    signal: AbortSignal | undefined,
  ): Promise<readonly KubernetesObject[]> => {
    const { version } = parseApiVersion(given[0]?.apiVersion ?? '');
    const about = `conversion webhook for ${group}/${version}, Kind=${kind}`;
    const uid = uuid(random);
    const review = conversionReview(webhook.conversionReviewVersions, uid, desired, given);
    const answer = await callWebhook(config, review.body, timeoutSeconds, signal).catch((cause: unknown) => {
      if (signal?.aborted === true) throw cause;
      throw failed(`${about} failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    });
    const outcome = convertedObjects(answer, { ...review, uid, desired, given });
    if (outcome.kind === 'refused') throw failed(`${about} ${outcome.why}`);
    return outcome.objects;
  };
  return async (objects, toVersion, signal) => {
    const desired = `${group}/${toVersion}`;
    const foreign = objects.filter(({ apiVersion }) => apiVersion !== desired);
    const converted: KubernetesObject[] = [];
    for (const portion of portionsOf(foreign)) converted.push(...(await convert(portion, desired, signal)));
    const next = converted.values();
    return objects.map((object) => (object.apiVersion === desired ? object : (next.next().value ?? object)));
  };
}

/** Bytes of objects in one review, so that its answer stays well within what is read of one. */
const portionBytes = 2 * 1024 * 1024;

function* portionsOf(objects: readonly KubernetesObject[]): Generator<readonly KubernetesObject[]> {
  let portion: KubernetesObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    const size = Buffer.byteLength(JSON.stringify(object));
    if (portion.length > 0 && bytes + size > portionBytes) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(object);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}

function failed(message: string, cause?: unknown): StatusError {
  return new StatusError('InternalError', message, cause === undefined ? {} : { cause });
}

/** Nothing but the version differs (strategy "None"). */
function convertByName(group: string): CustomKind['convert'] {
  return (objects, toVersion) =>
    Promise.resolve(objects.map((object) => renamed(object, `${group}/${toVersion}`)));
}

function renamed(object: KubernetesObject, apiVersion: string): KubernetesObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
