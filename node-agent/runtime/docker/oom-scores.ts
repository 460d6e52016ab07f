import type { ContainerCreateOptions } from 'dockerode';

/**
 * Whether Docker may give a process a negative OOM score. The kernel wants CAP_SYS_RESOURCE for that, which a daemon
 * inside another container often lacks; every start then fails with words that do not name the cause. So the first
 * start that asks for one is the probe: refused, it is tried without, and if that works nobody asks again.
 */
export class OomScores {
  #negative: 'unknown' | 'allowed' | 'refused' = 'unknown';

  get warning(): string | undefined {
    if (this.#negative !== 'refused') return undefined;
    return 'Docker may not lower OOM scores (no CAP_SYS_RESOURCE): sandboxes and Guaranteed Pods are not protected';
  }

  /** The options with a score that is known to be refused raised to 0. */
  adjust(options: ContainerCreateOptions): ContainerCreateOptions {
    return this.#negative === 'refused' && isNegative(options) ? withoutNegative(options) : options;
  }

  /** What to try instead after a failed start; undefined when the score is not to blame. */
  alternative(options: ContainerCreateOptions): ContainerCreateOptions | undefined {
    return this.#negative !== 'allowed' && isNegative(options) ? withoutNegative(options) : undefined;
  }

  /** A start with these options, or with the alternative to them, has succeeded. */
  succeeded(options: ContainerCreateOptions, which: 'as given' | 'alternative'): void {
    if (which === 'alternative') this.#negative = 'refused';
    else if (isNegative(options)) this.#negative = 'allowed';
  }
}

function isNegative(options: ContainerCreateOptions): boolean {
  return (options.HostConfig?.OomScoreAdj ?? 0) < 0;
}

function withoutNegative(options: ContainerCreateOptions): ContainerCreateOptions {
  return { ...options, HostConfig: { ...options.HostConfig, OomScoreAdj: 0 } };
}
