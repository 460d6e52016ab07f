import type { DaemonSet, Deployment, StatefulSet } from '../../core/api/generated/apps-v1.ts';
import type { Container, Pod, PodSpec, Service } from '../../core/api/generated/core-v1.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { parseApiVersion } from '../../core/api/resource.ts';
import { deepEqual } from '../../core/machinery/json.ts';
import { selectorFromLabels } from '../../core/machinery/label-selector.ts';
import { l10n } from '../language/l10n.ts';

/** The Pods of a namespace; undefined where they may not be seen. */
export type PodsOf = (namespace: string) => Promise<readonly Pod[] | undefined>;

type Impact = (
  live: KubernetesObject,
  wanted: KubernetesObject,
  podsOf: PodsOf,
) => Promise<readonly string[]>;

const impacts: Readonly<Record<string, Impact>> = {
  'apps/Deployment': async (live, wanted) => deploymentImpact(live as Deployment, wanted as Deployment),
  'apps/StatefulSet': async (live, wanted) => statefulSetImpact(live as StatefulSet, wanted as StatefulSet),
  'apps/DaemonSet': async (live, wanted) => daemonSetImpact(live as DaemonSet, wanted as DaemonSet),
  '/ConfigMap': (live, wanted, podsOf) => dataImpact(live, wanted, podsOf),
  '/Secret': (live, wanted, podsOf) => dataImpact(live, wanted, podsOf),
  '/Service': (live, wanted, podsOf) => serviceImpact(live as Service, wanted as Service, podsOf),
};

/** What changing an object does to Pods, as far as the API tells; one sentence each. */
export async function impactOf(
  live: KubernetesObject,
  wanted: KubernetesObject,
  podsOf: PodsOf,
): Promise<readonly string[]> {
  const { group } = parseApiVersion(wanted.apiVersion ?? '');
  return (await impacts[`${group}/${wanted.kind ?? ''}`]?.(live, wanted, podsOf)) ?? [];
}

function deploymentImpact(live: Deployment, wanted: Deployment): readonly string[] {
  const running = live.status.replicas ?? live.spec.replicas ?? 0;
  return [...templateImpact(), ...sizeImpact(live.spec.replicas, wanted.spec.replicas)];

  function templateImpact(): readonly string[] {
    if (sameTemplate(live, wanted)) return [];
    if (wanted.spec.paused === true) return [l10n.t('no Pod restarts until the rollout is resumed')];
    if (running === 0) return [];
    return wanted.spec.strategy?.type === 'Recreate'
      ? [l10n.t('stops all Pods ({0}) before new ones start', running)]
      : [restarts(running)];
  }
}

function statefulSetImpact(live: StatefulSet, wanted: StatefulSet): readonly string[] {
  const { updateStrategy, replicas } = wanted.spec;
  const size = sizeImpact(live.spec.replicas, replicas);
  if (sameTemplate(live, wanted)) return size;
  if (updateStrategy?.type === 'OnDelete') return [onDelete(), ...size];
  // Pods below the partition keep what they run.
  const running = live.status.replicas - (updateStrategy?.rollingUpdate?.partition ?? 0);
  return running > 0 ? [restarts(running), ...size] : size;
}

function daemonSetImpact(live: DaemonSet, wanted: DaemonSet): readonly string[] {
  if (sameTemplate(live, wanted)) return [];
  if (wanted.spec.updateStrategy?.type === 'OnDelete') return [onDelete()];
  const running = live.status.desiredNumberScheduled;
  return running > 0 ? [restarts(running)] : [];
}

function sameTemplate(live: Deployment | StatefulSet | DaemonSet, wanted: typeof live): boolean {
  return deepEqual(live.spec.template, wanted.spec.template);
}

function restarts(count: number): string {
  return count === 1 ? l10n.t('restarts its Pod') : l10n.t('restarts {0} Pods, a few at a time', count);
}

function onDelete(): string {
  return l10n.t('Pods restart only when somebody deletes them');
}

function sizeImpact(before = 1, after = 1): readonly string[] {
  if (after > before) return [l10n.t('starts Pods: {0} instead of {1}', after, before)];
  return after < before ? [l10n.t('stops Pods: {0} instead of {1}', after, before)] : [];
}

interface Data {
  readonly data?: unknown;
  readonly binaryData?: unknown;
}

/** Who mounts a ConfigMap or Secret sees a change; who has it as environment, or as one file, does not. */
async function dataImpact(
  live: KubernetesObject & Data,
  wanted: KubernetesObject & Data,
  podsOf: PodsOf,
): Promise<readonly string[]> {
  if (deepEqual(live.data, wanted.data) && deepEqual(live.binaryData, wanted.binaryData)) return [];
  const { namespace = '', name = '' } = wanted.metadata;
  const users = ((await podsOf(namespace)) ?? []).map(({ spec }) => usesOf(spec, wanted.kind ?? '', name));
  const mounting = users.filter((uses) => uses.has('volume')).length;
  const reading = users.filter((uses) => uses.has('environment')).length;
  return [
    ...(mounting === 0 ? [] : [l10n.t('Pods that mount it see the change soon: {0}', mounting)]),
    ...(reading === 0
      ? []
      : [l10n.t('Pods that have it as environment see it when they restart: {0}', reading)]),
  ];
}

function usesOf(spec: PodSpec, kind: string, name: string): ReadonlySet<'volume' | 'environment'> {
  const uses = new Set<'volume' | 'environment'>();
  const containers: readonly Partial<Container>[] = [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
  ];
  for (const { env = [], envFrom = [] } of containers) {
    const named = [
      ...env.map(({ valueFrom }) =>
        kind === 'Secret' ? valueFrom?.secretKeyRef?.name : valueFrom?.configMapKeyRef?.name,
      ),
      ...envFrom.map(({ secretRef, configMapRef }) => (kind === 'Secret' ? secretRef : configMapRef)?.name),
    ];
    if (named.includes(name)) uses.add('environment');
  }
  for (const { configMap, secret, projected } of spec.volumes ?? []) {
    const sources = projected?.sources ?? [];
    const named =
      kind === 'Secret'
        ? [secret?.secretName, ...sources.map((source) => source.secret?.name)]
        : [configMap?.name, ...sources.map((source) => source.configMap?.name)];
    if (named.includes(name)) uses.add('volume');
  }
  return uses;
}

async function serviceImpact(live: Service, wanted: Service, podsOf: PodsOf): Promise<readonly string[]> {
  if (deepEqual(live.spec.selector, wanted.spec.selector)) return [];
  const pods = await podsOf(wanted.metadata.namespace ?? '');
  if (pods === undefined) return [];
  const count = ({ spec: { selector } }: Service) =>
    selector === undefined || Object.keys(selector).length === 0
      ? 0
      : pods.filter(({ metadata }) => selectorFromLabels(selector).matches(metadata.labels ?? {})).length;
  return [l10n.t('leads to other Pods: {0} instead of {1}', count(wanted), count(live))];
}
