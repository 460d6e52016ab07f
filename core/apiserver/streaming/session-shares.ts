import { StatusError } from '../../api/errors.ts';

/** Of one node's sessions. */
export interface SessionLimits {
  /** What one user may hold at a time. */
  readonly perUser: number;
  /** What all users together may hold at a time: what is above it is the server's own. */
  readonly users: number;
}

/**
 * Of the 4,096 sessions that a node's stream carries, a quarter is kept for webhooks, converters, discovery and stats:
 * writes of the whole cluster may wait for those. Everybody's kubectl together has no use for the rest.
 */
export const defaultSessionLimits: SessionLimits = { perUser: 256, users: 3_072 };

/** Which users hold how many of one node's sessions: what takes no seat (logs, exec and their kin) is bounded here. */
export class SessionShares {
  readonly #node: string;
  readonly #limits: SessionLimits;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(node: string, limits: SessionLimits) {
    this.#node = node;
    this.#limits = limits;
  }

  /** How many are held by all users. */
  get total(): number {
    return this.#total;
  }

  /**
   * One more for a user. Gives back how to return it, which counts once.
   * @throws StatusError TooManyRequests without a time to come again: only the holders know when theirs end
   */
  take(user: string, doing: string): () => void {
    const { perUser, users } = this.#limits;
    const held = this.#held.get(user) ?? 0;
    const on = `on node ${JSON.stringify(this.#node)}`;
    if (held >= perUser)
      throw tooMany(
        `Cannot ${doing}: user ${JSON.stringify(user)} has ${held} sessions open ${on}, and ${perUser} is the limit of a user`,
      );
    if (this.#total >= users)
      throw tooMany(
        `Cannot ${doing} for user ${JSON.stringify(user)}: users have ${this.#total} sessions open ${on}, and ${users} is the limit of all users`,
      );
    this.#held.set(user, held + 1);
    this.#total++;
    let returned = false;
    return () => {
      if (returned) return;
      returned = true;
      this.#total--;
      const left = (this.#held.get(user) ?? 0) - 1;
      if (left > 0) this.#held.set(user, left);
      else this.#held.delete(user);
    };
  }
}

function tooMany(message: string): StatusError {
  return new StatusError('TooManyRequests', message);
}
