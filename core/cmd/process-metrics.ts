import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricFamily, Sample } from '../machinery/metrics/metrics.ts';

/** What the process itself is doing: CPU, memory, file descriptors, garbage collection, the event loop's delay. */
export function processMetrics(): () => Promise<readonly MetricFamily[]> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return async () => {
    const families = await registry.getMetricsAsJSON();
    return families.map((family) => {
      const { name, help } = family;
      // The declared types leave out what a metric of several lines calls each of them.
      const values = (family as unknown as { readonly values: readonly GivenValue[] }).values;
      const type = family.type as unknown as MetricFamily['type'];
      return { name, help, type, samples: () => values.map((value) => sampleOf(name, value)) };
    });
  };
}

interface GivenValue {
  readonly value: number;
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
}

function sampleOf(name: string, { value, metricName = name, labels }: GivenValue): Sample {
  return {
    suffix: metricName.slice(name.length),
    labels: Object.entries(labels).map(([label, of]) => [label, String(of)] as const),
    value,
  };
}
