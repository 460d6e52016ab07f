export type ProbeResult = 'success' | 'failure';

/** The last settled result per container; undefined before the first one and for containers without that probe. */
export interface ProbeResults {
  liveness(containerId: string): ProbeResult | undefined;
  readiness(containerId: string): ProbeResult | undefined;
  startup(containerId: string): ProbeResult | undefined;
}
