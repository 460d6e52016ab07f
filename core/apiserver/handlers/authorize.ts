import { forbidden, StatusError } from '../../api/errors.ts';
import type { SubjectRulesReviewStatus } from '../../api/generated/authorization-v1.ts';
import type { RequestTracker, UserInfo } from '../../api/verbs.ts';
import type { AskedSelectors } from './asked-selectors.ts';

export type RequestVerb =
  'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What somebody wants to do, as authorizers see it (SubjectAccessReview's attributes). */
export type AccessRequest = ResourceRequest | PathRequest;

export interface ResourceRequest extends AskedSelectors {
  readonly user: UserInfo;
  /** One of the API's, or whatever a review asks for. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Something that is no resource, such as "/metrics". */
export interface PathRequest {
  readonly user: UserInfo;
  /** The HTTP method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Shown to the user after the sentence that says what is forbidden; "" for none. */
  readonly reason: string;
}

/** Decides who may do what. One for both front ends, all verbs and all subresources. */
export interface Authorizer {
  authorize(request: AccessRequest): Decision | Promise<Decision>;
  /** All that somebody may do in a namespace, as far as it can be told. */
  rules(user: UserInfo, namespace: string): Promise<SubjectRulesReviewStatus>;
}

/** The group that may do everything. */
export const mastersGroup = 'system:masters';

/** Everything for the cluster's masters, nothing for anybody else. */
export const mastersOnly: Authorizer = {
  authorize: ({ user }) => ({ allowed: user.groups.includes(mastersGroup), reason: '' }),
  rules: (user) => {
    const all = user.groups.includes(mastersGroup);
    return Promise.resolve({
      resourceRules: all ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] : [],
      nonResourceRules: all ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : [],
      incomplete: false,
    });
  },
};

/**
 * Throws Forbidden in upstream's words. The process itself, which is no user, may do everything. What is decided is
 * noted for the audit log.
 */
export async function checkAccess(
  authorizer: Authorizer,
  request: Omit<ResourceRequest, 'user'> & { readonly user: UserInfo | undefined },
  tracker?: RequestTracker,
): Promise<void> {
  const { user, group, resource, subresource, name, verb } = request;
  if (user === undefined) return;
  // A namespace is within itself (requestinfo.go): its own bindings count for it. A list is not, whatever it selects.
  const itself = group === '' && resource === 'namespaces' && !['list', 'watch'].includes(verb);
  const namespace = itself ? (name ?? request.namespace) : request.namespace;
  const decision = await authorizer.authorize({ ...request, user, namespace });
  note(decision, tracker);
  if (decision.allowed) return;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where =
    namespace === undefined ? ' at the cluster scope' : ` in the namespace ${JSON.stringify(namespace)}`;
  const reason = decision.reason === '' ? '' : `: ${decision.reason}`;
  throw forbidden(
    { group, plural: resource },
    name ?? '',
    `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)}${where}${reason}`,
  );
}

/** As `checkAccess`, for what is no resource. */
export async function checkPathAccess(
  authorizer: Authorizer,
  request: PathRequest,
  tracker?: RequestTracker,
): Promise<void> {
  const decision = await authorizer.authorize(request);
  note(decision, tracker);
  const { allowed, reason } = decision;
  if (allowed) return;
  const { user, verb, path } = request;
  const why = `forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`;
  throw new StatusError('Forbidden', reason === '' ? why : `${why}: ${reason}`);
}

/** Under upstream's keys (endpoints/filters/authorization.go). */
function note({ allowed, reason }: Decision, tracker: RequestTracker | undefined): void {
  if (tracker === undefined) return;
  tracker.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
  tracker.annotate('authorization.k8s.io/reason', reason);
}
