import type { HorizontalPodAutoscaler as HpaV1 } from '../generated/autoscaling-v1.ts';
import type { HorizontalPodAutoscaler, MetricSpec } from '../generated/autoscaling-v2.ts';
import { horizontalpodautoscalers, horizontalpodautoscalersV2 } from '../generated/resources.ts';
import type { KubernetesObject, Mutable } from '../object.ts';
import { validateAutoscaler } from '../validation/autoscaling.ts';
import { declareKind } from './declare.ts';

/** Autoscalers are one thing in two versions; the newer is stored, as it can say all that the older can. */
export const autoscalerKind = declareKind(horizontalpodautoscalersV2, {
  applyDefaults: defaultAutoscaler,
  validate: validateAutoscaler,
});

export const autoscalerV1Kind = declareKind(horizontalpodautoscalers, {
  conversion: { group: 'autoscaling', version: 'v2', toStored: toV2, fromStored: toV1 },
});

const defaultUtilization = 80;
/** Where the older form keeps what it has no fields for (pkg/apis/autoscaling/annotations.go). */
const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const;

/** Upstream: pkg/apis/autoscaling/v2/defaults.go. */
function defaultAutoscaler({ spec }: Mutable<HorizontalPodAutoscaler>): void {
  spec.minReplicas ??= 1;
  if (spec.metrics === undefined || spec.metrics.length === 0) spec.metrics = [cpuMetric(defaultUtilization)];
  if (spec.behavior === undefined) return;
  const up = (spec.behavior.scaleUp ??= {});
  up.stabilizationWindowSeconds ??= 0;
  up.selectPolicy ??= 'Max';
  up.policies ??= [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ];
  const down = (spec.behavior.scaleDown ??= {});
  down.selectPolicy ??= 'Max';
  down.policies ??= [{ type: 'Percent', value: 100, periodSeconds: 15 }];
}

function cpuMetric(averageUtilization: number): Mutable<MetricSpec> {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

/** The metric that the older form has a field for. */
function isCpuUtilization({ type, resource }: MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
}

function toV2(object: HpaV1): KubernetesObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = object.spec;
  const kept = { ...object.metadata.annotations };
  const read = (name: string): unknown => {
    const text = kept[name];
    delete kept[name];
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const metrics = read(annotations.metrics) as MetricSpec[] | undefined;
  const currentMetrics = read(annotations.currentMetrics);
  const conditions = read(annotations.conditions);
  const behavior = read(annotations.behavior);
  const all = [...(target === undefined ? [] : [cpuMetric(target)]), ...(metrics ?? [])];
  const { currentCPUUtilizationPercentage: current, ...status } = object.status;
  const measured =
    current === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  return withoutAbsent({
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(object.metadata, kept),
    spec: withoutAbsent({ ...spec, metrics: all.length === 0 ? undefined : all, behavior }),
    status: withoutAbsent({
      ...status,
      currentMetrics:
        currentMetrics === undefined && measured.length === 0
          ? undefined
          : [...measured, ...((currentMetrics as unknown[] | undefined) ?? [])],
      conditions,
    }),
  }) as KubernetesObject;
}

function toV1(stored: KubernetesObject): HpaV1 {
  const object = stored as HorizontalPodAutoscaler;
  const { metrics = [], behavior, ...spec } = object.spec;
  const { currentMetrics = [], conditions, ...status } = object.status;
  const cpu = metrics.find(isCpuUtilization);
  const rest = metrics.filter((metric) => metric !== cpu);
  const measured = currentMetrics.find(
    ({ type, resource }) =>
      type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined,
  );
  const restMeasured = currentMetrics.filter((metric) => metric !== measured);
  const kept: Record<string, string> = { ...object.metadata.annotations };
  const keep = (name: string, value: unknown) => {
    if (value !== undefined) kept[name] = JSON.stringify(value);
  };
  keep(annotations.metrics, rest.length === 0 ? undefined : rest);
  keep(annotations.currentMetrics, restMeasured.length === 0 ? undefined : restMeasured);
  keep(annotations.conditions, conditions);
  keep(annotations.behavior, behavior);
  return withoutAbsent({
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object.metadata, kept),
    spec: withoutAbsent({
      ...spec,
      targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization,
    }),
    status: withoutAbsent({
      ...status,
      currentReplicas: status.currentReplicas ?? 0,
      currentCPUUtilizationPercentage: measured?.resource?.current.averageUtilization,
    }),
  }) as HpaV1;
}

function withAnnotations(metadata: KubernetesObject['metadata'], kept: Readonly<Record<string, string>>) {
  const { annotations: _, ...rest } = metadata;
  return Object.keys(kept).length === 0 ? rest : { ...rest, annotations: kept };
}

function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
