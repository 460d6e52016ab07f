import { contentTypes, expose, formatFor } from '../../machinery/metrics/exposition.ts';
import type { MetricFamily } from '../../machinery/metrics/metrics.ts';
import type { Exchange } from './exchange.ts';
import type { RequestMetrics } from './request-metrics.ts';

/** What `/metrics` tells, and who counts the requests. */
export interface ServedMetrics {
  readonly requests: RequestMetrics;
  /** Everything else, read at the time of the question. */
  readonly families: () => Promise<readonly MetricFamily[]>;
}

/** `/metrics`, for Prometheus and whoever reads OpenMetrics. */
export async function serveMetrics(exchange: Exchange, { requests, families }: ServedMetrics): Promise<void> {
  const format = formatFor(exchange.request.headers.accept);
  const all = [...requests.families, ...(await families())];
  exchange.send(200, contentTypes[format], expose(all, format));
}
