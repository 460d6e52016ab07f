import type { StatusError } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { Counter } from '../../machinery/metrics/metrics.ts';
import type { MetricFamily } from '../../machinery/metrics/metrics.ts';
import { uuid } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import type { IncomingRequest } from '../requests/pipeline.ts';
import type { AuditEvent } from './event.ts';
import { decide } from './policy.ts';
import type { AuditLevel, AuditPolicy } from './policy.ts';
import { Trail } from './trail.ts';

/** Where events go. Never makes a request wait. */
export interface AuditSink {
  process(event: AuditEvent): void;
}

export interface AuditorOptions {
  readonly policy: AuditPolicy;
  readonly sink: AuditSink;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is noted of a request, whoever sends it. */
export type NotedRequest = Pick<IncomingRequest, 'attributes' | 'auditId' | 'userAgent' | 'sourceIps'>;

/** What a client may choose as the name of its request. */
const acceptedId = /^[\w.:-]{1,128}$/;

/** Decides what is noted of each request, and begins its trail. */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #events = new Counter('apiserver_audit_event_total', 'Audit events made.', []);
  readonly #levels = new Counter(
    'apiserver_audit_level_total',
    'Requests by the audit level that the policy gives them.',
    ['level'],
  );
  readonly #count = this.#events.of();

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  get families(): readonly MetricFamily[] {
    return [this.#events, this.#levels];
  }

  now(): number {
    return this.#options.clock.now();
  }

  /** The name of a request: the one it brings, where that is one. */
  idFor(given: string | undefined): string {
    return given !== undefined && acceptedId.test(given) ? given : uuid(this.#options.random);
  }

  /** Undefined where the policy wants nothing of it. */
  begin(request: NotedRequest, receivedMs: number, user: UserInfo | undefined): Trail | undefined {
    const decision = decide(this.#options.policy, user, request.attributes);
    this.#levels.of(upstreamLabel(decision.level)).value++;
    if (decision.level === 'None') return undefined;
    return new Trail(request, receivedMs, user, decision, {
      clock: this.#options.clock,
      auditId: request.auditId ?? this.idFor(undefined),
      process: (event) => this.#process(event),
    });
  }

  /**
   * What was refused before anybody asked who it is from, or because nobody could say (endpoints/filters/authn_audit.go).
   * `message` stands in place of the status's own.
   */
  refused(request: IncomingRequest, receivedMs: number, status: StatusError, message?: string): void {
    const trail = this.begin(request, receivedMs, undefined);
    trail?.failed(status, message);
  }

  #process(event: AuditEvent): void {
    this.#count.value++;
    this.#options.sink.process(event);
  }
}

function upstreamLabel(level: AuditLevel): string {
  return level === 'RequestResponse' ? 'request-response' : level.toLowerCase();
}
