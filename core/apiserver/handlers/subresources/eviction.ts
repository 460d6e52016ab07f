import { forbidden, StatusError } from '../../../api/errors.ts';
import type { Pod } from '../../../api/generated/core-v1.ts';
import type { Eviction, PodDisruptionBudget } from '../../../api/generated/policy-v1.ts';
import { poddisruptionbudgets } from '../../../api/generated/resources.ts';
import type { KubernetesObject, Mutable } from '../../../api/object.ts';
import { objectSchemaOf } from '../../../api/schema/schemas.ts';
import type { DeleteOptions, Encoded } from '../../../api/verbs.ts';
import { selectorFromObject } from '../../../machinery/label-selector.ts';
import { timestamp } from '../../../machinery/timestamp.ts';
import { PlainObject } from '../plain-object.ts';
import { checkSameName } from './subresource.ts';
import type { SubresourceCreate, SubresourceHandler } from './subresource.ts';
import { success } from './success.ts';

/** More evictions at once than the budget's controller has counted are refused (upstream: MaxDisruptedPodSize). */
const maxDisruptedPods = 2_000;
const retryAfterSeconds = 10;

/** A deletion that asks the budgets first (pkg/registry/core/pod/storage/eviction.go, KEP-85). */
export const eviction: SubresourceHandler = {
  kind: {
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    // As kubectl sent it until 1.21.
    olderApiVersions: ['policy/v1beta1'],
    get schema() {
      return objectSchemaOf('policy/v1.Eviction');
    },
  },

  async create(request: SubresourceCreate): Promise<Encoded> {
    const { call, endpoint, target, body } = request;
    checkSameName(body, target);
    const { deleteOptions = {} } = body as Eviction;
    const dryRun = request.dryRun || (deleteOptions.dryRun?.length ?? 0) > 0;
    const stored = await endpoint.store.get(target.namespace, target.name, {}, call.signal);
    const pod = stored.object as Pod;
    const budget = await budgetOf(request, pod);
    if (budget !== undefined && !isFreeOf(budget, pod)) await spend(request, budget, dryRun);
    const { gracePeriodSeconds, propagationPolicy } = deleteOptions;
    const preconditions = deleteOptions.preconditions as DeleteOptions['preconditions'];
    const announced = dryRun ? preconditions : await announce(request, preconditions);
    await request.delete({
      dryRun,
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(announced === undefined ? {} : { preconditions: announced }),
      ...(propagationPolicy === undefined
        ? {}
        : { propagationPolicy: propagationPolicy as NonNullable<DeleteOptions['propagationPolicy']> }),
    });
    return new PlainObject(success);
  },
};

async function budgetOf(
  { call, storeOf }: SubresourceCreate,
  pod: Pod,
): Promise<PodDisruptionBudget | undefined> {
  // What does not run, or goes already, disturbs nobody.
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  if (['Succeeded', 'Failed', 'Pending'].includes(pod.status.phase ?? 'Pending')) return undefined;
  const { items } = await storeOf(poddisruptionbudgets).list(pod.metadata.namespace, {}, call.signal);
  const [budget, ...others] = items
    .map(({ object }) => object as PodDisruptionBudget)
    .filter(({ spec }) => spec.selector !== undefined)
    .filter(({ spec }) => selectorFromObject(spec.selector).matches(pod.metadata.labels));
  if (others.length > 0)
    throw new StatusError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  return budget;
}

/** A Pod that is not ready does not count as healthy, so losing it may cost nothing (KEP-3017). */
function isFreeOf({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const ready = pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  if (ready) return false;
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** Takes one disruption off the budget, or throws TooManyRequests. */
async function spend(
  { call, clock, storeOf, target }: SubresourceCreate,
  { metadata }: PodDisruptionBudget,
  dryRun: boolean,
): Promise<void> {
  await storeOf(poddisruptionbudgets).update(metadata.namespace, metadata.name ?? '', {
    signal: call.signal,
    dryRun,
    change: async ({ object }) => spent(object as PodDisruptionBudget, target.name, timestamp(clock.now())),
  });
}

function spent(budget: PodDisruptionBudget, pod: string, now: string): Mutable<KubernetesObject> {
  const { metadata, status } = budget;
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = status;
  const name = metadata.name ?? '';
  if (observedGeneration < (metadata.generation ?? 0))
    throw tooMany(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      `The disruption budget ${name} is still being processed by the server.`,
      retryAfterSeconds,
    );
  if (disruptionsAllowed < 0)
    throw forbidden(poddisruptionbudgets, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > maxDisruptedPods)
    throw forbidden(
      poddisruptionbudgets,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  if (disruptionsAllowed === 0)
    throw tooMany(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
    );
  const left = disruptionsAllowed - 1;
  return {
    ...budget,
    metadata: { ...metadata },
    status: {
      ...status,
      disruptionsAllowed: left,
      disruptedPods: { ...disruptedPods, [pod]: now },
      ...(left > 0 ? {} : { conditions: exhausted(status, metadata.generation, now) }),
    },
  } as Mutable<KubernetesObject>;
}

function exhausted(
  { conditions = [] }: PodDisruptionBudget['status'],
  observedGeneration: number | undefined,
  now: string,
) {
  const before = conditions.find(({ type }) => type === 'DisruptionAllowed');
  return [
    ...conditions.filter(({ type }) => type !== 'DisruptionAllowed'),
    {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'InsufficientPods',
      message: '',
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now,
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
    },
  ];
}

/** Whoever watches the Pod learns why it goes (KEP-3329). Resolves to the preconditions that hold after it. */
async function announce(
  { call, clock, endpoint, target }: SubresourceCreate,
  preconditions: DeleteOptions['preconditions'],
): Promise<DeleteOptions['preconditions']> {
  const { resourceVersion } = await endpoint.store.update(target.namespace, target.name, {
    signal: call.signal,
    preconditions,
    change: async ({ object }) => {
      const pod = object as Pod;
      const conditions = (pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
        lastTransitionTime: timestamp(clock.now()),
      };
      return {
        ...pod,
        metadata: { ...pod.metadata },
        status: { ...pod.status, conditions: [...conditions, condition] },
      } as Mutable<Pod>;
    },
  });
  return preconditions?.resourceVersion === undefined ? preconditions : { ...preconditions, resourceVersion };
}

function tooMany(message: string, cause: string, retrySeconds?: number): StatusError {
  return new StatusError('TooManyRequests', message, {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retrySeconds === undefined ? {} : { retryAfterSeconds: retrySeconds }),
  });
}
