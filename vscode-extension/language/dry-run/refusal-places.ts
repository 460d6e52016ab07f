import type { SyntaxNode } from '../syntax/nodes.ts';
import { locate, parseFieldPath } from '../syntax/paths.ts';
import type { PlacedText } from './placed-text.ts';
import { podSecurityPlaces } from './pod-security-places.ts';
import { quotaPlaces } from './quota-places.ts';

/**
 * Takes apart what admission says in a sentence, without naming fields as validation does: PodSecurity, quotas, limits,
 * policies and webhooks. Empty where it is about the object as a whole.
 */
export function placesOf(message: string, root: SyntaxNode): readonly PlacedText[] {
  const readers = [podSecurityPlaces, quotaPlaces, policyPlaces];
  for (const read of readers) {
    const found = read(message, root);
    if (found.length > 0) return found;
  }
  return [];
}

/** Policies and webhooks say what their authors wrote, who often name a field; `failed expression: …` always does. */
function policyPlaces(message: string, root: SyntaxNode): PlacedText[] {
  const [, said] =
    /(?:denied (?:the )?request: |^Validation failed for ValidatingAdmissionPolicy '[^']*' with binding '[^']*': )(.*)$/s.exec(
      message,
    ) ?? [];
  if (said === undefined) return [];
  for (const [, path = ''] of said.matchAll(
    /(?<![\w.])(?:object\.)?([a-z]\w*(?:\.\w+|\[\d+\]|\["[^"]*"\])+)/g,
  )) {
    const steps = parseFieldPath(path);
    const { depth } = locate(root, steps);
    if (depth > 0) return [{ steps: steps.slice(0, depth), message }];
  }
  return [];
}
