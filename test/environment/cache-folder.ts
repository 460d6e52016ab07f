import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where programs that only tests need are kept for the next run, outside the checkout. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'wheelhouse');
}
