import { mergeStringData } from '../../api/defaults/secret.ts';
import type { Secret } from '../../api/generated/core-v1.ts';
import { strategyFor } from '../strategy.ts';

/** Secrets (pkg/registry/core/secret/strategy.go). */
export const secretStrategy = strategyFor<Secret>({
  prepareForCreate: mergeStringData,
  prepareForUpdate: mergeStringData,
});
