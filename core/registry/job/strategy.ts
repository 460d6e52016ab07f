import { selectOwnPods } from '../../api/defaults/batch.ts';
import type { Job } from '../../api/generated/batch-v1.ts';
import { strategyFor } from '../strategy.ts';

/** Jobs (pkg/registry/batch/job/strategy.go). */
export const jobStrategy = strategyFor<Job>({
  prepareForCreate(job) {
    job.status = {};
    selectOwnPods(job);
  },
});
