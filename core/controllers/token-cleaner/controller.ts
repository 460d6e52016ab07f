import {
  bootstrapTokenEndMs,
  bootstrapTokenNamespace,
  bootstrapTokenType,
} from '../../api/bootstrap-token.ts';
import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Secret } from '../../api/generated/core-v1.ts';
import { secrets } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

/** Removes bootstrap tokens that have ended (upstream: bootstrap/tokencleaner.go). */
export function createTokenCleanerController({
  client,
  clock,
  informers,
  onError,
}: ControllerDependencies): Controller {
  const informer = informers.informer(secrets, {
    namespace: bootstrapTokenNamespace,
    fieldSelector: `type=${bootstrapTokenType}`,
  });
  const controller = new Controller({
    name: 'token-cleaner',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  const seen = (secret: Secret) => controller.queue.add(keyOf(secret));
  informer.addHandler({ onAdd: seen, onUpdate: seen });
  return controller;

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const name = parseKey(key);
    const secret = informer.lister.get(name);
    const endsAtMs = secret === undefined ? undefined : bootstrapTokenEndMs(secret);
    if (secret === undefined || endsAtMs === undefined) return;
    const requeueAfterMs = endsAtMs - clock.now();
    if (requeueAfterMs > 0) return { requeueAfterMs };
    const { uid = '', resourceVersion = '' } = secret.metadata;
    try {
      await client.delete(secrets, name, { preconditions: { uid, resourceVersion }, signal });
    } catch (error) {
      // One that has just been given more time is seen again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
