import type { Secret } from '../generated/core-v1.ts';
import type { Mutable } from '../object.ts';

/** `stringData` is a way to write `data`, never stored (pkg/registry/core/secret/strategy.go). */
export function mergeStringData(secret: Mutable<Secret>): void {
  const { stringData } = secret;
  if (stringData === undefined) return;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(stringData)) data[key] = Buffer.from(text).toString('base64');
  secret.data = data;
  delete secret.stringData;
}
