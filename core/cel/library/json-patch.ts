import { traversal } from '../cost.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';

/** apiserver/pkg/cel/library/jsonpatch.go. */
export const jsonPatchFunctions: readonly Overload[] = [
  overload(
    'jsonpatch.escapeKey(string): string',
    (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
    (key: string) => 5 + traversal(key.length),
  ),
];
