import { forbidden } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';

export type RequestVerb =
  'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What somebody wants to do, as authorizers see it (SubjectAccessReview's resource attributes). */
export interface AccessRequest {
  readonly user: UserInfo;
  readonly verb: RequestVerb;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export type Decision =
  | { readonly allowed: true }
  /** `reason` is shown to the user after the sentence that says what is forbidden. */
  | { readonly allowed: false; readonly reason: string };

/** Decides who may do what. One for both front ends, all verbs and all subresources. */
export interface Authorizer {
  authorize(request: AccessRequest): Decision | Promise<Decision>;
}

/** The group that may do everything. */
export const mastersGroup = 'system:masters';

/** Everything for the cluster's masters, nothing for anybody else. */
export const mastersOnly: Authorizer = {
  authorize: ({ user }) =>
    user.groups.includes(mastersGroup) ? { allowed: true } : { allowed: false, reason: '' },
};

/** Throws Forbidden in upstream's words. The process itself, which is no user, may do everything. */
export async function checkAccess(
  authorizer: Authorizer,
  request: Omit<AccessRequest, 'user'> & { readonly user: UserInfo | undefined },
): Promise<void> {
  const { user } = request;
  if (user === undefined) return;
  const decision = await authorizer.authorize({ ...request, user });
  if (decision.allowed) return;
  const { group, resource, subresource, namespace, name, verb } = request;
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
