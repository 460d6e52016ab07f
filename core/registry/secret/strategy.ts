import type { Secret } from '../../api/generated/core-v1.ts';
import type { Mutable } from '../../api/object.ts';
import { strategyFor } from '../strategy.ts';

/** Secrets (pkg/registry/core/secret/strategy.go). `stringData` is a way to write, never stored. */
export const secretStrategy = strategyFor<Secret>({
  prepareForCreate: mergeStringData,
  prepareForUpdate: mergeStringData,
});

function mergeStringData(secret: Mutable<Secret>): void {
  const { stringData } = secret;
  if (stringData === undefined) return;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(stringData)) data[key] = Buffer.from(text).toString('base64');
  secret.data = data;
  delete secret.stringData;
}
