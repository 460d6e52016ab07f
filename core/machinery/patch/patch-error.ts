/**
 * Why a patch cannot be applied: it is malformed or does not fit the object (`invalid`), a test operation
 * failed (`test-failed`), or it asks for more than the limits allow (`too-large`).
 */
export type PatchErrorReason = 'invalid' | 'test-failed' | 'too-large';

export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly reason: PatchErrorReason;

  constructor(reason: PatchErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
