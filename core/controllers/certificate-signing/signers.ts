import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import type { CertificateRequest } from '../../machinery/pki/certificate-request.ts';

export const signerNames = {
  client: 'kubernetes.io/kube-apiserver-client',
  nodeClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  nodeServing: 'kubernetes.io/kubelet-serving',
} as const;

const nodesGroup = 'system:nodes';
const nodePrefix = 'system:node:';
const optional = ['digital signature', 'key encipherment'];

/** What is wrong with a request for its signer, in upstream's words; undefined: nothing (apis/certificates/helpers.go). */
export type SignerRule = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

/** By the name of the signer (certificates/signer/signer.go). */
export const signerRules: ReadonlyMap<string, SignerRule> = new Map([
  [signerNames.client, clientProblem],
  [signerNames.nodeClient, nodeClientProblem],
  [signerNames.nodeServing, nodeServingProblem],
]);

function clientProblem(_request: CertificateRequest, usages: readonly string[]): string | undefined {
  const odd = usages.find((usage) => usage !== 'client auth' && !optional.includes(usage));
  if (odd !== undefined) return `invalid usage for client certificate: ${odd}`;
  if (!usages.includes('client auth')) return 'missing required usage for client certificate: client auth';
  return undefined;
}

export function nodeClientProblem(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nameProblem(request) ?? usagesProblem(usages, 'client auth');
}

function nodeServingProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length === 0 && request.ipAddresses.length === 0)
    return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesProblem(usages, 'server auth') ?? nameProblem(request);
}

function isOfNodes({ organizations }: CertificateRequest): boolean {
  return organizations.length === 1 && organizations[0] === nodesGroup;
}

function nameProblem({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith(nodePrefix)
    ? undefined
    : 'subject common name does not begin with system:node:';
}

/** The purpose and signatures; keys other than RSA's encipher nothing. */
function usagesProblem(usages: readonly string[], purpose: string): string | undefined {
  const given = new Set(usages);
  given.delete('key encipherment');
  if (given.size === 2 && given.has(purpose) && given.has('digital signature')) return undefined;
  const required = [...optional, purpose].sort();
  return `usages did not match [${required.join(' ')}]`;
}

export function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true
  );
}

export function pemOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}
