import { once } from 'node:events';
import { expect, test } from 'vitest';
import { within } from './within.ts';

test('what is asked of a cluster ends with its connection, and at its time at the latest', async () => {
  const connection = new AbortController();
  const patient = within(connection, 3_600_000);
  const hasty = within(connection, 1);
  if (!hasty.aborted) await once(hasty, 'abort');
  expect(hasty.reason).toMatchObject({ name: 'TimeoutError' });
  expect(patient.aborted).toBe(false);
  connection.abort(new Error('closed'));
  expect(patient.reason).toEqual(new Error('closed'));
});
