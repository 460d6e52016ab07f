import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';
import type { Logger } from '../../machinery/logger.ts';
import { Counter } from '../../machinery/metrics/metrics.ts';
import type { MetricFamily } from '../../machinery/metrics/metrics.ts';
import { nextTurn } from '../../machinery/next-turn.ts';
import type { AuditSink } from './auditor.ts';
import { encodeEvent, sizeOf } from './event.ts';
import type { AuditEvent } from './event.ts';

export interface LineFile {
  /** Rejects where not everything was written; what is left goes first next time (see RotatingFile). */
  append(lines: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLogOptions {
  readonly file: LineFile;
  /** For messages. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** What may wait for the disk; more is dropped and counted. */
  readonly maxWaitingBytes?: number | undefined;
}

const defaultMaxWaitingBytes = 8 * 1024 * 1024;
/** Written at once; small enough that encoding them holds nothing else up. */
const mostEventsAtOnce = 64;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** How often losses are complained about. */
const complainEveryMs = 30_000;

/**
 * Writes events as lines of JSON. A request never waits for it: events wait in memory for a disk that is slow or
 * full, up to a bound; what does not fit is lost, which the log and a metric say.
 */
export class AuditLog implements AuditSink {
  readonly #options: AuditLogOptions;
  readonly #errors = new Counter('apiserver_audit_error_total', 'Audit events that were lost.', ['plugin']);
  readonly #lost = this.#errors.of('log');
  #waiting: AuditEvent[] = [];
  #waitingBytes = 0;
  #draining: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #lostBefore = 0;
  #complainedMs = Number.NEGATIVE_INFINITY;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  get families(): readonly MetricFamily[] {
    return [this.#errors];
  }

  process(event: AuditEvent): void {
    const bytes = sizeOf(event);
    const { maxWaitingBytes = defaultMaxWaitingBytes } = this.#options;
    if (this.#waitingBytes + bytes > maxWaitingBytes || this.#closing.signal.aborted) {
      this.#lose(1);
      return;
    }
    this.#waiting.push(event);
    this.#waitingBytes += bytes;
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything that waited is written. */
  async written(): Promise<void> {
    await this.#draining;
  }

  /** Gives what waits `graceMs` to be written, then lets go of it. */
  async close(graceMs: number): Promise<void> {
    const { clock, file } = this.#options;
    const over = new AbortController();
    const late = sleep(clock, graceMs, over.signal).catch(() => undefined);
    await Promise.race([this.written(), late]);
    over.abort();
    this.#closing.abort();
    if (this.#waiting.length > 0) this.#lose(this.#waiting.length);
    this.#waiting = [];
    // A write that hangs is not waited for a second time.
    const closed = this.written().then(() => file.close());
    await Promise.race([closed.catch(() => undefined), sleep(clock, graceMs).catch(() => undefined)]);
  }

  async #drain(): Promise<void> {
    // The request that this event tells of goes first.
    await nextTurn();
    const { signal } = this.#closing;
    while (this.#waiting.length > 0 && !signal.aborted) {
      const batch = this.#waiting.splice(0, mostEventsAtOnce);
      const lines = batch.map((event) => this.#encoded(event));
      await this.#append(Buffer.concat(lines));
      for (const event of batch) this.#waitingBytes -= sizeOf(event);
    }
    this.#draining = undefined;
  }

  async #append(lines: Buffer): Promise<void> {
    const { file, clock, log, path } = this.#options;
    const { signal } = this.#closing;
    let next = lines;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await file.append(next);
        if (failures > 0) log.warn('The audit log is written again', { path });
        return;
      } catch (error) {
        next = Buffer.alloc(0);
        if (failures === 0)
          log.error('Cannot write the audit log: events wait in memory, then they are lost', error, { path });
        const delayMs = Math.min(firstRetryMs * 2 ** Math.min(failures, 8), longestRetryMs);
        await sleep(clock, delayMs, signal).catch(() => undefined);
      }
    }
  }

  #encoded(event: AuditEvent): Buffer {
    try {
      return encodeEvent(event);
    } catch (error) {
      this.#lose(1, error);
      return Buffer.alloc(0);
    }
  }

  #lose(events: number, why: unknown = new Error('the disk is slower than the requests')): void {
    this.#lost.value += events;
    const { clock, log, path } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#complainedMs < complainEveryMs) return;
    this.#complainedMs = nowMs;
    log.error('Audit events are lost', why, { path, lost: this.#lost.value - this.#lostBefore });
    this.#lostBefore = this.#lost.value;
  }
}
