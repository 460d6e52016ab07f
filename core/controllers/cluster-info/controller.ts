import { unlessThere } from '../../api/errors.ts';
import { configmaps, rolebindings, roles } from '../../api/generated/resources.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import type { RootCertificates } from '../root-ca/controller.ts';

/** Where whoever has only a bootstrap token learns how to reach the cluster (cluster-bootstrap/token/api). */
export const clusterInfo = { namespace: 'kube-public', name: 'cluster-info' } as const;

const key = `${clusterInfo.namespace}/${clusterInfo.name}`;
/** As kubeadm calls it, which has nobody in particular read it. */
const reader = { namespace: clusterInfo.namespace, name: 'kubeadm:bootstrap-signer-clusterinfo' };
/** Whose value is "false" keeps what somebody wrote, such as the address of a load balancer. */
const autoUpdate = 'wheelhouse.dev/autoupdate';

export interface ClusterAddress {
  /** Of REST, such as "https://127.0.0.1:6443". */
  readonly server: string;
  readonly root: RootCertificates;
}

/**
 * Publishes the cluster's address and by which certificates to know it, as a kubeconfig without users, to those who
 * show a bootstrap token. Upstream has kubeadm do it (kubeadm/app/phases/bootstraptoken/clusterinfo).
 */
export function createClusterInfoController(
  { client, clock, informers, onError }: ControllerDependencies,
  { server, root }: ClusterAddress,
): Controller {
  const informer = informers.informer(configmaps, {
    namespace: clusterInfo.namespace,
    fieldSelector: `metadata.name=${clusterInfo.name}`,
  });
  const controller = new Controller({ name: 'cluster-info', clock, workers: 1, reconcile, onError });
  const changed = () => controller.queue.add(key);
  informer.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed });
  root.onReplaced(changed);
  // There is nothing to see at first.
  changed();
  return controller;

  async function reconcile(_key: string, signal: AbortSignal): Promise<void> {
    const kubeconfig = kubeconfigOf(server, root.bundle);
    const found = informer.lister.get(clusterInfo);
    if (found === undefined) {
      // Once it is there nobody looks again whether it can be read.
      await publishReader(signal);
      return unlessThere(
        client.create(configmaps, { metadata: { ...clusterInfo }, data: { kubeconfig } }, { signal }),
      );
    }
    if (found.metadata.annotations?.[autoUpdate] === 'false' || found.data?.['kubeconfig'] === kubeconfig)
      return;
    // Signatures beside it are not this controller's.
    await client.patch(configmaps, clusterInfo, 'merge', { data: { kubeconfig } }, { signal });
  }

  async function publishReader(signal: AbortSignal): Promise<void> {
    const { name: resourceName } = clusterInfo;
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [resourceName], verbs: ['get'] },
    ];
    await unlessThere(client.create(roles, { metadata: reader, rules }, { signal }));
    const apiGroup = 'rbac.authorization.k8s.io';
    await unlessThere(
      client.create(
        rolebindings,
        {
          metadata: reader,
          roleRef: { apiGroup, kind: 'Role', name: reader.name },
          subjects: [{ apiGroup, kind: 'Group', name: 'system:bootstrappers' }],
        },
        { signal },
      ),
    );
  }
}

function kubeconfigOf(server: string, ca: Buffer): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${ca.toString('base64')}
    server: ${server}
  name: ""
contexts: null
current-context: ""
kind: Config
preferences: {}
users: null
`;
}
