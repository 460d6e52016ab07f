import { expect, test } from 'vitest';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { PacedOutput } from './paced-output.ts';

const portion = 256 * 1024;

test('no more is written between two pauses than a window draws', async () => {
  const clock = new SteppedClock();
  const written: string[] = [];
  const output = new PacedOutput((text) => written.push(text), clock);
  const done = output.write('x'.repeat(2.5 * portion));
  await settle();
  expect(written.map(({ length }) => length)).toEqual([portion]);
  await clock.advanceAsync(50);
  expect(written).toHaveLength(2);
  await clock.advanceAsync(50);
  await done;
  expect(written.join('')).toHaveLength(2.5 * portion);
});

test('a character is not torn in two', async () => {
  const clock = new SteppedClock();
  const written: string[] = [];
  const output = new PacedOutput((text) => written.push(text), clock);
  const text = `${'x'.repeat(portion - 1)}😀 and on`;
  const done = output.write(text);
  await settle();
  await clock.advanceAsync(50);
  await done;
  expect(written).toEqual(['x'.repeat(portion - 1), '😀 and on']);
});
