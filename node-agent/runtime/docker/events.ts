import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { sleep } from '../../../core/machinery/clock.ts';
import type { RuntimeEvent } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { jsonLines } from './json-lines.ts';
import { label, ownedBy } from './labels.ts';

const firstRetryMs = 50;
const slowestRetryMs = 2_000;

/** One of Docker's container events, as far as it matters here. */
interface DockerEvent {
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  /** Nanoseconds since the epoch by Docker's clock; past 2^53, so good to some 200 ns. */
  readonly timeNano?: number;
}

const kinds: Readonly<Record<string, RuntimeEvent['kind']>> = {
  start: 'started',
  oom: 'oom-killed',
  die: 'exited',
  destroy: 'removed',
};

/**
 * Docker's events for as long as `signal` lets it, over any number of connections. Docker keeps few past events and
 * none over a restart, so each connection begins with "unknown": whoever listens must list once more.
 */
export async function* dockerEvents(
  client: DockerClient,
  owner: string,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  let since: string | undefined;
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    let stream: Readable | undefined;
    try {
      stream = await open(client, owner, since, signal);
      addAbortSignal(signal, stream);
      retryMs = firstRetryMs;
      yield { podUid: undefined, containerId: undefined, kind: 'unknown' };
      for await (const value of jsonLines(stream)) {
        const event = value as DockerEvent;
        since = sinceOf(event) ?? since;
        const mapped = runtimeEvent(event);
        if (mapped !== undefined) yield mapped;
      }
    } catch {
      // Whatever ended the connection, the answer is a new one and a list; the list reports what is wrong.
    } finally {
      stream?.destroy();
    }
    await sleep(client.clock, retryMs, signal).catch(() => {});
    retryMs = Math.min(retryMs * 2, slowestRetryMs);
  }
}

function open(
  client: DockerClient,
  owner: string,
  since: string | undefined,
  signal: AbortSignal,
): Promise<Readable> {
  const call = { action: "follow Docker's events", deadlineMs: client.deadlines.quickMs, signal };
  const filters = { ...ownedBy(owner), type: ['container'], event: Object.keys(kinds) };
  return client.openGet(call, '/events', since === undefined ? { filters } : { filters, since });
}

function runtimeEvent(event: DockerEvent): RuntimeEvent | undefined {
  const kind = kinds[event.Action ?? ''];
  if (kind === undefined) return undefined;
  return { kind, containerId: event.Actor?.ID, podUid: event.Actor?.Attributes?.[label.podUid] };
}

/** Seconds and nanoseconds as Docker reads them. */
function sinceOf(event: DockerEvent): string | undefined {
  if (event.timeNano === undefined) return undefined;
  const nanoseconds = BigInt(event.timeNano);
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`;
}
