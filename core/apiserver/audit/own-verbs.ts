import type {
  Call,
  CollectionTarget,
  DeleteOptions,
  ListOptions,
  UserInfo,
  Verbs,
  WatchEvent,
  WriteOptions,
} from '../../api/verbs.ts';
import { isLongRunning, pathOf, resourceAttributes, uriOf } from '../requests/attributes.ts';
import type { RequestAttributes, ResourceAttributes } from '../requests/attributes.ts';
import type { Auditor } from './auditor.ts';
import type { Trail } from './trail.ts';

/** The names under which the cluster's own parts are in the log: rules are about them as about anybody. */
export const ownUsers = {
  controllers: { name: 'system:kube-controller-manager', groups: ['system:authenticated'] },
  scheduler: { name: 'system:kube-scheduler', groups: ['system:authenticated'] },
  server: { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
} as const satisfies Readonly<Record<string, UserInfo>>;

type Target = CollectionTarget & { readonly name?: string };

/**
 * The verbs as a part of this process calls them, noted in the audit log under that part's name. It is still the
 * process that asks, which may do everything. What the policy wants nothing of costs one look at its rules.
 */
export function ownVerbs(verbs: Verbs, auditor: Auditor | undefined, user: UserInfo): Verbs {
  if (auditor === undefined) return verbs;
  const begin = (call: Call, verb: string, target: Target, options: object = {}) => {
    if (call.tracker !== undefined) return undefined;
    const attributes = new OwnRequest(verb, target, options);
    const request = { attributes, auditId: undefined, userAgent: call.userAgent, sourceIps: loopback };
    return auditor.begin(request, auditor.now(), user);
  };
  return {
    get: (call, target, options) =>
      noted(call, begin(call, 'get', target), (own) => verbs.get(own, target, options)),
    list: (call, target, options) =>
      noted(call, begin(call, 'list', target, options), (own) => verbs.list(own, target, options)),
    watch(call, target, options) {
      const trail = begin(call, 'watch', target, options);
      if (trail === undefined) return verbs.watch(call, target, options);
      return followed(trail, verbs.watch({ ...call, tracker: trail }, target, options));
    },
    create: (call, target, body, options) =>
      noted(
        call,
        begin(call, 'create', target, options),
        (own) => verbs.create(own, target, body, options),
        201,
      ),
    update: (call, target, body, options) =>
      noted(call, begin(call, 'update', target, options), (own) => verbs.update(own, target, body, options)),
    patch: (call, target, patch, options) =>
      noted(call, begin(call, 'patch', target, options), (own) => verbs.patch(own, target, patch, options)),
    delete: (call, target, options) =>
      noted(call, begin(call, 'delete', target), (own) => verbs.delete(own, target, options)),
    deleteCollection: (call, target, list, options) =>
      noted(call, begin(call, 'deletecollection', target, list), (own) =>
        verbs.deleteCollection(own, target, list, options),
      ),
  };
}

function loopback(): readonly string[] {
  return ['127.0.0.1'];
}

/** @param code of the answer, as REST would give it */
function noted<T>(
  call: Call,
  trail: Trail | undefined,
  serve: (call: Call) => Promise<T>,
  code = 200,
): Promise<T> {
  return trail === undefined ? serve(call) : finished(trail, code, serve({ ...call, tracker: trail }));
}

async function finished<T>(trail: Trail, code: number, serving: Promise<T>): Promise<T> {
  try {
    const served = await serving;
    trail.started(code);
    trail.complete();
    return served;
  } catch (error) {
    trail.ended(error);
    throw error;
  }
}

async function* followed(
  trail: Trail,
  batches: AsyncIterable<readonly WatchEvent[]>,
): AsyncGenerator<readonly WatchEvent[], void, undefined> {
  try {
    yield* batches;
  } catch (error) {
    trail.ended(error);
    throw error;
  } finally {
    trail.complete();
  }
}

/** Put into words only where somebody writes it down. */
class OwnRequest implements RequestAttributes {
  readonly verb: string;
  readonly longRunning: boolean;
  readonly resource: ResourceAttributes;
  readonly #target: Target;
  readonly #options: Partial<ListOptions & WriteOptions & DeleteOptions>;

  constructor(verb: string, target: Target, options: object) {
    this.verb = verb;
    this.#target = target;
    this.#options = options;
    this.resource = resourceAttributes(target, this.#options.fieldSelector);
    this.longRunning = isLongRunning(verb, target.subresource);
  }

  get path(): string {
    return pathOf(this.#target);
  }

  get uri(): string {
    const { fieldSelector, labelSelector, resourceVersion, fieldManager, dryRun } = this.#options;
    return uriOf(this.path, {
      watch: this.verb === 'watch',
      fieldSelector,
      labelSelector,
      resourceVersion,
      fieldManager,
      dryRun: dryRun === true ? 'All' : undefined,
    });
  }
}
