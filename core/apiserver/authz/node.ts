import type { Lookup } from '../../admission/lookup.ts';
import { isNotFound } from '../../api/errors.ts';
import type { SubjectRulesReviewStatus } from '../../api/generated/authorization-v1.ts';
import type { Pod, PodSpec } from '../../api/generated/core-v1.ts';
import { pods } from '../../api/generated/resources.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { escapeFieldValue } from '../../machinery/field-selector.ts';
import type { AccessRequest, Authorizer, Decision, ResourceRequest } from '../handlers/authorize.ts';
import { defaultRoles } from './default-roles.ts';
import { allows } from './rules.ts';

const nodesGroup = 'system:nodes';
const userPrefix = 'system:node:';
const leaseNamespace = 'kube-node-lease';
const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch']);
const noOpinion: Decision = { allowed: false, reason: '' };

/** The node an agent speaks for; undefined for everybody else. */
export function nodeNameOf({ name, groups }: UserInfo): string | undefined {
  return groups.includes(nodesGroup) && name.startsWith(userPrefix)
    ? name.slice(userPrefix.length)
    : undefined;
}

/**
 * What a node agent may do: what the role system:node says, of Pods and Nodes only its own, and of secrets, config
 * maps, claims and accounts only those that Pods on its node use (KEP-279; plugin/pkg/auth/authorizer/node).
 */
export class NodeAuthorizer implements Authorizer {
  readonly #client: Pick<Lookup, 'get' | 'list'>;
  readonly #rules = defaultRoles.find(({ name }) => name === 'system:node')?.rules ?? [];

  constructor(client: Pick<Lookup, 'get' | 'list'>) {
    this.#client = client;
  }

  async authorize(request: AccessRequest): Promise<Decision> {
    const node = nodeNameOf(request.user);
    if (node === undefined) return noOpinion;
    if (!this.#rules.some((rule) => allows(rule, request))) return noOpinion;
    if ('path' in request) return { allowed: true, reason: '' };
    const { group, resource, namespace, name } = request;
    if (group === 'coordination.k8s.io' && resource === 'leases') {
      // A name that is not known yet is checked when the object is (NodeRestriction).
      const own = namespace === leaseNamespace && (name === undefined || name === node);
      return own ? { allowed: true, reason: '' } : refused('can only access node lease with the same name');
    }
    if (group === 'storage.k8s.io' && resource === 'csinodes' && name !== undefined && name !== node)
      return refused('can only access CSINode with the same name as the requesting node');
    if (group === '' && resource === 'nodes' && reading.has(request.verb)) return readsNode(node, name);
    if (group === '' && resource === 'pods' && reading.has(request.verb))
      return this.#readsPods(node, request);
    const uses = group === '' ? usersOf[resource] : undefined;
    if (uses === undefined) return { allowed: true, reason: '' };
    return this.#related(node, request, uses);
  }

  rules(): Promise<SubjectRulesReviewStatus> {
    const evaluationError = 'node authorizer does not support user rule resolution';
    return Promise.resolve({ resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError });
  }

  /** Its own Pods: those that it selects by its name, or one by one (AuthorizeNodeWithSelectors, KEP-4601). */
  async #readsPods(
    node: string,
    { verb, namespace, name, fieldSelector }: ResourceRequest,
  ): Promise<Decision> {
    const isOwn = fieldSelector?.some(
      ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
    );
    if (isOwn === true) return { allowed: true, reason: '' };
    if (namespace === undefined || name === undefined)
      return refused('can only list/watch pods with spec.nodeName field selector');
    const pod = await this.#client.get(pods, { namespace, name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    // Of what is gone it is told just that: it may have been its own. What is yet to come it would see by a watch.
    const isGone = pod === undefined && verb === 'get';
    if (isGone || pod?.spec.nodeName === node) return { allowed: true, reason: '' };
    return refused(`no relationship found between node ${JSON.stringify(node)} and this object`);
  }

  async #related(
    node: string,
    { resource, namespace, name, verb }: ResourceRequest,
    uses: (pod: Pod, name: string) => boolean,
  ): Promise<Decision> {
    if (namespace === undefined || name === undefined)
      return refused(`can only ${verb} ${resource} that Pods on the node use, by their names`);
    const fieldSelector = `spec.nodeName=${escapeFieldValue(node)}`;
    const { items } = await this.#client.list(pods, { namespace, fieldSelector });
    if (items.some((pod) => uses(pod, name))) return { allowed: true, reason: '' };
    return refused(`no relationship found between node ${JSON.stringify(node)} and this object`);
  }
}

/** By its name, so that it may look for itself before it is there. */
function readsNode(node: string, name: string | undefined): Decision {
  if (name === node) return { allowed: true, reason: '' };
  const which = name === undefined ? 'all nodes' : `'${name}'`;
  return refused(`node '${node}' cannot read ${which}, only its own Node object`);
}

function refused(reason: string): Decision {
  return { allowed: false, reason };
}

const usersOf: Readonly<Record<string, (pod: Pod, name: string) => boolean>> = {
  secrets: ({ spec }, name) =>
    spec.imagePullSecrets?.some((secret) => secret.name === name) === true ||
    inContainers(spec, ({ env, envFrom }) => {
      const keys = env?.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === name) === true;
      return keys || envFrom?.some(({ secretRef }) => secretRef?.name === name) === true;
    }) ||
    spec.volumes?.some(
      ({ secret, projected }) =>
        secret?.secretName === name ||
        projected?.sources?.some((part) => part.secret?.name === name) === true,
    ) === true,
  configmaps: ({ spec }, name) =>
    inContainers(spec, ({ env, envFrom }) => {
      const keys = env?.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name === name) === true;
      return keys || envFrom?.some(({ configMapRef }) => configMapRef?.name === name) === true;
    }) ||
    spec.volumes?.some(
      ({ configMap, projected }) =>
        configMap?.name === name ||
        projected?.sources?.some((part) => part.configMap?.name === name) === true,
    ) === true,
  persistentvolumeclaims: ({ metadata, spec }, name) =>
    spec.volumes?.some(
      (volume) =>
        volume.persistentVolumeClaim?.claimName === name ||
        (volume.ephemeral !== undefined && `${metadata.name}-${volume.name}` === name),
    ) === true,
  serviceaccounts: ({ spec }, name) => spec.serviceAccountName === name,
};

function inContainers(
  { containers, initContainers = [], ephemeralContainers = [] }: PodSpec,
  uses: (container: Pick<PodSpec['containers'][number], 'env' | 'envFrom'>) => boolean,
): boolean {
  return [...containers, ...initContainers, ...ephemeralContainers].some(uses);
}
