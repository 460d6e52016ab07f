/** Reasons for which a container waits, as upstream names them. */
export type StartReason =
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'PostStartHookError'
  | 'CrashLoopBackOff';

/** A container did not start; it waits with this reason and message until it is tried again. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly reason: StartReason;
  /** Milliseconds until it is worth trying again. */
  readonly retryInMs: number;

  constructor(reason: StartReason, message: string, options: ErrorOptions & { retryInMs?: number } = {}) {
    super(message, options);
    this.reason = reason;
    this.retryInMs = options.retryInMs ?? 10_000;
  }
}
