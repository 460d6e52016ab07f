import type { PodVolumes } from './volumes.ts';

/** For runtimes without containers: every volume is ready and nothing is written. */
export const simulatedVolumes: PodVolumes = {
  simulated: true,
  prepare: () => Promise.resolve({ hostPath: () => Promise.resolve('/'), isReadOnly: () => false }),
  tearDown: () => Promise.resolve(),
  podUids: () => Promise.resolve([]),
  podDirectory: () => Promise.resolve('/'),
  containerDirectory: () => Promise.resolve('/'),
};
