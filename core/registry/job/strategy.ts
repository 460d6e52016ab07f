import type { Job } from '../../api/generated/batch-v1.ts';
import { strategyFor } from '../strategy.ts';

/**
 * Jobs (pkg/registry/batch/job/strategy.go): the server makes the selector, from the Job's UID, so that no two Jobs
 * ever count the same Pods.
 */
export const jobStrategy = strategyFor<Job>({
  prepareForCreate(job) {
    job.status = {};
    const { spec, metadata } = job;
    if (spec.manualSelector === true || spec.template === undefined) return;
    const { uid = '', name = '' } = metadata;
    const template = { ...spec.template };
    template.metadata = {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        'controller-uid': uid,
        'job-name': name,
        'batch.kubernetes.io/controller-uid': uid,
        'batch.kubernetes.io/job-name': name,
      },
    };
    spec.template = template;
    spec.selector = {
      ...spec.selector,
      matchLabels: { ...spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid },
    };
  },
});
