import { StatusError } from '../../core/api/errors.ts';
import { sanitizeText } from '../../core/printers/sanitize.ts';
import { UsageError } from './command.ts';

/** An error as kubectl words it (kubectl/pkg/cmd/util), safe to print: messages may quote what came from the cluster. */
export function errorText(error: unknown, doing?: string): string {
  const prefix = doing === undefined ? '' : `${doing}: `;
  if (error instanceof StatusError) return sanitizeText(statusText(error, prefix));
  if (error instanceof UsageError) return sanitizeText(`error: ${prefix}${error.message}`);
  if (error instanceof Error) return sanitizeText(`error: ${prefix}${error.message}`);
  return sanitizeText(`error: ${prefix}${String(error)}`);
}

function statusText(error: StatusError, prefix: string): string {
  const { reason, message, status } = error;
  if (reason === 'ServiceUnavailable') return `${prefix}${message}`;
  if (reason !== 'Invalid') {
    const causes = status.details?.causes ?? [];
    // Causes beyond the message are worth their lines; upstream's message often already holds them.
    const more = causes
      .filter((cause) => !message.includes(cause.message ?? ''))
      .map((cause) => `\n* ${cause.field ?? ''}: ${cause.message}`);
    return `Error from server (${reason}): ${prefix}${message}${more.join('')}`;
  }
  const { kind = '', name = '', causes = [] } = status.details ?? {};
  const lines = (causes ?? []).map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`);
  const what = `${prefix}The ${kind} "${name}" is invalid`;
  if (lines.length === 0) return `${what}: ${message}`;
  return lines.length === 1
    ? `${what}: ${lines[0]}`
    : `${what}:\n${lines.map((line) => `* ${line}`).join('\n')}`;
}
