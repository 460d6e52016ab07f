import type { Lookup } from '../../admission/lookup.ts';
import { ifFound } from '../../api/errors.ts';
import type { SubjectRulesReviewStatus } from '../../api/generated/authorization-v1.ts';
import { pods } from '../../api/generated/resources.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { AccessRequest, Authorizer, Decision, ResourceRequest } from '../handlers/authorize.ts';
import { defaultRoles } from './default-roles.ts';
import { NodeRelations } from './node-relations.ts';
import type { Relation } from './node-relations.ts';
import { allows } from './rules.ts';

const nodesGroup = 'system:nodes';
const userPrefix = 'system:node:';
const leaseNamespace = 'kube-node-lease';
const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch']);
const own: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete']);
const noOpinion: Decision = { allowed: false, reason: '' };
const yes: Decision = { allowed: true, reason: '' };

/** The node an agent speaks for, "" where it does not say which; undefined for everybody else. */
export function nodeNameOf({ name, groups }: UserInfo): string | undefined {
  return groups.includes(nodesGroup) && name.startsWith(userPrefix)
    ? name.slice(userPrefix.length)
    : undefined;
}

/**
 * What a node agent may do: what the role system:node says, of Pods and Nodes only its own, and of secrets, config
 * maps, claims, volumes and accounts only those that Pods on its node use (KEP-279;
 * plugin/pkg/auth/authorizer/node/node_authorizer.go).
 */
export class NodeAuthorizer implements Authorizer {
  readonly #client: Pick<Lookup, 'get' | 'list'>;
  readonly #related: NodeRelations;
  readonly #rules = defaultRoles.find(({ name }) => name === 'system:node')?.rules ?? [];

  constructor(client: Pick<Lookup, 'get' | 'list'>) {
    this.#client = client;
    this.#related = new NodeRelations(client);
  }

  authorize(request: AccessRequest): Decision | Promise<Decision> {
    const node = nodeNameOf(request.user);
    if (node === undefined) return noOpinion;
    if (node === '') return refused(`unknown node for user ${JSON.stringify(request.user.name)}`);
    if ('path' in request) return this.#byRules(request);
    const related = this.#related;
    switch (`${request.group}/${request.resource}`) {
      case '/secrets':
        return reads(node, request, related.secret);
      case '/configmaps':
        return reads(node, request, related.configMap);
      case '/persistentvolumeclaims':
        return request.subresource === 'status'
          ? updatesStatus(node, request, related.claim)
          : gets(node, request, related.claim);
      case '/persistentvolumes':
        return gets(node, request, related.volume);
      case 'storage.k8s.io/volumeattachments':
        return gets(node, request, related.attachment);
      case '/serviceaccounts':
        return createsToken(node, request, related.serviceAccount);
      case 'coordination.k8s.io/leases':
        return ownsLease(node, request);
      case 'storage.k8s.io/csinodes':
        return ownsCsiNode(node, request);
      case '/nodes':
        if (request.subresource === undefined && reading.has(request.verb)) return readsNode(node, request);
        return this.#byRules(request);
      case '/pods':
        if (request.subresource === undefined && reading.has(request.verb))
          return this.#readsPods(node, request);
        return this.#byRules(request);
      default:
        return this.#byRules(request);
    }
  }

  rules(): Promise<SubjectRulesReviewStatus> {
    const evaluationError = 'node authorizer does not support user rule resolution';
    return Promise.resolve({ resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError });
  }

  /** What all nodes may do alike; NodeRestriction looks at what is written. */
  #byRules(request: AccessRequest): Decision {
    return this.#rules.some((rule) => allows(rule, request)) ? yes : noOpinion;
  }

  /** Its own Pods: those that it selects by its name, or one by one (AuthorizeNodeWithSelectors, KEP-4601). */
  async #readsPods(
    node: string,
    { verb, namespace, name, fieldSelector }: ResourceRequest,
  ): Promise<Decision> {
    const isOwn = fieldSelector?.some(
      ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
    );
    if (isOwn === true) return yes;
    if (namespace === undefined || name === undefined)
      return refused('can only list/watch pods with spec.nodeName field selector');
    const pod = await ifFound(this.#client.get(pods, { namespace, name }));
    // Of what is gone it is told just that: it may have been its own. What is yet to come it would see by a watch.
    const isGone = pod === undefined && verb === 'get';
    return isGone || pod?.spec.nodeName === node ? yes : unrelated(node);
  }
}

/** One by one, or as a watch of one. */
function reads(node: string, request: ResourceRequest, relation: Relation): Decision | Promise<Decision> {
  if (!reading.has(request.verb)) return refused('can only read resources of this type');
  if (request.subresource !== undefined) return refused('cannot read subresource');
  if (request.namespace === undefined) return refused('can only read namespaced object of this type');
  return ifRelated(node, request, relation);
}

function gets(node: string, request: ResourceRequest, relation: Relation): Decision | Promise<Decision> {
  if (request.verb !== 'get') return refused('can only get individual resources of this type');
  if (request.subresource !== undefined) return refused('cannot get subresource');
  return ifRelated(node, request, relation);
}

function updatesStatus(
  node: string,
  request: ResourceRequest,
  relation: Relation,
): Decision | Promise<Decision> {
  if (request.verb !== 'update' && request.verb !== 'patch')
    return refused('can only get/update/patch this type');
  return ifRelated(node, request, relation);
}

function createsToken(
  node: string,
  request: ResourceRequest,
  relation: Relation,
): Decision | Promise<Decision> {
  if (request.verb !== 'create' || request.name === undefined)
    return refused('can only create tokens for individual service accounts');
  if (request.subresource !== 'token') return refused('can only create token subresource of serviceaccount');
  return ifRelated(node, request, relation);
}

async function ifRelated(
  node: string,
  { namespace = '', name }: ResourceRequest,
  relation: Relation,
): Promise<Decision> {
  if (name === undefined) return refused('No Object name found');
  return (await relation(node, namespace, name)) ? yes : unrelated(node);
}

/** A name that is not known yet is checked when the object is (NodeRestriction). */
function ownsLease(node: string, { verb, namespace, name }: ResourceRequest): Decision {
  if (!own.has(verb)) return refused('can only get, create, update, patch, or delete a node lease');
  if (namespace !== leaseNamespace)
    return refused(`can only access leases in the "${leaseNamespace}" system namespace`);
  if (verb !== 'create' && name !== node)
    return refused('can only access node lease with the same name as the requesting node');
  return yes;
}

function ownsCsiNode(node: string, { verb, subresource, name }: ResourceRequest): Decision {
  if (!own.has(verb)) return refused('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== undefined) return refused('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node)
    return refused('can only access CSINode with the same name as the requesting node');
  return yes;
}

/** By its name, so that it may look for itself before it is there. */
function readsNode(node: string, { name }: ResourceRequest): Decision {
  if (name === node) return yes;
  const which = name === undefined ? 'all nodes' : `'${name}'`;
  return refused(`node '${node}' cannot read ${which}, only its own Node object`);
}

function unrelated(node: string): Decision {
  return refused(`no relationship found between node '${node}' and this object`);
}

function refused(reason: string): Decision {
  return { allowed: false, reason };
}
