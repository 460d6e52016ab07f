import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import { certificatesigningrequests, subjectaccessreviews } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { hasCondition, nodeClientProblem, pemOf, signerNames } from '../certificate-signing/signers.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

/** By what right an agent gets its certificate, and what is written down about it. */
const rights = {
  selfnodeclient: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  nodeclient: 'Auto approving kubelet client certificate after SubjectAccessReview.',
} as const;

/** Approves what agents ask for themselves, where roles say that they may (upstream: certificates/approver). */
export function createCertificateApprovingController({
  client,
  clock,
  informers,
  onError,
}: ControllerDependencies): Controller {
  const informer = informers.informer(certificatesigningrequests);
  const controller = new Controller({
    name: 'certificate-approving',
    clock,
    workers: 2,
    reconcile,
    onError,
  });
  const seen = (request: CertificateSigningRequest) => {
    if (request.spec.signerName === signerNames.nodeClient) controller.queue.add(keyOf(request));
  };
  informer.addHandler({ onAdd: seen, onUpdate: seen });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<void> {
    const found = informer.lister.getByKey(name);
    if (found === undefined || (found.status?.certificate ?? '') !== '') return;
    if (hasCondition(found, 'Approved') || hasCondition(found, 'Denied')) return;
    const { username = '', usages = [], request: base64 } = found.spec;
    const { readCertificateRequest } = await import('../../machinery/pki/certificate-request.ts');
    // What cannot be read is nobody's node; somebody may still look at it and deny it.
    const request = await readCertificateRequest(pemOf(base64)).catch(() => undefined);
    if (request === undefined || nodeClientProblem(request, usages) !== undefined) return;
    if (username === request.commonName && (await mayCreate(found, 'selfnodeclient', signal)))
      return approve(found, rights.selfnodeclient, signal);
    if (await mayCreate(found, 'nodeclient', signal)) return approve(found, rights.nodeclient, signal);
  }

  async function mayCreate(
    { spec }: CertificateSigningRequest,
    subresource: keyof typeof rights,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { username, uid, groups, extra } = spec;
    const resourceAttributes = {
      group: certificatesigningrequests.group,
      resource: certificatesigningrequests.plural,
      verb: 'create',
      subresource,
    };
    const review = await client.create(
      subjectaccessreviews,
      { metadata: {}, spec: { user: username, uid, groups, extra, resourceAttributes } },
      { signal },
    );
    return review.status.allowed;
  }

  async function approve(
    found: CertificateSigningRequest,
    message: string,
    signal: AbortSignal,
  ): Promise<void> {
    const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message };
    const status = { ...found.status, conditions: [...(found.status?.conditions ?? []), approved] };
    await client.updateSubresource(certificatesigningrequests, { ...found, status }, 'approval', { signal });
  }
}
