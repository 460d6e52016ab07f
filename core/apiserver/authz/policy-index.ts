import type { Lookup } from '../../admission/lookup.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../api/generated/rbac-v1.ts';
import { clusterrolebindings, clusterroles, rolebindings, roles } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { Backoff } from '../../machinery/backoff.ts';
import { sleep } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deferred } from '../../machinery/deferred.ts';
import type { Random } from '../../machinery/random.ts';

/** A role that a subject has, and by which binding. */
export interface Grant {
  readonly binding: ClusterRoleBinding | RoleBinding;
  /** The one of the binding's subjects that the user is. */
  readonly subject: Subject;
}

/** What RBAC's objects say, found by subject: no decision looks at bindings of anybody else. */
export interface RbacPolicy {
  /** The grants of a user: everywhere, and in the namespace where one is given. */
  grants(user: UserInfo, namespace: string | undefined): Iterable<Grant>;
  /** The rules of a binding's role; undefined where it does not exist. */
  rulesOf(binding: ClusterRoleBinding | RoleBinding): readonly PolicyRule[] | undefined;
}

export interface PolicyIndexOptions {
  readonly client: Lookup;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Objects of one kind, as they come and go. */
interface Table<T> {
  put(object: T): void;
  remove(object: T): void;
}

/** Follows roles and bindings, as the watch caches have them. Until it has them, nobody has a role. */
export class PolicyIndex implements RbacPolicy {
  readonly #options: PolicyIndexOptions;
  #roles = new RoleTable();
  #clusterRoles = new RoleTable();
  #bindings = new BindingTable();
  #clusterBindings = new BindingTable();
  readonly #synced = deferred();

  constructor(options: PolicyIndexOptions) {
    this.#options = options;
  }

  /** Resolves with the first complete state of all four kinds. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Follows until `signal` aborts; what fails is tried again, with the last complete state standing meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    let missing = 4;
    const complete = () => {
      missing -= 1;
      if (missing === 0) this.#synced.resolve();
    };
    await Promise.all([
      this.#follow(
        roles,
        () => new RoleTable(),
        (table) => (this.#roles = table),
        complete,
        signal,
      ),
      this.#follow(
        clusterroles,
        () => new RoleTable(),
        (table) => (this.#clusterRoles = table),
        complete,
        signal,
      ),
      this.#follow(
        rolebindings,
        () => new BindingTable(),
        (table) => (this.#bindings = table),
        complete,
        signal,
      ),
      this.#follow(
        clusterrolebindings,
        () => new BindingTable(),
        (table) => (this.#clusterBindings = table),
        complete,
        signal,
      ),
    ]);
  }

  *grants(user: UserInfo, namespace: string | undefined): Iterable<Grant> {
    yield* this.#clusterBindings.of(user, '');
    if (namespace !== undefined) yield* this.#bindings.of(user, namespace);
  }

  rulesOf({
    roleRef,
    metadata: { namespace },
  }: ClusterRoleBinding | RoleBinding): readonly PolicyRule[] | undefined {
    return roleRef.kind === 'Role'
      ? this.#roles.get(namespace, roleRef.name)
      : this.#clusterRoles.get(undefined, roleRef.name);
  }

  async #follow<T extends KubernetesObject, K extends Table<T>>(
    resource: Resource<T>,
    make: () => K,
    use: (table: K) => void,
    complete: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, random, onError } = this.#options;
    const backoff = new Backoff({ initialMs: 50, maxMs: 2_000, jitter: 0.5, random });
    let first = true;
    while (!signal.aborted) {
      // A new state is built aside: a decision never sees half of one.
      const table = make();
      try {
        const watch = { sendInitialEvents: true, allowBookmarks: true, signal };
        for await (const batch of client.watch(resource, watch)) {
          for (const event of batch) {
            if (event.type === 'DELETED') table.remove(event.object);
            else if (event.type !== 'BOOKMARK') table.put(event.object);
            else if (event.initialEventsEnd) {
              use(table);
              backoff.reset();
              if (first) complete();
              first = false;
            }
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        onError?.(error);
      }
      await sleep(clock, backoff.nextMs(), signal).catch(() => undefined);
    }
  }
}

/** By namespace and name, because to put the two together for every look costs more than the look. */
class RoleTable implements Table<Role | ClusterRole> {
  readonly #byNamespace = new Map<string, Map<string, readonly PolicyRule[]>>();

  get(namespace: string | undefined, name: string): readonly PolicyRule[] | undefined {
    return this.#byNamespace.get(namespace ?? '')?.get(name);
  }

  put({ metadata: { namespace = '', name = '' }, rules = [] }: Role | ClusterRole): void {
    const known = this.#byNamespace.get(namespace);
    if (known === undefined) this.#byNamespace.set(namespace, new Map([[name, rules]]));
    else known.set(name, rules);
  }

  remove({ metadata: { namespace = '', name = '' } }: Role | ClusterRole): void {
    const known = this.#byNamespace.get(namespace);
    known?.delete(name);
    if (known?.size === 0) this.#byNamespace.delete(namespace);
  }
}

/** The grants of one subject, by binding. */
type Grants = Map<string, Grant>;

/** The grants of one namespace, or of all bindings that have none. */
class NamespaceGrants {
  readonly users = new Map<string, Grants>();
  readonly groups = new Map<string, Grants>();

  get isEmpty(): boolean {
    return this.users.size === 0 && this.groups.size === 0;
  }
}

interface Place {
  readonly kind: 'users' | 'groups';
  readonly name: string;
}

class BindingTable implements Table<RoleBinding | ClusterRoleBinding> {
  readonly #byNamespace = new Map<string, NamespaceGrants>();
  /** By binding: under which subjects it is found. */
  readonly #places = new Map<string, readonly Place[]>();

  *of({ name, groups }: UserInfo, namespace: string): Iterable<Grant> {
    const found = this.#byNamespace.get(namespace);
    if (found === undefined) return;
    const own = found.users.get(name);
    if (own !== undefined) yield* own.values();
    for (const [index, group] of groups.entries()) {
      const grants = found.groups.get(group);
      if (grants !== undefined && groups.indexOf(group) === index) yield* grants.values();
    }
  }

  put(binding: RoleBinding | ClusterRoleBinding): void {
    const key = keyOf(binding);
    const { namespace = '' } = binding.metadata;
    this.#forget(key, namespace);
    const places: Place[] = [];
    for (const subject of binding.subjects ?? []) {
      const place = placeOf(subject, binding.metadata.namespace);
      if (place === undefined) continue;
      const here = this.#byNamespace.get(namespace) ?? new NamespaceGrants();
      this.#byNamespace.set(namespace, here);
      const grants = here[place.kind].get(place.name) ?? new Map<string, Grant>();
      grants.set(key, { binding, subject });
      here[place.kind].set(place.name, grants);
      places.push(place);
    }
    this.#places.set(key, places);
  }

  remove(binding: RoleBinding | ClusterRoleBinding): void {
    this.#forget(keyOf(binding), binding.metadata.namespace ?? '');
  }

  #forget(key: string, namespace: string): void {
    const here = this.#byNamespace.get(namespace);
    for (const { kind, name } of this.#places.get(key) ?? []) {
      const grants = here?.[kind].get(name);
      grants?.delete(key);
      if (grants?.size === 0) here?.[kind].delete(name);
    }
    if (here?.isEmpty === true) this.#byNamespace.delete(namespace);
    this.#places.delete(key);
  }
}

/** Accounts are found by the user name they act under. */
function placeOf(
  { kind, name, namespace }: Subject,
  bindingNamespace: string | undefined,
): Place | undefined {
  switch (kind) {
    case 'User':
      return { kind: 'users', name };
    case 'Group':
      return { kind: 'groups', name };
    case 'ServiceAccount': {
      const where = namespace === undefined || namespace === '' ? bindingNamespace : namespace;
      return where === undefined
        ? undefined
        : { kind: 'users', name: `system:serviceaccount:${where}:${name}` };
    }
    default:
      return undefined;
  }
}
