import type { AdmissionPlugin, AdmissionRequest } from '../../admission/chain.ts';
import { forbidden } from '../../api/errors.ts';
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { nodeNameOf } from './node.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** Labels of this kind are what people isolate nodes by: no node puts itself there. */
const restricted = 'node-restriction.kubernetes.io';

/** A node agent changes its own node, its own lease, and what runs on it (plugin/pkg/admission/noderestriction). */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  handles: ({ user }) => user !== undefined && nodeNameOf(user) !== undefined,
  validate(request) {
    const node = request.user === undefined ? undefined : nodeNameOf(request.user);
    if (node === undefined) return;
    const { declaration, name } = request;
    const why = problemOf(request, node);
    if (why !== undefined) throw forbidden(declaration, name, `node ${JSON.stringify(node)} ${why}`);
  },
};

function problemOf(request: AdmissionRequest, node: string): string | undefined {
  const { declaration } = request;
  switch (`${declaration.group}/${declaration.plural}`) {
    case '/nodes':
      return nodeProblem(request, node);
    case '/pods':
      return podProblem(request, node);
    case 'coordination.k8s.io/leases':
      return request.namespace === 'kube-node-lease' && request.name === node
        ? undefined
        : 'is not allowed to access any lease but its own';
    case 'storage.k8s.io/csinodes':
      return request.name === node ? undefined : 'is not allowed to access any CSINode but its own';
    default:
      return undefined;
  }
}

function nodeProblem({ name, operation, object, old }: AdmissionRequest, node: string): string | undefined {
  if (name !== node) return `is not allowed to modify node ${JSON.stringify(name)}`;
  if (operation === 'DELETE') return 'is not allowed to delete itself';
  const wanted = object as unknown as Node | undefined;
  const before = old as Node | undefined;
  const changed = labelsThatDiffer(wanted?.metadata.labels, before?.metadata.labels).filter(isRestricted);
  if (changed.length > 0) return `is not allowed to modify labels: ${changed.join(', ')}`;
  if (before !== undefined && !deepEqual(wanted?.spec.taints ?? [], before.spec.taints ?? []))
    return 'is not allowed to modify taints';
  return undefined;
}

function podProblem(
  { operation, subresource, object, old }: AdmissionRequest,
  node: string,
): string | undefined {
  const pod = (old ?? object) as unknown as Pod | undefined;
  if (operation === 'CREATE' && subresource === '') {
    if (pod?.metadata.annotations?.[mirrorAnnotation] === undefined)
      return 'can only create pods with annotation kubernetes.io/config.mirror';
    const { spec } = pod;
    if (spec.serviceAccountName !== undefined) return 'can not create pods that reference a service account';
    const { volumes = [] } = spec;
    if (
      volumes.some(
        ({ secret, configMap, persistentVolumeClaim, projected }) =>
          secret ?? configMap ?? persistentVolumeClaim ?? projected,
      )
    )
      return 'can not create pods that reference secrets, configmaps, claims or projected volumes';
  }
  if (pod?.spec.nodeName !== node) return 'can only change pods with spec.nodeName set to itself';
  if (operation === 'UPDATE' && subresource !== 'status') return 'can only update the status of pods';
  return undefined;
}

function labelsThatDiffer(
  wanted: Readonly<Record<string, string>> = {},
  before: Readonly<Record<string, string>> = {},
): readonly string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(before)])].filter(
    (label) => wanted[label] !== before[label],
  );
}

function isRestricted(label: string): boolean {
  const prefix = label.split('/')[0] ?? '';
  return label.includes('/') && (prefix === restricted || prefix.endsWith(`.${restricted}`));
}
