import { X509Certificate } from 'node:crypto';
import { isConflict, isNotFound } from '../../api/errors.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import { certificatesigningrequests } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { parseTimestamp } from '../../machinery/timestamp.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

const decidedMs = 3_600_000;
const pendingMs = 24 * 3_600_000;

/** Forgets requests for certificates when nobody needs them any more (upstream: certificates/cleaner). */
export function createCertificateCleanerController({
  client,
  clock,
  informers,
  onError,
}: ControllerDependencies): Controller {
  const informer = informers.informer(certificatesigningrequests);
  const controller = new Controller({
    name: 'certificate-cleaner',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  const seen = (request: CertificateSigningRequest) => controller.queue.add(keyOf(request));
  informer.addHandler({ onAdd: seen, onUpdate: seen });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<Requeue | void> {
    const request = informer.lister.getByKey(name);
    if (request === undefined) return;
    const requeueAfterMs = forgottenAtMs(request) - clock.now();
    if (requeueAfterMs > 0) return { requeueAfterMs };
    const { uid = '', resourceVersion = '' } = request.metadata;
    try {
      await client.delete(
        certificatesigningrequests,
        { name },
        { preconditions: { uid, resourceVersion }, signal },
      );
    } catch (error) {
      // What has just changed is seen again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/**
 * Milliseconds since the epoch: an hour after the denial, the failure or the certificate, or when that ends; a day
 * after it was made, or approved, where nothing more has come of it.
 */
export function forgottenAtMs({ metadata, status }: CertificateSigningRequest): number {
  const conditions = status?.conditions ?? [];
  const createdMs = parseTimestamp(metadata.creationTimestamp) ?? 0;
  const certificate = status?.certificate ?? '';
  const ends = conditions.flatMap(({ type, lastUpdateTime }) => {
    const sinceMs = parseTimestamp(lastUpdateTime) ?? createdMs;
    if (type === 'Denied' || type === 'Failed') return [sinceMs + decidedMs];
    if (type === 'Approved') return [sinceMs + (certificate === '' ? pendingMs : decidedMs)];
    return [];
  });
  if (certificate !== '') ends.push(...endOf(certificate));
  return ends.length === 0 ? createdMs + pendingMs : Math.min(...ends);
}

function endOf(base64: string): readonly number[] {
  try {
    return [Date.parse(new X509Certificate(Buffer.from(base64, 'base64')).validTo)];
  } catch {
    return [];
  }
}
