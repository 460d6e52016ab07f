import type { AdmissionResponse } from '../../api/generated/admission-v1.ts';
import type { Status } from '../../api/generated/meta-v1.ts';
import { StatusError } from '../../api/errors.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { isObject, parseJson } from '../../machinery/json.ts';
import type { Attributes } from '../attributes.ts';
import { requestIn } from '../evaluation.ts';

export type ReviewVersion = 'v1' | 'v1beta1';

/** The newest version that both sides know; webhooks have at least one (validation sees to that). */
export function reviewVersion(versions: readonly string[]): ReviewVersion {
  return versions.find((version) => version === 'v1' || version === 'v1beta1') ?? 'v1';
}

/** An AdmissionReview that asks. */
export async function question(
  attributes: Attributes,
  form: KindDeclaration,
  version: ReviewVersion,
  uid: string,
): Promise<string> {
  const [object, oldObject] = await Promise.all([attributes.objectIn(form), attributes.oldObjectIn(form)]);
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid, ...requestIn(attributes, form), object, oldObject },
  });
}

/**
 * The answer to a question (VerifyAdmissionResponse in apiserver/pkg/admission/plugin/webhook/request).
 * @throws Error that says why it is none
 */
export function answer(
  bytes: Buffer,
  version: ReviewVersion,
  uid: string,
  isMutating: boolean,
): AdmissionResponse {
  const review = parseJson(bytes);
  const response = isObject(review) ? review['response'] : undefined;
  if (!isObject(review) || !isObject(response)) throw new Error('webhook response was absent');
  // What v1beta1 leaves open stays open.
  if (version === 'v1') {
    if (response['uid'] !== uid)
      throw new Error(
        `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
      );
    const kind = kindText(review['apiVersion'], review['kind']);
    const expected = 'admission.k8s.io/v1, Kind=AdmissionReview';
    if (kind !== expected) throw new Error(`expected webhook response of ${expected}, got ${kind}`);
  }
  checkTypes(response);
  const found = response as AdmissionResponse;
  const [hasPatch, hasType] = [(found.patch ?? '') !== '', found.patchType !== undefined];
  if (version === 'v1beta1') return found;
  if (!isMutating && hasPatch) throw new Error('validating webhook may not return response.patch');
  if (!isMutating && hasType) throw new Error('validating webhook may not return response.patchType');
  if (hasPatch && !hasType) throw new Error('webhook returned response.patch but not response.patchType');
  if (!hasPatch && hasType) throw new Error('webhook returned response.patchType but not response.patch');
  return found;
}

function kindText(apiVersion: unknown, kind: unknown): string {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return '/, Kind=';
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function checkTypes(response: Readonly<Record<string, unknown>>): void {
  const { allowed, status, patch, patchType, auditAnnotations, warnings } = response;
  const isText = (value: unknown) => value === undefined || value === null || typeof value === 'string';
  const fine =
    (allowed === undefined || typeof allowed === 'boolean') &&
    (status === undefined || status === null || isObject(status)) &&
    isText(patch) &&
    isText(patchType) &&
    (auditAnnotations === undefined ||
      auditAnnotations === null ||
      (isObject(auditAnnotations) && Object.values(auditAnnotations).every(isText))) &&
    (warnings === undefined || warnings === null || (Array.isArray(warnings) && warnings.every(isText)));
  if (!fine) throw new Error('webhook response has fields of the wrong type');
}

/** What the client is told where a webhook says no (webhook/errors/statuserror.go). */
export function denial(webhook: string, given: Status | undefined): StatusError {
  const deniedBy = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const { message = '', reason, code = 0, details } = given ?? {};
  const text = message !== '' ? message : typeof reason === 'string' ? reason : '';
  return StatusError.fromStatus({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text === '' ? `${deniedBy} without explanation` : `${deniedBy}: ${text}`,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(isObject(details) ? { details } : {}),
    code: Number.isInteger(code) && code >= 400 && code < 600 ? code : 400,
  });
}
