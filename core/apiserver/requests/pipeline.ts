import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, StatusError } from '../../api/errors.ts';
import type { RequestTracker, UserInfo } from '../../api/verbs.ts';
import { systemClock } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import { loopTimeOf } from '../../machinery/loop-time.ts';
import { durationProblem, parseDurationMs } from '../../machinery/duration.ts';
import type { CredentialEnds } from '../authn/credential-end.ts';
import { unauthorized } from '../authn/identity.ts';
import type { Identity } from '../authn/identity.ts';
import { impersonate } from '../authn/impersonation.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { Classification, Fairness } from '../fairness/fairness.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import type { RequestAttributes } from './attributes.ts';
import { SeatTracker } from './seat-tracker.ts';

/** Of requests and answers. */
export const auditIdHeader = 'audit-id';

/** A request as a front end has it before anything is known about who sends it. */
export interface IncomingRequest {
  readonly attributes: RequestAttributes;
  /** Of `auditIdFor`. */
  readonly auditId: string | undefined;
  readonly userAgent: string | undefined;
  /** How long it may take, as the client wrote it, such as "10s". Streams know nothing of it. */
  readonly timeout?: string | undefined;
  /** Where it comes from, as far as anybody says so; the address of the connection last. */
  sourceIps(): readonly string[];
  /** Rejects with Unauthorized, and when the signal aborts. */
  identify(signal: AbortSignal): Identity | Promise<Identity>;
  /** Which flow and level it was taken for; for the head of the answer. */
  classified(classification: Classification): void;
  /** Ends a request that goes on: its time is over, or what it was let in by holds no longer. */
  end(why: StatusError): void;
  /** The request's headers, where one of them asks to act as somebody else. */
  impersonation(): IncomingHttpHeaders | undefined;
}

/** Who a request is served for. */
export interface Caller {
  /** Whom the caller acts as. */
  readonly user: UserInfo;
  readonly tracker: RequestTracker | undefined;
}

export interface RequestPipelineOptions {
  /** Says who may act as somebody else. */
  readonly authorizer: Authorizer;
  /** Streams outlive what they were begun with without. */
  readonly credentialEnds?: CredentialEnds | undefined;
  /** Nothing is noted without. */
  readonly auditor?: Auditor | undefined;
  /** Nobody waits without. */
  readonly fairness?: Fairness | undefined;
  /** What requests are timed by; the system's unless given. */
  readonly clock?: Clock | undefined;
}

/** Of a request until its answer is sent, or where it is a stream until it is known whose (upstream: --request-timeout). */
const requestWithinMs = 60_000;
const tookTooLong = new StatusError(
  'Timeout',
  'Timeout: request did not complete within the allotted timeout',
);

/** What the client asks for, up to what there is; upstream: filters/request_deadline.go. Throws BadRequest. */
function allottedMs({ timeout = '', attributes: { longRunning } }: IncomingRequest): number {
  if (timeout === '' || longRunning) return requestWithinMs;
  let askedMs: number;
  try {
    askedMs = parseDurationMs(timeout);
  } catch (cause) {
    throw badRequest(`invalid timeout specified in the request URL - ${durationProblem(timeout)}`, { cause });
  }
  return askedMs > 0 ? Math.min(askedMs, requestWithinMs) : requestWithinMs;
}

/**
 * What every request passes before its handler, whichever front end it came by, in upstream's order: who is it, note
 * it, whom does it act as, whose turn is it.
 */
export class RequestPipeline {
  readonly #options: RequestPipelineOptions;

  constructor(options: RequestPipelineOptions) {
    this.#options = options;
  }

  /** The name that a request goes by in the audit log and that its answer tells; undefined where nothing is noted. */
  auditIdFor(given: string | undefined): string | undefined {
    return this.#options.auditor?.idFor(given);
  }

  /** Rejects with what `serve` rejects with, or with why it was not called. */
  async run<T>(
    request: IncomingRequest,
    signal: AbortSignal,
    serve: (caller: Caller) => Promise<T>,
  ): Promise<T> {
    const { auditor, authorizer, fairness, clock = systemClock } = this.#options;
    const receivedMs = auditor?.now() ?? 0;
    let ended: StatusError | undefined;
    const end = (why: StatusError) => {
      ended = why;
      request.end(why);
    };
    let withinMs: number;
    try {
      withinMs = allottedMs(request);
    } catch (error) {
      auditor?.refused(request, receivedMs, StatusError.from(error));
      throw error;
    }
    using time = { [Symbol.dispose]: clock.after(withinMs, () => end(tookTooLong)) };
    // Many may come in one moment, from as many connections.
    await loopTimeOf(clock).turn();
    let identity: Identity;
    try {
      identity = await request.identify(signal);
    } catch (error) {
      auditor?.refused(request, receivedMs, StatusError.from(error), 'Authentication failed');
      throw error;
    }
    const trail = auditor?.begin(request, receivedMs, identity.user);
    using _ = this.#follow(request, identity, time, end);
    try {
      signal.throwIfAborted();
      let { user } = identity;
      const headers = request.impersonation();
      if (headers !== undefined) {
        user = await impersonate(user, headers, authorizer);
        if (user !== identity.user) trail?.actsAs(user);
      }
      const entered = fairness?.enter(request.attributes, user, signal, (of) => request.classified(of));
      const seat = entered instanceof Promise ? await entered : entered;
      try {
        const watching = seat !== undefined && request.attributes.longRunning;
        const served = await serve({
          user,
          tracker: watching ? new SeatTracker(seat, trail) : trail,
        });
        if (ended !== undefined) throw ended;
        trail?.complete();
        return served;
      } finally {
        seat?.release();
      }
    } catch (error) {
      const why = ended ?? error;
      trail?.ended(why);
      throw why;
    }
  }

  /**
   * What somebody began does not go on when what they showed for themselves holds no longer. What is no stream is
   * over before that: whoever sends its body a byte a minute, or reads its answer so, does not keep its seat for ever.
   * How long a stream may take to begin is for whoever serves it to say, and how many of them somebody may have.
   */
  #follow(
    { attributes }: IncomingRequest,
    identity: Identity,
    time: Disposable,
    end: (why: StatusError) => void,
  ): Disposable | undefined {
    if (!attributes.longRunning) return undefined;
    time[Symbol.dispose]();
    return this.#options.credentialEnds?.until(identity, () => end(unauthorized()));
  }
}
