import { isMirror, mirrorAnnotation } from '../../api/mirror-pods.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../../admission/chain.ts';
import type { Lookup } from '../../admission/lookup.ts';
import { forbidden } from '../../api/errors.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../api/generated/core-v1.ts';
import { nodes, pods } from '../../api/generated/resources.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import { certificateProblem } from './node-certificates.ts';
import { forbiddenLabels } from './node-labels.ts';
import { nodeNameOf } from './node.ts';
import { tokenProblem } from './node-tokens.ts';
import { referencedByMirror } from './mirror-references.ts';

const leaseNamespace = 'kube-node-lease';

/** What is wrong with a request; undefined where nothing is. */
export type Problem = string | undefined;

/** A node agent changes its own node, its own lease, and what runs on it (plugin/pkg/admission/noderestriction). */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly #lookup: Pick<Lookup, 'get'>;
  readonly #authorizer: Authorizer;

  constructor(lookup: Pick<Lookup, 'get'>, authorizer: Authorizer) {
    this.#lookup = lookup;
    this.#authorizer = authorizer;
  }

  handles({ user, operation }: AdmissionRequest): boolean {
    return operation !== 'CONNECT' && user !== undefined && nodeNameOf(user) !== undefined;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const node = request.user === undefined ? undefined : nodeNameOf(request.user);
    if (node === undefined) return;
    const problem =
      node === ''
        ? `could not determine node from user ${JSON.stringify(request.user?.name)}`
        : await this.#problem(request, node);
    if (problem !== undefined) throw forbidden(request.declaration, request.name, problem);
  }

  #problem(request: AdmissionRequest, node: string): Problem | Promise<Problem> {
    const { declaration, subresource } = request;
    switch (`${declaration.group}/${declaration.plural}`) {
      case '/nodes':
        return nodeProblem(request, node);
      case '/pods':
        return this.#podProblem(request, node);
      case '/persistentvolumeclaims':
        return subresource === 'status' ? claimProblem(request, node) : 'may only update PVC status';
      case '/serviceaccounts':
        return subresource === 'token' && request.operation === 'CREATE'
          ? tokenProblem(request, node, this.#lookup, this.#authorizer)
          : undefined;
      case 'coordination.k8s.io/leases':
        return leaseProblem(request, node);
      case 'certificates.k8s.io/certificatesigningrequests':
        return subresource === '' && request.operation === 'CREATE'
          ? certificateProblem(request, node)
          : undefined;
      case 'storage.k8s.io/csinodes':
        return request.name === node
          ? undefined
          : 'can only access CSINode with the same name as the requesting node';
      default:
        return undefined;
    }
  }

  #podProblem(request: AdmissionRequest, node: string): Problem | Promise<Problem> {
    const { subresource, operation } = request;
    switch (subresource) {
      case '':
        if (operation === 'CREATE') return this.#mirrorProblem(request, node);
        if (operation === 'DELETE')
          return runsOn(request.old, node)
            ? undefined
            : `node "${node}" can only delete pods with spec.nodeName set to itself`;
        return `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`;
      case 'status':
        return podStatusProblem(request, node);
      case 'eviction':
        return this.#evictionProblem(request, node);
      default:
        return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`;
    }
  }

  async #mirrorProblem({ object, signal }: AdmissionRequest, node: string): Promise<Problem> {
    const pod = object as unknown as Pod;
    if (!isMirror(pod))
      return `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`;
    if (!runsOn(pod, node)) return `node "${node}" can only create pods with spec.nodeName set to itself`;
    return (await this.#ownerProblem(pod, node, signal)) ?? referenceProblem(pod, node);
  }

  /** A mirror Pod belongs to its node, and goes with it. */
  async #ownerProblem({ metadata }: Pod, node: string, signal: AbortSignal | undefined): Promise<Problem> {
    const [owner, ...others] = metadata.ownerReferences ?? [];
    if (others.length > 0)
      return `node "${node}" can only create pods with a single owner reference set to itself`;
    if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
      return `node "${node}" can only create pods with an owner reference set to itself`;
    if (owner.controller !== true)
      return `node "${node}" can only create pods with a controller owner reference set to itself`;
    if (owner.blockOwnerDeletion === true)
      return `node "${node}" must not set blockOwnerDeletion on an owner reference`;
    const { uid } = (await this.#lookup.get(nodes, { name: node }, { signal })).metadata;
    return owner.uid === uid ? undefined : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`;
  }

  async #evictionProblem(
    { operation, namespace, name, signal }: AdmissionRequest,
    node: string,
  ): Promise<Problem> {
    if (operation !== 'CREATE') return `unexpected operation ${operation}`;
    const pod = await this.#lookup.get(pods, { namespace, name }, { signal });
    return runsOn(pod, node)
      ? undefined
      : `node ${node} can only evict pods with spec.nodeName set to itself`;
  }
}

function nodeProblem({ name, object, old, operation }: AdmissionRequest, node: string): Problem {
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`;
  if (operation === 'DELETE') return undefined;
  const wanted = object as unknown as Node;
  const before = old as Node | undefined;
  const labels = forbiddenLabels(wanted.metadata.labels, before?.metadata.labels);
  if (before === undefined) {
    if (wanted.spec.configSource !== undefined)
      return `node "${node}" is not allowed to create pods with a non-nil configSource`;
    return labels.length === 0
      ? undefined
      : `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}`;
  }
  if (
    wanted.spec.configSource !== undefined &&
    !deepEqual(wanted.spec.configSource, before.spec.configSource)
  )
    return `node "${node}" is not allowed to update configSource to a new non-nil configSource`;
  if (!deepEqual(wanted.spec.taints ?? [], before.spec.taints ?? []))
    return `node "${node}" is not allowed to modify taints`;
  // Owners delete what they own: a node that chooses its owner could come back with other labels (CVE-2025-5187).
  if (!deepEqual(wanted.metadata.ownerReferences ?? [], before.metadata.ownerReferences ?? []))
    return `node "${node}" is not allowed to modify ownerReferences`;
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(', ')}`;
}

function podStatusProblem({ operation, object, old }: AdmissionRequest, node: string): Problem {
  if (operation !== 'UPDATE') return `unexpected operation "${operation}"`;
  if (!runsOn(old, node))
    return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`;
  const pod = object as unknown as Pod;
  const before = old as Pod;
  if (!deepEqual(pod.metadata.labels ?? {}, before.metadata.labels ?? {}))
    return `node "${node}" cannot update labels through pod status`;
  if (!deepEqual(pod.status.resourceClaimStatuses ?? [], before.status.resourceClaimStatuses ?? []))
    return `node "${node}" cannot update resource claim statues`;
  const { extendedResourceClaimStatus: claimed } = before.status;
  return deepEqual(pod.status.extendedResourceClaimStatus ?? null, claimed ?? null)
    ? undefined
    : `node "${node}" cannot update extended resource claim status`;
}

/** What a Pod that was in no API before could otherwise reach through the node. */
function referenceProblem(pod: Pod, node: string): Problem {
  const referenced = referencedByMirror(pod);
  return referenced === undefined
    ? undefined
    : `node "${node}" can not create pods that reference ${referenced}`;
}

function claimProblem({ operation, object, old }: AdmissionRequest, node: string): Problem {
  if (operation !== 'UPDATE') return `unexpected operation "${operation}"`;
  return deepEqual(
    withoutVolumeStatus(object as unknown as PersistentVolumeClaim),
    withoutVolumeStatus(old as PersistentVolumeClaim),
  )
    ? undefined
    : `node "${node}" is not allowed to update fields other than status.capacity and status.conditions`;
}

function withoutVolumeStatus({ metadata, status, ...rest }: PersistentVolumeClaim): unknown {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
  const {
    capacity: _capacity,
    conditions: _conditions,
    allocatedResources: _allocated,
    allocatedResourceStatuses: _statuses,
    ...others
  } = status;
  return { ...rest, metadata: kept, status: others };
}

function leaseProblem({ namespace, name }: AdmissionRequest, node: string): Problem {
  if (namespace !== leaseNamespace)
    return `can only access leases in the "${leaseNamespace}" system namespace`;
  return name === node ? undefined : 'can only access node lease with the same name as the requesting node';
}

function runsOn(pod: AdmissionRequest['old'], node: string): boolean {
  return (pod as Pod | undefined)?.spec.nodeName === node;
}
