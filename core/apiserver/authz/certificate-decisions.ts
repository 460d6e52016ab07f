import type { AdmissionPlugin, AdmissionRequest } from '../../admission/chain.ts';
import { forbidden } from '../../api/errors.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Authorizer } from '../handlers/authorize.ts';

const group = 'certificates.k8s.io';

/** Who approves certificates must be allowed to for the signer that is asked (plugin/pkg/admission/certificates/approval). */
export class CertificateApproval implements AdmissionPlugin {
  readonly name = 'CertificateApproval';
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  handles(request: AdmissionRequest): boolean {
    return isUpdateOf(request, 'approval');
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { signerName } = (request.old as CertificateSigningRequest).spec;
    if (await mayDecide(this.#authorizer, request.user, 'approve', signerName)) return;
    throw forbidden(
      request.declaration,
      request.name,
      `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`,
    );
  }
}

/** Who issues certificates must be allowed to for the signer that is asked (plugin/pkg/admission/certificates/signing). */
export class CertificateSigning implements AdmissionPlugin {
  readonly name = 'CertificateSigning';
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  handles(request: AdmissionRequest): boolean {
    return isUpdateOf(request, 'status');
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const before = request.old as CertificateSigningRequest;
    const { status } = request.object as unknown as CertificateSigningRequest;
    if (
      status?.certificate === before.status?.certificate &&
      deepEqual(status?.conditions ?? [], before.status?.conditions ?? [])
    )
      return;
    const { signerName } = before.spec;
    if (await mayDecide(this.#authorizer, request.user, 'sign', signerName)) return;
    throw forbidden(
      request.declaration,
      request.name,
      `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`,
    );
  }
}

function isUpdateOf(
  { operation, declaration, subresource, user }: AdmissionRequest,
  wanted: string,
): boolean {
  return (
    user !== undefined &&
    operation === 'UPDATE' &&
    declaration.plural === 'certificatesigningrequests' &&
    declaration.group === group &&
    subresource === wanted
  );
}

/** By the signer's own name, or for all signers of its domain. */
async function mayDecide(
  authorizer: Authorizer,
  user: UserInfo | undefined,
  verb: 'approve' | 'sign',
  signerName: string,
): Promise<boolean> {
  if (user === undefined) return true;
  const domain = signerName.split('/')[0] ?? '';
  for (const name of [signerName, `${domain}/*`]) {
    const { allowed } = await authorizer.authorize({
      user,
      verb,
      group,
      version: '*',
      resource: 'signers',
      subresource: undefined,
      namespace: undefined,
      name,
    });
    if (allowed) return true;
  }
  return false;
}
