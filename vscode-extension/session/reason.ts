import { StatusError } from '../../core/api/errors.ts';
import { sanitizeText } from '../../core/printers/sanitize.ts';

/** An error as a person reads it: what the server said, with the fields it objects to. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof StatusError))
    return sanitizeText(error instanceof Error ? error.message : String(error));
  const causes = (error.status.details?.causes ?? [])
    .filter(({ message = '' }) => !error.message.includes(message))
    .map(({ field, message }) => `${field ?? ''}: ${message ?? ''}`);
  return sanitizeText([[error.message, ...gaveUpWhy(error)].join(': '), ...causes].join('\n'));
}

/** Why a call was given up on this side; what the transport says of it is in the message already. */
function gaveUpWhy({ reason, cause }: StatusError): readonly string[] {
  return reason === 'Timeout' && cause instanceof Error && !('details' in cause) ? [cause.message] : [];
}
