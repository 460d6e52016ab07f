import type { AdmissionPlugin, AdmissionRequest } from '../../admission/chain.ts';
import { forbidden } from '../../api/errors.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Authorizer, Decision, ResourceRequest } from '../handlers/authorize.ts';

/**
 * An owner reference lets the garbage collector delete the object, and may hold up its owner's deletion: who writes
 * one must be allowed to do that by hand (plugin/pkg/admission/gc).
 */
export class OwnerReferences implements AdmissionPlugin {
  readonly name = 'OwnerReferencesPermissionEnforcement';
  readonly #scheme: Scheme;
  readonly #authorizer: Authorizer;

  constructor(scheme: Scheme, authorizer: Authorizer) {
    this.#scheme = scheme;
    this.#authorizer = authorizer;
  }

  handles({ operation, declaration, subresource, object, old, user }: AdmissionRequest): boolean {
    if (user === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return false;
    // The status of a Pod cannot change its owners.
    if (declaration.group === '' && declaration.plural === 'pods' && subresource === 'status') return false;
    const [now, before] = [referencesOf(object), referencesOf(old)];
    return now !== before && !deepEqual(now, before);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { user, declaration, namespace, name, subresource, object, old } = request;
    if (user === undefined) return;
    const deletion = await this.#authorizer.authorize({
      ...attributes(user, 'delete', declaration, namespace, name),
      subresource: subresource === '' ? undefined : subresource,
    });
    if (!deletion.allowed)
      throw refuse(request, "cannot set an ownerRef on a resource you can't delete", deletion);
    for (const reference of newlyBlocking(referencesOf(object), referencesOf(old))) {
      const owner = this.#kindOf(reference);
      if (owner === undefined) {
        const { apiVersion, kind } = reference;
        throw forbidden(
          declaration,
          name,
          `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`,
        );
      }
      const where = owner.namespaced ? namespace : undefined;
      const decision = await this.#authorizer.authorize({
        ...attributes(user, 'update', owner, where, reference.name),
        subresource: 'finalizers',
      });
      if (!decision.allowed)
        throw refuse(
          request,
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
          decision,
        );
    }
  }

  #kindOf({ apiVersion, kind }: OwnerReference): KindDeclaration | undefined {
    const slash = apiVersion.indexOf('/');
    return this.#scheme.byKind(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1), kind);
  }
}

const none: readonly OwnerReference[] = [];

function referencesOf(object: AdmissionRequest['old']): readonly OwnerReference[] {
  return object?.metadata.ownerReferences ?? none;
}

/** References that hold up their owner's deletion and did not before. */
function newlyBlocking(
  now: readonly OwnerReference[],
  before: readonly OwnerReference[],
): readonly OwnerReference[] {
  const blocked = new Set(
    before.filter(({ blockOwnerDeletion }) => blockOwnerDeletion).map(({ uid }) => uid),
  );
  return now.filter(({ uid, blockOwnerDeletion }) => blockOwnerDeletion === true && !blocked.has(uid));
}

function attributes(
  user: UserInfo,
  verb: string,
  { group, version, plural }: KindDeclaration,
  namespace: string | undefined,
  name: string,
): ResourceRequest {
  return { user, verb, group, version, resource: plural, subresource: undefined, namespace, name };
}

/** Upstream prints the error of the authorizer too, of which there is none. */
function refuse({ declaration, name }: AdmissionRequest, why: string, { reason }: Decision) {
  return forbidden(declaration, name, `${why}: ${reason}, <nil>`);
}
