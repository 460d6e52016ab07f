import { isAlreadyExists, isNotFound, StatusError } from '../../api/errors.ts';
import { namespaces, serviceaccounts } from '../../api/generated/resources.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

const accountName = 'default';

/** Sees to it that every namespace has the account Pods act as unless told otherwise (upstream: serviceaccount). */
export function createServiceAccountController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const namespaceInformer = informers.informer(namespaces);
  const accountInformer = informers.informer(serviceaccounts);
  const controller = new Controller({
    name: 'service-account',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  namespaceInformer.addHandler({
    onAdd: ({ metadata }) => controller.queue.add(metadata.name ?? ''),
    onUpdate: ({ metadata }) => controller.queue.add(metadata.name ?? ''),
  });
  accountInformer.addHandler({
    onDelete({ metadata }) {
      if (metadata.name === accountName) controller.queue.add(metadata.namespace ?? '');
    },
  });
  return controller;

  async function reconcile(namespace: string, signal: AbortSignal): Promise<void> {
    const found = namespaceInformer.lister.getByKey(namespace);
    if (found?.status.phase !== 'Active') return;
    if (accountInformer.lister.get({ namespace, name: accountName }) !== undefined) return;
    const metadata = { name: accountName, namespace };
    try {
      await client.create(
        serviceaccounts,
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
        { signal },
      );
    } catch (error) {
      if (!isAlreadyExists(error) && !isLeaving(error)) throw error;
    }
  }
}

/** The namespace went, or is going, since it was seen. */
export function isLeaving(error: unknown): boolean {
  if (isNotFound(error)) return true;
  if (!(error instanceof StatusError)) return false;
  return error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
}
