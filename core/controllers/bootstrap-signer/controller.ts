import {
  bootstrapSecretName,
  bootstrapTokenEndMs,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  readBootstrapToken,
} from '../../api/bootstrap-token.ts';
import type { BootstrapToken } from '../../api/bootstrap-token.ts';
import { configmaps, secrets } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { clusterInfo } from '../cluster-info/controller.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { detachedSignature } from './signature.ts';

const signaturePrefix = 'jws-kubeconfig-';
const key = `${clusterInfo.namespace}/${clusterInfo.name}`;

/**
 * Signs what cluster-info says of the cluster with every bootstrap token that is for signing, so that a machine that
 * has only its token knows whether to believe it (upstream: bootstrap/bootstrapsigner.go). Tokens that end are
 * removed by the token cleaner, and their signatures go with them.
 */
export function createBootstrapSignerController({
  client,
  clock,
  informers,
  onError,
}: ControllerDependencies): Controller {
  const tokenInformer = informers.informer(secrets, {
    namespace: bootstrapTokenNamespace,
    fieldSelector: `type=${bootstrapTokenType}`,
  });
  const infoInformer = informers.informer(configmaps, {
    namespace: clusterInfo.namespace,
    fieldSelector: `metadata.name=${clusterInfo.name}`,
  });
  const controller = new Controller({ name: 'bootstrap-signer', clock, workers: 1, reconcile, onError });
  const changed = () => controller.queue.add(key);
  for (const informer of [tokenInformer, infoInformer])
    informer.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed });
  return controller;

  async function reconcile(_key: string, signal: AbortSignal): Promise<void> {
    const found = infoInformer.lister.get(clusterInfo);
    const content = found?.data?.['kubeconfig'];
    if (found === undefined || content === undefined) return;
    const { data = {} } = found;
    const wanted = Object.fromEntries([
      ...Object.entries(data).filter(([name]) => !name.startsWith(signaturePrefix)),
      ...signers().map((token) => [`${signaturePrefix}${token.id}`, detachedSignature(content, token)]),
    ]) as Readonly<Record<string, string>>;
    const names = Object.keys(wanted);
    const isSame =
      names.length === Object.keys(data).length && names.every((name) => data[name] === wanted[name]);
    if (!isSame) await client.update(configmaps, { ...found, data: wanted }, { signal });
  }

  function signers(): readonly BootstrapToken[] {
    const nowMs = clock.now();
    return tokenInformer.lister.list().flatMap((secret) => {
      const token = readBootstrapToken(secret);
      const named = keyOf(secret) === `${bootstrapTokenNamespace}/${bootstrapSecretName(token.id)}`;
      const ended = (bootstrapTokenEndMs(secret) ?? Infinity) <= nowMs;
      return token.signs && named && token.id !== '' && token.secret !== '' && !ended ? [token] : [];
    });
  }
}
