import { StatusError } from '../../api/errors.ts';
import type { Exchange } from './exchange.ts';

/** One thing that must hold for the server to be well; named as in `/readyz/etcd`. */
export interface HealthCheck {
  /** May have several parts, such as "poststarthook/rbac/bootstrap-roles". */
  readonly name: string;
  readonly check: (signal: AbortSignal) => Promise<void>;
  /** Checked by /livez and /healthz too, not only by /readyz. */
  readonly live: boolean;
}

const checkWithinMs = 5_000;
const contentType = 'text/plain; charset=utf-8';

/**
 * `/healthz`, `/livez` and `/readyz` in upstream's words (apiserver/pkg/server/healthz): each check on its own too,
 * `?verbose` for all of them, `?exclude=` to leave some out. Why a check failed is told only where it is asked alone.
 */
export async function serveHealth(
  exchange: Exchange,
  endpoint: string,
  only: string,
  checks: readonly HealthCheck[],
): Promise<void> {
  const served = checks.filter(({ live }) => endpoint === 'readyz' || live);
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(checkWithinMs)]);
  exchange.response.setHeader('x-content-type-options', 'nosniff');
  if (only !== '') return serveOne(exchange, only, served, signal);
  const query = exchange.url.searchParams;
  const excluded = new Set(query.getAll('exclude'));
  const outcomes = await Promise.all(
    served.map(async ({ name, check }) => {
      if (excluded.delete(name)) return { line: `[+]${name} excluded: ok`, ok: true };
      return check(signal).then(
        () => ({ line: `[+]${name} ok`, ok: true }),
        () => ({ line: `[-]${name} failed: reason withheld`, ok: false }),
      );
    }),
  );
  const lines = outcomes.map(({ line }) => line);
  if (excluded.size > 0) {
    const names = [...excluded].sort().map((name) => JSON.stringify(name));
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(', ')}`);
  }
  const failed = outcomes.some(({ ok }) => !ok);
  if (!failed && !query.has('verbose')) return exchange.send(200, contentType, 'ok');
  const text = `${lines.join('\n')}\n${endpoint} check ${failed ? 'failed' : 'passed'}\n`;
  exchange.send(failed ? 500 : 200, contentType, text);
}

async function serveOne(
  exchange: Exchange,
  name: string,
  served: readonly HealthCheck[],
  signal: AbortSignal,
): Promise<void> {
  const found = served.find((each) => each.name === name);
  if (found === undefined)
    throw new StatusError('NotFound', 'the server could not find the requested resource');
  const problem = await found.check(signal).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (problem === undefined) return exchange.send(200, contentType, 'ok');
  exchange.send(500, contentType, `internal server error: ${problem}\n`);
}
