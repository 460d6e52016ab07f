import { badRequest, invalid } from '../../api/errors.ts';
import type { FieldError } from '../../api/errors.ts';
import type { SelfSubjectReview, TokenReview } from '../../api/generated/authentication-v1.ts';
import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../../api/generated/authorization-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { required } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { Call, UserInfo } from '../../api/verbs.ts';
import { selectorProblems, selectorsOfReview } from './asked-selectors.ts';
import type { Authorizer } from './authorize.ts';
import type { VirtualResource, VirtualResources } from './virtual.ts';

/** Says whose token it is; undefined where nobody vouches for it. */
export type TokenAuthenticator = (
  token: string,
  audiences: readonly string[],
) => Promise<{ readonly user: UserInfo; readonly audiences: readonly string[] } | undefined>;

/** The reviews of authentication.k8s.io and authorization.k8s.io: questions that are answered, never stored. */
export function reviewResources(
  authorizer: Authorizer,
  authenticateToken: TokenAuthenticator,
): VirtualResources {
  const spec = FieldPath.root.child('spec');
  return new Map<string, VirtualResource>([
    ['authentication.k8s.io/selfsubjectreviews', review(whoAmI)],
    [
      'authentication.k8s.io/tokenreviews',
      review(async (_call, object) => tokenReview(object as TokenReview, authenticateToken)),
    ],
    [
      'authorization.k8s.io/selfsubjectaccessreviews',
      review(async (call, object) => {
        const { spec: asked } = object as SelfSubjectAccessReview;
        refuse(object, attributesProblems(asked, spec));
        return withStatus(object, await decide(authorizer, callerOf(call), asked));
      }),
    ],
    [
      'authorization.k8s.io/subjectaccessreviews',
      review(async (_call, object) => {
        const { spec: asked } = object as SubjectAccessReview;
        refuse(object, subjectProblems(asked, spec));
        return withStatus(object, await decide(authorizer, subjectOf(asked), asked));
      }),
    ],
    [
      'authorization.k8s.io/localsubjectaccessreviews',
      review(async (_call, object) => {
        const { spec: asked, metadata } = object as LocalSubjectAccessReview;
        refuse(object, subjectProblems(asked, spec));
        if (asked.resourceAttributes === undefined)
          throw badRequest('spec.resourceAttributes: must be given');
        if (asked.resourceAttributes.namespace !== metadata.namespace)
          throw badRequest('spec.resourceAttributes.namespace: must be the namespace of the review');
        return withStatus(object, await decide(authorizer, subjectOf(asked), asked));
      }),
    ],
    [
      'authorization.k8s.io/selfsubjectrulesreviews',
      review(async (call, object) => {
        const namespace = (object as SelfSubjectRulesReview).spec.namespace ?? '';
        if (namespace === '') throw badRequest('no namespace on request');
        return withStatus(object, await authorizer.rules(callerOf(call), namespace));
      }),
    ],
  ]);
}

type Answer = (call: Call, object: KubernetesObject) => Promise<KubernetesObject>;

function review(answer: Answer): VirtualResource {
  return { create: (call, _target, object) => answer(call, object) };
}

function withStatus(object: KubernetesObject, status: object): KubernetesObject {
  return { ...object, status } as KubernetesObject;
}

async function whoAmI(call: Call, object: KubernetesObject): Promise<SelfSubjectReview> {
  const { name, uid, groups, extra } = callerOf(call);
  const userInfo = {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
  return withStatus(object, { userInfo }) as SelfSubjectReview;
}

async function tokenReview(object: TokenReview, authenticate: TokenAuthenticator): Promise<TokenReview> {
  const { token, audiences = [] } = object.spec;
  if (token === undefined || token === '')
    refuse(object, [required(FieldPath.root.child('spec').child('token'))]);
  const known = await authenticate(token, audiences);
  // A review is answered to whoever asked, and must not hand the token back.
  const { token: _, ...spec } = object.spec;
  if (known === undefined) return { ...object, spec, status: { authenticated: false } } as TokenReview;
  const { name, uid, groups, extra } = known.user;
  const user = {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
  return {
    ...object,
    spec,
    status: { authenticated: true, user, audiences: known.audiences },
  } as TokenReview;
}

/** The process itself asks as the cluster's master. */
function callerOf({ user }: Call): UserInfo {
  return user ?? { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };
}

function subjectOf({ user = '', uid, groups = [], extra }: SubjectAccessReviewSpec): UserInfo {
  return {
    name: user,
    groups,
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
  };
}

interface Asked {
  readonly resourceAttributes?: ResourceAttributes | undefined;
  readonly nonResourceAttributes?: NonResourceAttributes | undefined;
}

async function decide(
  authorizer: Authorizer,
  user: UserInfo,
  asked: Asked,
): Promise<SubjectAccessReviewStatus> {
  const decision = await authorizer.authorize(requestOf(user, asked));
  return { allowed: decision.allowed, ...(decision.reason === '' ? {} : { reason: decision.reason }) };
}

function requestOf(user: UserInfo, { resourceAttributes: of, nonResourceAttributes: path }: Asked) {
  if (of === undefined) return { user, verb: path?.verb ?? '', path: path?.path ?? '' };
  const { verb = '', group = '', version = '*', resource = '', subresource, namespace, name } = of;
  return {
    user,
    verb,
    group,
    version,
    resource,
    subresource: subresource === '' ? undefined : subresource,
    namespace: namespace === '' ? undefined : namespace,
    name: name === '' ? undefined : name,
    ...selectorsOfReview(of),
  };
}

/** Upstream: authorization/validation. */
function attributesProblems(
  { resourceAttributes, nonResourceAttributes }: Asked,
  spec: FieldPath,
): FieldError[] {
  const both = resourceAttributes !== undefined && nonResourceAttributes !== undefined;
  const neither = resourceAttributes === undefined && nonResourceAttributes === undefined;
  if (!both && !neither)
    return resourceAttributes === undefined
      ? []
      : [...selectorProblems(resourceAttributes, spec.child('resourceAttributes'))];
  return [
    required(
      spec.child('resourceAttributes'),
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ),
  ];
}

function subjectProblems(asked: SubjectAccessReviewSpec, spec: FieldPath): FieldError[] {
  const problems = attributesProblems(asked, spec);
  if ((asked.user ?? '') === '' && (asked.groups ?? []).length === 0)
    problems.push(required(spec.child('user'), 'at least one of user or group must be specified'));
  return problems;
}

function refuse({ kind = '', apiVersion = '' }: KubernetesObject, problems: readonly FieldError[]): void {
  if (problems.length > 0) throw invalid({ group: apiVersion.split('/')[0] ?? '', kind }, '', problems);
}
