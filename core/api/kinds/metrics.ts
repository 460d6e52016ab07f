import { metricsNodes, metricsPods } from '../generated/resources.ts';
import { declareKind } from './declare.ts';

/** What Nodes and Pods use: measured when somebody asks, and never kept. */
export const nodeMetricsKind = declareKind(metricsNodes);
export const podMetricsKind = declareKind(metricsPods);
