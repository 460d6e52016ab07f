import { StatusError } from '../../core/api/errors.ts';
import { sanitizeText } from '../../core/printers/sanitize.ts';

/** An error as a person reads it: what the server said, with the fields it objects to. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof StatusError))
    return sanitizeText(error instanceof Error ? error.message : String(error));
  const causes = (error.status.details?.causes ?? [])
    .filter(({ message = '' }) => !error.message.includes(message))
    .map(({ field, message }) => `${field ?? ''}: ${message ?? ''}`);
  return sanitizeText([error.message, ...causes].join('\n'));
}
