import { describe, expect, test } from 'vitest';
import type { PaneRow } from './pane-model.ts';
import { naturalKey, RowOrder } from './row-order.ts';
import { row } from './testing/pane-models.ts';

const names = (rows: readonly PaneRow[]) => rows.map((shown) => shown.cells(0)[0]?.text);

describe('RowOrder', () => {
  test('sorts names by the numbers in them', () => {
    const order = new RowOrder();
    const rows = ['web-10', 'web-9', 'api', 'web-1b', 'Web-2'].map((name) => row(name).build());
    expect(names(order.rows(rows, 0))).toEqual(['api', 'web-1b', 'Web-2', 'web-9', 'web-10']);
    expect(naturalKey('a-007') < naturalKey('a-10')).toBe(true);
  });

  test('sorts by the order a row gives, both ways', () => {
    const order = new RowOrder();
    const rows = [
      row('a').agedSeconds(100).build(),
      row('b').agedSeconds(20).build(),
      row('c').agedSeconds(3).build(),
    ];
    order.sortBy({ column: 3, descending: false });
    expect(names(order.rows(rows, 0))).toEqual(['c', 'b', 'a']);
    order.sortBy({ column: 3, descending: true });
    expect(names(order.rows(rows, 0))).toEqual(['a', 'b', 'c']);
  });

  test('answers with the same array while nothing changed, and takes changes in', () => {
    const order = new RowOrder();
    const b = row('b').build();
    const rows = [b, row('a').build()];
    const first = order.rows(rows, 0);
    expect(order.rows(rows, 0)).toBe(first);
    const next = order.rows([b, row('c').build(), row('a').withStatus('Failed').build()], 0);
    expect(names(next)).toEqual(['a', 'b', 'c']);
    expect(next[0]?.cells(0)[2]?.text).toBe('Failed');
    expect(names(order.rows([b], 0))).toEqual(['b']);
  });

  test('filters by words in any cell, and the other way round with !', () => {
    const order = new RowOrder();
    const rows = [
      row('web-1').build(),
      row('web-2').withStatus('Failed').build(),
      row('db').inNamespace('prod').build(),
    ];
    const shown = (filter: string) => {
      order.filterBy(filter);
      return names(order.rows(rows, 0));
    };
    expect(shown('WEB')).toEqual(['web-1', 'web-2']);
    expect(shown('web failed')).toEqual(['web-2']);
    expect(shown('prod')).toEqual(['db']);
    expect(shown('!web')).toEqual(['db']);
    expect(shown('!')).toHaveLength(3);
    expect(shown('[(*')).toEqual([]);
    expect(order.position('uid-db', 1)).toBeUndefined();
    expect(shown('')).toHaveLength(3);
    expect(order.position('uid-db', 1)).toBe(0);
  });
});
