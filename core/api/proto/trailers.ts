import type { Status } from '../generated/meta-v1.ts';
import { boundedWarnings } from '../warnings.ts';

/** The trailer that carries the Status of a failed call, as JSON. */
export const statusTrailer = 'wheelhouse-status-bin';
/** The trailer of warnings, one value each, UTF-8. */
export const warningTrailer = 'wheelhouse-warning-bin';

/** Trailers travel in one block of headers, of which HTTP/2 peers take 64 KiB; base64 adds a third. */
const maxStatusBytes = 32 * 1024;

/** A Status that is too long for a trailer loses its last causes first, then the end of its message. */
export function encodeStatus(status: Status): Buffer {
  const whole = Buffer.from(JSON.stringify(status));
  if (whole.length <= maxStatusBytes) return whole;
  const { details, message = '' } = status;
  let causes = details?.causes ?? [];
  // A character takes at most six bytes in JSON.
  const short = message.slice(0, maxStatusBytes / 12);
  for (;;) {
    const kept = { ...status, message: short, ...(details && { details: { ...details, causes } }) };
    const encoded = Buffer.from(JSON.stringify(kept));
    if (encoded.length <= maxStatusBytes || causes.length === 0) return encoded;
    causes = causes.slice(0, Math.floor(causes.length / 2));
  }
}

/** Undefined when the bytes are not a Status. */
export function decodeStatus(bytes: Buffer): Status | undefined {
  try {
    const status: unknown = JSON.parse(bytes.toString());
    return isStatus(status) ? status : undefined;
  } catch {
    return undefined;
  }
}

/** Those that fit; what is over is dropped, as upstream's front end does. */
export function encodeWarnings(warnings: readonly string[]): Buffer[] {
  return boundedWarnings(warnings).map((text) => Buffer.from(text));
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && (value as Status).kind === 'Status';
}
