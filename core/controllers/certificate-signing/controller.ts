import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import { certificatesigningrequests } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import type { KeyPair } from '../../machinery/pki/key-pair.ts';
import type { CertificateUsage } from '../../machinery/pki/sign-request.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { hasCondition, pemOf, signerNames, signerRules } from './signers.ts';

/** Whose certificates servers believe, by what they are shown for. */
export interface Authorities {
  /** Signs for the API's clients. */
  readonly clients: KeyPair;
  /** Signs what nodes serve with. */
  readonly nodeServing: KeyPair;
}

/** Upstream: --cluster-signing-duration. */
const longestMs = 365 * 24 * 3600 * 1000;
const shortestMs = 600_000;

/** Signs what was approved for the signers of Kubernetes itself (upstream: certificates/signer). */
export function createCertificateSigningController(
  { client, clock, informers, onError }: ControllerDependencies,
  authorities: Authorities,
): Controller {
  const informer = informers.informer(certificatesigningrequests);
  const controller = new Controller({
    name: 'certificate-signing',
    clock,
    workers: 2,
    reconcile,
    onError,
  });
  const seen = (request: CertificateSigningRequest) => controller.queue.add(keyOf(request));
  informer.addHandler({ onAdd: seen, onUpdate: seen });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<void> {
    const found = informer.lister.getByKey(name);
    if (found === undefined || (found.status?.certificate ?? '') !== '') return;
    if (!hasCondition(found, 'Approved') || hasCondition(found, 'Denied') || hasCondition(found, 'Failed'))
      return;
    const rule = signerRules.get(found.spec.signerName);
    if (rule === undefined) return;
    // Few clusters see a request, and reading one takes much code.
    const [{ readCertificateRequest }, { differenceIn, signRequest }] = await Promise.all([
      import('../../machinery/pki/certificate-request.ts'),
      import('../../machinery/pki/sign-request.ts'),
    ]);
    const { usages = [], expirationSeconds, signerName, request: base64 } = found.spec;
    const request = await readCertificateRequest(pemOf(base64)).catch((error: Error) => error);
    if (request instanceof Error) return fail(found, request.message, signal);
    const problem = rule(request, usages);
    if (problem !== undefined) return fail(found, problem, signal);
    const certificate = await signRequest(request, {
      authority: signerName === signerNames.nodeServing ? authorities.nodeServing : authorities.clients,
      // The rule lets no others through.
      usages: usages as readonly CertificateUsage[],
      nowMs: clock.now(),
      lifetimeMs: lifetimeMs(expirationSeconds),
    });
    const difference = differenceIn(request, certificate);
    if (difference !== undefined) return fail(found, difference, signal);
    const status = { ...found.status, certificate: Buffer.from(certificate).toString('base64') };
    await client.updateStatus(certificatesigningrequests, { ...found, status }, { signal });
  }

  async function fail(found: CertificateSigningRequest, message: string, signal: AbortSignal): Promise<void> {
    const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message };
    const status = { ...found.status, conditions: [...(found.status?.conditions ?? []), failed] };
    await client.updateStatus(certificatesigningrequests, { ...found, status }, { signal });
  }
}

function lifetimeMs(expirationSeconds: number | undefined): number {
  if (expirationSeconds === undefined) return longestMs;
  return Math.min(longestMs, Math.max(shortestMs, expirationSeconds * 1000));
}
