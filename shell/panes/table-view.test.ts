import { describe, expect, test } from 'vitest';
import { Canvas } from './canvas.ts';
import { TableView } from './table-view.ts';
import { FakeModel, row } from './testing/pane-models.ts';

function pods(count: number): FakeModel {
  return new FakeModel(
    'Pods',
    Array.from({ length: count }, (_, index) => row(`web-${index}`).build()),
  );
}

function drawn(table: TableView, width = 60, height = 8): string[] {
  const canvas = new Canvas(width, height);
  table.draw(canvas, { top: 0, left: 0, width, height }, true, 0);
  return canvas.toLines();
}

const selectedName = (table: TableView) => table.selected(0)?.cells(0)[0]?.text;

describe('TableView', () => {
  test('draws the rows that fit and scrolls with the selection', () => {
    const table = new TableView(pods(100));
    expect(drawn(table)[2]).toMatch(/^│web-0 +default +Running +5m +│$/);
    table.move(50, 0);
    expect(drawn(table).slice(2, 7).join('\n')).toMatch(/web-46[^]*web-50/);
    table.move(Infinity, 0);
    expect(drawn(table)[6]).toContain('web-99');
    table.page(-1, 0);
    drawn(table);
    expect(selectedName(table)).toBe('web-95');
    table.move(-Infinity, 0);
    expect(drawn(table)[2]).toContain('web-0');
  });

  test('keeps the selection on its row while rows come and go around it', () => {
    const model = pods(10);
    const table = new TableView(model);
    table.move(5, 0);
    expect(selectedName(table)).toBe('web-5');
    model.set([row('aaa').build(), ...model.rows()]);
    expect(selectedName(table)).toBe('web-5');
    model.set(model.rows().filter((candidate) => candidate.id !== 'uid-web-5'));
    expect(selectedName(table)).toBe('web-6');
    model.set([]);
    expect(selectedName(table)).toBeUndefined();
    table.move(3, 0);
    model.set([row('back').build()]);
    expect(selectedName(table)).toBe('back');
  });

  test('hides columns by priority and narrows the widest when space is short', () => {
    const table = new TableView(new FakeModel('Pods', [row('a-rather-long-name-of-a-pod').build()]));
    expect(drawn(table, 70)[1]).toMatch(/NAME.*NAMESPACE.*STATUS.*AGE/);
    expect(drawn(table, 50)[1]).toMatch(/NAME[^S]* +STATUS +AGE/);
    expect(drawn(table, 42)[1]).not.toMatch(/AGE/);
    expect(drawn(table, 24)[2]).toMatch(/…/);
    for (let width = 0; width < 40; width += 1) {
      for (const line of drawn(table, width)) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test('says what is missing', () => {
    const model = new FakeModel('Pods');
    const table = new TableView(model);
    expect(drawn(table)[2]).toContain('No pods.');
    model.state = { kind: 'connecting' };
    expect(drawn(table).join('\n')).toContain('Connecting…');
    model.state = { kind: 'stale', sinceMs: 0, reason: 'connection refused' };
    expect(drawn(table).join('\n')).toContain('No data: connection refused');
    model.state = { kind: 'live' };
    table.filter = 'x';
    expect(drawn(table).join('\n')).toContain('Nothing matches');
  });

  test('turns the order round when sorted by the same column again', () => {
    const table = new TableView(pods(3));
    expect(table.sortBy('AGE')).toBe(true);
    expect(table.sortBy('NAME')).toBe(true);
    expect(table.sortBy('NAME')).toBe(true);
    expect(selectedName(table)).toBe('web-2');
    expect(table.sortBy('SIZE')).toBe(false);
  });
});
