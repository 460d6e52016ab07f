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
    const subjects = subjectsOf(user);
    for (const subject of subjects) yield* this.#clusterBindings.of(subject);
    if (namespace === undefined) return;
    for (const subject of subjects) yield* this.#bindings.of(`${namespace}/${subject}`);
  }

  rulesOf({
    roleRef,
    metadata: { namespace },
  }: ClusterRoleBinding | RoleBinding): readonly PolicyRule[] | undefined {
    return roleRef.kind === 'Role'
      ? this.#roles.get(`${namespace ?? ''}/${roleRef.name}`)
      : this.#clusterRoles.get(roleRef.name);
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

class RoleTable implements Table<Role | ClusterRole> {
  readonly #rules = new Map<string, readonly PolicyRule[]>();

  get(key: string): readonly PolicyRule[] | undefined {
    return this.#rules.get(key);
  }

  put(role: Role | ClusterRole): void {
    this.#rules.set(keyOf(role), role.rules ?? []);
  }

  remove(role: Role | ClusterRole): void {
    this.#rules.delete(keyOf(role));
  }
}

class BindingTable implements Table<RoleBinding | ClusterRoleBinding> {
  readonly #bySubject = new Map<string, Map<string, Grant>>();
  /** By binding: under which subjects it is found. */
  readonly #places = new Map<string, readonly string[]>();

  of(subject: string): Iterable<Grant> {
    return this.#bySubject.get(subject)?.values() ?? [];
  }

  put(binding: RoleBinding | ClusterRoleBinding): void {
    const key = keyOf(binding);
    this.#forget(key);
    const { namespace } = binding.metadata;
    const places: string[] = [];
    for (const subject of binding.subjects ?? []) {
      const found = subjectKey(subject, namespace);
      if (found === undefined) continue;
      const place = namespace === undefined ? found : `${namespace}/${found}`;
      const grants = this.#bySubject.get(place) ?? new Map<string, Grant>();
      grants.set(key, { binding, subject });
      this.#bySubject.set(place, grants);
      places.push(place);
    }
    this.#places.set(key, places);
  }

  remove(binding: RoleBinding | ClusterRoleBinding): void {
    this.#forget(keyOf(binding));
  }

  #forget(key: string): void {
    for (const place of this.#places.get(key) ?? []) {
      const grants = this.#bySubject.get(place);
      grants?.delete(key);
      if (grants?.size === 0) this.#bySubject.delete(place);
    }
    this.#places.delete(key);
  }
}

function subjectsOf({ name, groups }: UserInfo): readonly string[] {
  return [`user:${name}`, ...new Set(groups.map((group) => `group:${group}`))];
}

/** Accounts are found by the user name they act under. */
function subjectKey(
  { kind, name, namespace }: Subject,
  bindingNamespace: string | undefined,
): string | undefined {
  switch (kind) {
    case 'User':
      return `user:${name}`;
    case 'Group':
      return `group:${name}`;
    case 'ServiceAccount': {
      const where = namespace === undefined || namespace === '' ? bindingNamespace : namespace;
      return where === undefined ? undefined : `user:system:serviceaccount:${where}:${name}`;
    }
    default:
      return undefined;
  }
}
