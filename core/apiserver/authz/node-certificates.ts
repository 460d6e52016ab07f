import type { AdmissionRequest } from '../../admission/chain.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';

const ofNodes: ReadonlySet<string> = new Set([
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
]);

/** A node asks for certificates of nodes under its own name only (plugin/pkg/admission/noderestriction: admitCSR). */
export async function certificateProblem(
  { object }: AdmissionRequest,
  node: string,
): Promise<string | undefined> {
  const { spec } = object as unknown as CertificateSigningRequest;
  if (!ofNodes.has(spec.signerName)) return undefined;
  let names: readonly string[];
  try {
    // Reading a request takes much code, and few are made.
    const { commonNamesOf } = await import('../../machinery/pki/certificate-request.ts');
    names = commonNamesOf(Buffer.from(spec.request, 'base64').toString('latin1'));
  } catch (error) {
    return `unable to parse csr: ${error instanceof Error ? error.message : String(error)}`;
  }
  const own = `system:node:${node}`;
  return names.length === 1 && names[0] === own ? undefined : `can only create a node CSR with CN=${own}`;
}
