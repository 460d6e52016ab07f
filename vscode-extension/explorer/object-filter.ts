import type { KubernetesObject } from '../../core/api/object.ts';
import { parseLabelSelector } from '../../core/machinery/label-selector.ts';
import type { ObjectStatus } from './object-status.ts';

export interface ObjectFilter {
  /** As the user wrote it. */
  readonly text: string;
  accepts(object: KubernetesObject, status: ObjectStatus): boolean;
}

/**
 * Reads a filter as the panes of `wh` do: part of a name or status, `!part` for all others, `-l app=web` for labels,
 * `?` for whatever is not well. Parts separated by blanks must all hold. Throws when a selector cannot be read.
 */
export function parseFilter(text: string): ObjectFilter | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const labels = /^-l\s*(.+)$/.exec(trimmed)?.[1];
  if (labels !== undefined) {
    const selector = parseLabelSelector(labels);
    return { text: trimmed, accepts: ({ metadata }) => selector.matches(metadata.labels ?? {}) };
  }
  const tests = trimmed.toLowerCase().split(/\s+/).map(partTest);
  return {
    text: trimmed,
    accepts: (object, status) => tests.every((holds) => holds(object, status)),
  };
}

function partTest(part: string): ObjectFilter['accepts'] {
  if (part === '?') return (_object, { severity }) => severity === 'error' || severity === 'warning';
  if (part.startsWith('!') && part.length > 1) {
    const inner = partTest(part.slice(1));
    return (object, status) => !inner(object, status);
  }
  return ({ metadata: { name = '', namespace = '' } }, { text }) =>
    name.includes(part) || `${namespace}/${name}`.includes(part) || text.toLowerCase().includes(part);
}
