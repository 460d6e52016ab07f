import type { AdmissionRequest } from '../../admission/chain.ts';
import type { Lookup } from '../../admission/lookup.ts';
import { ifFound } from '../../api/errors.ts';
import type { TokenRequest } from '../../api/generated/authentication-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import {
  csidrivers,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
} from '../../api/generated/resources.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import { claimNames } from './pod-references.ts';

/**
 * A node asks for the token of an account only for a Pod that runs there, and only for an audience that the Pod
 * wants (KEP-4935; plugin/pkg/admission/noderestriction).
 */
export async function tokenProblem(
  request: AdmissionRequest,
  node: string,
  lookup: Pick<Lookup, 'get'>,
  authorizer: Authorizer,
): Promise<string | undefined> {
  const { namespace, signal } = request;
  const { boundObjectRef: reference, audiences = [] } = (request.object as unknown as TokenRequest).spec;
  const { name = '' } = reference ?? {};
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || name === '')
    return 'node requested token not bound to a pod';
  if ((reference.uid ?? '') === '') return 'node requested token with a pod binding without a uid';
  const pod = await lookup.get(pods, { namespace, name }, { signal });
  if (pod.metadata.uid !== reference.uid)
    return `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  if (pod.spec.nodeName !== node) return 'node requested token bound to a pod scheduled on a different node';
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
  const audience = audiences[0] ?? '';
  if (await wantsAudience(pod, audience, lookup, signal)) return undefined;
  if (await mayAsk(request, audience, authorizer)) return undefined;
  return `audience ${JSON.stringify(audience)} not found in pod spec volume`;
}

async function wantsAudience(
  pod: Pod,
  audience: string,
  lookup: Pick<Lookup, 'get'>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { metadata, spec } = pod;
  for (const { projected, csi } of spec.volumes ?? []) {
    const tokens = (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
    if (tokens.some((token) => (token.audience ?? '') === audience)) return true;
    if (csi !== undefined && (await driverWants(csi.driver, audience, lookup, signal))) return true;
  }
  for (const name of claimNames(pod)) {
    const driver = await driverOf(metadata.namespace, name, lookup, signal);
    if (driver !== undefined && (await driverWants(driver, audience, lookup, signal))) return true;
  }
  return false;
}

/** The CSI driver of the volume that a claim has. */
async function driverOf(
  namespace: string | undefined,
  name: string,
  lookup: Pick<Lookup, 'get'>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const claim = await ifFound(lookup.get(persistentvolumeclaims, { namespace, name }, { signal }));
  const volumeName = claim?.spec.volumeName ?? '';
  if (volumeName === '') return undefined;
  const volume = await ifFound(lookup.get(persistentvolumes, { name: volumeName }, { signal }));
  return volume?.spec.csi?.driver;
}

async function driverWants(
  name: string,
  audience: string,
  lookup: Pick<Lookup, 'get'>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const driver = await ifFound(lookup.get(csidrivers, { name }, { signal }));
  return driver?.spec.tokenRequests?.some((wanted) => wanted.audience === audience) === true;
}

/** Nodes may be allowed more: the audience stands for a resource, the account for its name. */
async function mayAsk(
  { user, namespace, name }: AdmissionRequest,
  audience: string,
  authorizer: Authorizer,
): Promise<boolean> {
  if (user === undefined) return true;
  const { allowed } = await authorizer.authorize({
    user,
    verb: 'request-serviceaccounts-token-audience',
    group: '',
    version: 'v1',
    resource: audience,
    subresource: undefined,
    namespace,
    name,
  });
  return allowed;
}
