import { isAlreadyExists } from '../../api/errors.ts';
import { configmaps, namespaces } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { isLeaving } from '../service-account/controller.ts';

const rootCaName = 'kube-root-ca.crt';

const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** By which certificates Pods know the API; they may be replaced. */
export interface RootCertificates {
  /** PEM. */
  readonly bundle: Buffer;
  onReplaced(listener: () => void): void;
}

/** Publishes them to every namespace (upstream: certificates/rootcacertpublisher). */
export function createRootCaController(
  dependencies: ControllerDependencies,
  root: RootCertificates,
): Controller {
  const { client, clock, informers, onError } = dependencies;
  const namespaceInformer = informers.informer(namespaces);
  const configMapInformer = informers.informer(configmaps);
  const controller = new Controller({
    name: 'root-ca',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  namespaceInformer.addHandler({
    onAdd: (namespace) => controller.queue.add(keyOf(namespace)),
    onUpdate: (namespace) => controller.queue.add(keyOf(namespace)),
  });
  root.onReplaced(() => {
    for (const namespace of namespaceInformer.lister.list()) controller.queue.add(keyOf(namespace));
  });
  const seen = (metadata: {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
  }) => {
    if (metadata.name === rootCaName) controller.queue.add(metadata.namespace ?? '');
  };
  configMapInformer.addHandler({
    onUpdate: ({ metadata }) => seen(metadata),
    onDelete: ({ metadata }) => seen(metadata),
  });
  return controller;

  async function reconcile(namespace: string, signal: AbortSignal): Promise<void> {
    const found = namespaceInformer.lister.getByKey(namespace);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
    const current = configMapInformer.lister.get({ namespace, name: rootCaName });
    const caPem = root.bundle.toString();
    const data = { 'ca.crt': caPem };
    if (current === undefined) {
      const annotations = { 'kubernetes.io/description': description };
      const metadata = { name: rootCaName, namespace, annotations };
      try {
        await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { signal });
      } catch (error) {
        if (!isAlreadyExists(error) && !isLeaving(error)) throw error;
      }
    } else if (current.data?.['ca.crt'] !== caPem || Object.keys(current.data).length !== 1) {
      await client.update(configmaps, { ...current, data }, { signal });
    }
  }
}
