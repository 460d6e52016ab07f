import { expect, test } from 'vitest';
import type { RuntimeEvent } from '../runtime.ts';
import { Broadcast } from './broadcast.ts';

const event = (containerId: string): RuntimeEvent => ({ kind: 'started', podUid: 'u', containerId });

test('every listener begins with a look at everything and then gets each event', async () => {
  const broadcast = new Broadcast();
  const listening = new AbortController();
  const [one, other] = [broadcast.listen(listening.signal), broadcast.listen(listening.signal)];
  for (const listener of [one, other])
    expect((await listener.next()).value).toMatchObject({ kind: 'unknown' });
  broadcast.send(event('a'));
  broadcast.send(event('b'));
  for (const listener of [one, other]) {
    expect([(await listener.next()).value, (await listener.next()).value]).toEqual([event('a'), event('b')]);
  }
});

test('a listener that falls behind is told to look at everything, not given a queue without end', async () => {
  const broadcast = new Broadcast();
  const listening = new AbortController();
  const listener = broadcast.listen(listening.signal);
  await listener.next();
  for (let i = 0; i < 5_000; i++) broadcast.send(event(String(i)));
  const seen: RuntimeEvent[] = [];
  const reading = (async () => {
    for await (const each of listener) seen.push(each);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.length).toBeLessThanOrEqual(1_000);
  expect(seen[0]).toMatchObject({ kind: 'unknown' });
  expect(seen.at(-1)).toEqual(event('4999'));
  listening.abort();
  await reading;
});
