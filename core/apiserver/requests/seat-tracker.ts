import type { ObjectName } from '../../api/object.ts';
import type { RequestTracker } from '../../api/verbs.ts';

/** Gives the seat of a watch back as soon as it is under way: afterwards it costs nothing but its changes. */
export class SeatTracker implements RequestTracker {
  readonly #seat: { release(): void };
  readonly #next: RequestTracker | undefined;

  constructor(seat: { release(): void }, next: RequestTracker | undefined) {
    this.#seat = seat;
    this.#next = next;
  }

  get wantsResponse(): boolean {
    return this.#next?.wantsResponse === true;
  }

  initialized(): void {
    this.#seat.release();
    this.#next?.initialized();
  }

  annotate(key: string, value: string): void {
    this.#next?.annotate(key, value);
  }

  started(code: number): void {
    this.#next?.started(code);
  }

  requestBody(sizeBytes: number, read: () => unknown): void {
    this.#next?.requestBody(sizeBytes, read);
  }

  responseBody(sizeBytes: number, read: () => unknown): void {
    this.#next?.responseBody(sizeBytes, read);
  }

  named(object: ObjectName): void {
    this.#next?.named(object);
  }
}
