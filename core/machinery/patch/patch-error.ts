/**
 * Why a patch cannot be applied: it is malformed (`invalid`), it does not fit the object as it is, such as where a
 * test fails (`does-not-fit`), or it asks for more than the limits allow (`too-large`).
 */
export type PatchErrorReason = 'invalid' | 'does-not-fit' | 'too-large';

export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly reason: PatchErrorReason;

  constructor(reason: PatchErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
