import { forbidden } from '../api/errors.ts';
import type { CertificateSigningRequest } from '../api/generated/certificates-v1.ts';
import { certificatesigningrequests } from '../api/generated/resources.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';

const signer = 'kubernetes.io/kube-apiserver-client';
const masters = 'system:masters';

/** A certificate outlives every change of roles: none is asked for in the group that may do everything (plugin/pkg/admission/certificates/subjectrestriction). */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',

  handles: (request: AdmissionRequest): boolean => isCreationOf(request, certificatesigningrequests),

  async validate({ object, declaration, name }: AdmissionRequest): Promise<void> {
    const { spec } = object as unknown as CertificateSigningRequest;
    if (spec.signerName !== signer) return;
    let groups: readonly string[];
    try {
      groups = await organizations(spec.request);
    } catch (error) {
      throw forbidden(declaration, name, `failed to parse CSR: ${String(error)}`);
    }
    if (groups.includes(masters))
      throw forbidden(declaration, name, `use of ${signer} signer with ${masters} group is not allowed`);
  },
};

async function organizations(request: string): Promise<readonly string[]> {
  // Few clusters see a request, and reading one takes much code.
  const { organizationsOf } = await import('../machinery/pki/certificate-request.ts');
  return organizationsOf(Buffer.from(request, 'base64').toString('latin1'));
}
