import { StatusError } from '../api/errors.ts';

/** The field a Status names, or the one its message does: `unknown field "spec.replicsa"`, `: spec.replicas: must be …`. */
export function refusedField(error: unknown): string | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const cause = error.status.details?.causes?.find(({ field }) => field !== undefined && field !== '');
  if (cause?.field !== undefined) return cause.field;
  const named = /(?:unknown|duplicate) field "([^"]+)"|: ([a-z]\w*(?:[.[][\w./-]+]?)*): must /.exec(
    error.message,
  );
  return named?.[1] ?? named?.[2];
}
