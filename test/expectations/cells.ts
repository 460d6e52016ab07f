import { expect } from 'vitest';
import { printerFor } from '../../core/printers/printers.ts';

export type CellsCase = readonly [what: string, type: string, object: object, cells: string];

const nowMs = Date.parse('2030-01-01T01:00:00Z');
export const minutesAgo = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();

/** The cells of an object that is called "it" and an hour old; those of wide output after a bar. */
export function cells(type: string, object: object): string {
  const [kind = '', version = '', group = ''] = type.split('/').reverse();
  const { columns, row } = printerFor(group, version, kind);
  const { metadata = {}, ...rest } = object as { metadata?: object };
  const made = {
    spec: {},
    status: {},
    ...rest,
    metadata: { name: 'it', namespace: 'default', creationTimestamp: minutesAgo(60), ...metadata },
  };
  const all = row(made, nowMs);
  expect(all).toHaveLength(columns.length);
  const shown = (priority: number) =>
    all.filter((_, index) => columns[index]?.priority === priority).map((cell) => JSON.stringify(cell));
  return [shown(0).join(' '), shown(1).join(' ')].filter((text) => text !== '').join(' | ');
}
