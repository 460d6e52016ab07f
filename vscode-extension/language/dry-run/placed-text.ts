import type { Path } from '../syntax/paths.ts';

/** Something a server says of an object, and the place in it that it means. */
export interface PlacedText {
  readonly steps: Path;
  readonly message: string;
}
