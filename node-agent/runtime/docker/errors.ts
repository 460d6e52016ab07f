import { RuntimeError } from '../runtime.ts';
import type { RuntimeReason } from '../runtime.ts';

/** What docker-modem adds to an Error that came from a reply. */
interface ModemError extends Error {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
  readonly code?: string;
}

/** Socket errors that mean "no daemon answers there", at connect or in the middle of a reply. */
const unreachableCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'EACCES', 'ENOTSOCK']);

/**
 * Any failure of a call to Docker as a RuntimeError that names the action that failed and keeps Docker's own words.
 * `otherwise` is the reason where Docker's reply is neither 404, 409 nor a sign that nothing answers.
 */
export function dockerError(
  action: string,
  cause: unknown,
  otherwise: RuntimeReason = 'unknown',
): RuntimeError {
  if (cause instanceof RuntimeError) return cause;
  const error: ModemError = cause instanceof Error ? cause : new Error(String(cause));
  const words = dockerWords(error);
  return new RuntimeError(reasonOf(error, words, otherwise), `Cannot ${action}: ${words}`, { cause });
}

/** Docker's message without docker-modem's "(HTTP code 404) no such container - " before it. */
function dockerWords(error: ModemError): string {
  if (typeof error.json?.message === 'string') return error.json.message.trim();
  if (error.code !== undefined && unreachableCodes.has(error.code))
    return `Docker does not answer (${error.message})`;
  return error.message.replace(/^\(HTTP code \d+\) .*? - /s, '').trim();
}

function reasonOf(error: ModemError, words: string, otherwise: RuntimeReason): RuntimeReason {
  const { statusCode, code } = error;
  if (statusCode === undefined) {
    return code !== undefined && unreachableCodes.has(code) ? 'unavailable' : otherwise;
  }
  if (/no such image/i.test(words)) return 'image-not-found';
  if (/port is already allocated|address already in use/i.test(words)) return 'conflict';
  // Answered with 409, but the other container is not one that stands in the way.
  if (/cannot join .* of a non running container/i.test(words)) return otherwise;
  if (statusCode === 404) return 'not-found';
  if (statusCode === 503) return 'unavailable';
  if (statusCode === 409) return 'conflict';
  return otherwise;
}

export function hasReason(error: unknown, reason: RuntimeReason): boolean {
  return error instanceof RuntimeError && error.reason === reason;
}

/** Resolves although what was to be changed is gone, for the calls that are idempotent. */
export async function unlessMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!hasReason(error, 'not-found')) throw error;
  }
}
