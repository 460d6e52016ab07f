import { StatusError } from '../../api/errors.ts';
import type { Status } from '../../api/generated/meta-v1.ts';
import type { ObjectName } from '../../api/object.ts';
import type { RequestTracker, UserInfo } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { ResourceAttributes } from '../requests/attributes.ts';
import type { NotedRequest } from './auditor.ts';
import { keptBody } from './event.ts';
import type { AuditedBody, AuditEvent } from './event.ts';
import type { AuditDecision, AuditStage } from './policy.ts';

export interface TrailOptions {
  readonly clock: Clock;
  readonly auditId: string;
  readonly process: (event: AuditEvent) => void;
}

/** A request of many annotations is bounded as everything else is. */
const mostAnnotations = 64;
const longestAnnotation = 4_096;

/** What is noted of one request from its head to its end: an event for each stage that the policy does not omit. */
export class Trail implements RequestTracker {
  readonly #request: NotedRequest;
  readonly #receivedMs: number;
  readonly #user: UserInfo | undefined;
  readonly #decision: AuditDecision;
  readonly #options: TrailOptions;
  readonly #sourceIps: readonly string[];
  readonly #annotations = new Map<string, string>();
  #impersonated: UserInfo | undefined;
  #named: ObjectName | undefined;
  #status: Partial<Status> | undefined;
  #requestBody: AuditedBody | undefined;
  #responseBody: AuditedBody | undefined;
  #completed = false;

  constructor(
    request: NotedRequest,
    receivedMs: number,
    user: UserInfo | undefined,
    decision: AuditDecision,
    options: TrailOptions,
  ) {
    this.#request = request;
    this.#receivedMs = receivedMs;
    this.#user = user;
    this.#decision = decision;
    this.#options = options;
    // Afterwards the connection may be gone, and with it its address.
    this.#sourceIps = request.sourceIps();
    this.#emit('RequestReceived', receivedMs);
  }

  actsAs(user: UserInfo): void {
    this.#impersonated = user;
  }

  annotate(key: string, value: string): void {
    if (this.#annotations.has(key) || this.#annotations.size >= mostAnnotations) return;
    this.#annotations.set(key, value.slice(0, longestAnnotation));
  }

  named(object: ObjectName): void {
    this.#named = object;
  }

  get wantsResponse(): boolean {
    return this.#decision.level === 'RequestResponse';
  }

  requestBody(sizeBytes: number, read: () => unknown): void {
    const { level } = this.#decision;
    if (level === 'Request' || level === 'RequestResponse') this.#requestBody = keptBody(sizeBytes, read);
  }

  responseBody(sizeBytes: number, read: () => unknown): void {
    if (this.wantsResponse) this.#responseBody = keptBody(sizeBytes, read);
  }

  started(code: number): void {
    if (this.#status !== undefined) return;
    this.#status = { code };
    if (this.#request.attributes.longRunning) this.#emit('ResponseStarted');
  }

  initialized(): void {
    // Nothing that is worth a line.
  }

  complete(): void {
    this.started(200);
    this.#finish();
  }

  /** `message` instead of the error's own, where that is the policy of whoever asked. */
  failed({ status }: StatusError, message = status.message): void {
    if (this.#completed) return;
    const begun = this.#status !== undefined;
    const { reason, details, code } = status;
    const quotes = quotesSecrets(this.#request.attributes.resource, code);
    this.#status = {
      status: 'Failure',
      ...(message === undefined ? {} : { message: quotes ? 'withheld: it may quote a secret' : message }),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details: quotes ? { ...details, causes: [] } : details }),
      ...(code === undefined ? {} : { code }),
    };
    if (details?.name !== undefined) this.#named ??= { name: details.name };
    if (!begun && this.#request.attributes.longRunning) this.#emit('ResponseStarted');
    this.#finish();
  }

  /**
   * Ended by whatever was thrown. What nobody meant to throw is the server's own fault and a stage of its own
   * (endpoints/filters/audit.go); a stream that breaks off after it began is none.
   */
  ended(error: unknown): void {
    const known = StatusError.from(error);
    const isFault = known !== error && known.reason === 'InternalError' && this.#status === undefined;
    if (!isFault) return this.failed(known);
    if (this.#completed) return;
    this.#completed = true;
    // What it says may quote anything; the server's log has it.
    const message = `APIServer panic'd: ${error instanceof Error ? error.name : typeof error}`;
    this.#status = { status: 'Failure', message, reason: 'InternalError', code: 500 };
    this.#emit('Panic');
  }

  #finish(): void {
    if (this.#completed) return;
    this.#completed = true;
    this.#emit('ResponseComplete');
  }

  #emit(stage: AuditStage, stageMs = this.#options.clock.now()): void {
    const { level, omitStages, omitManagedFields } = this.#decision;
    if (omitStages.includes(stage)) return;
    const { attributes, userAgent } = this.#request;
    this.#options.process({
      level,
      stage,
      auditId: this.#options.auditId,
      attributes,
      user: this.#user,
      impersonatedUser: this.#impersonated,
      sourceIps: this.#sourceIps,
      userAgent,
      named: this.#named,
      responseStatus: this.#status,
      requestBody: this.#requestBody,
      responseBody: this.#responseBody,
      omitManagedFields,
      receivedMs: this.#receivedMs,
      stageMs,
      // What is noted later belongs to later events.
      annotations: this.#completed ? this.#annotations : new Map(this.#annotations),
    });
  }
}

/** Why an object is refused is told with its values. */
function quotesSecrets(asked: ResourceAttributes | undefined, code: number | undefined): boolean {
  if (code !== 400 && code !== 422) return false;
  return asked?.group === 'authentication.k8s.io' || (asked?.group === '' && asked.resource === 'secrets');
}
