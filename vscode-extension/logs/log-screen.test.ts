import { expect, test } from 'vitest';
import { settle } from '../../test/expectations/eventually.ts';
import { deferred, type Deferred } from '../../core/machinery/deferred.ts';
import { LogScreen } from './log-screen.ts';

const clear = '\x1b[2J\x1b[3J\x1b[H';

function scene() {
  const shown: string[] = [];
  const gates: Deferred<void>[] = [];
  const stop = new AbortController();
  const output = (text: string) => {
    shown.push(text);
    const gate = deferred();
    gates.push(gate);
    return gate.promise;
  };
  const screen = new LogScreen(output, stop.signal);
  const go = async () => {
    gates.shift()?.resolve();
    await settle();
  };
  return { shown, stop, screen, go };
}

test('texts follow each other, each when the one before it is out', async () => {
  const { shown, screen, go } = scene();
  void screen.write(() => 'one');
  void screen.write(() => 'two');
  await settle();
  expect(shown).toEqual(['one']);
  await go();
  expect(shown).toEqual(['one', 'two']);
});

test('of what is to be shown anew several times in a row only the last is made and shown', async () => {
  const { shown, screen, go } = scene();
  let made = 0;
  const everything = (name: string) => () => (made++, name);
  void screen.write(() => 'one');
  await settle();
  void screen.write(() => 'two');
  for (const name of ['a', 'b', 'c']) void screen.replace(everything(name));
  void screen.write(() => 'three');
  for (let turn = 0; turn < 5; turn++) await go();
  expect(shown).toEqual(['one', `${clear}c`, 'three']);
  expect(made).toBe(1);
});

test('nothing is written to a terminal that was closed', async () => {
  const { shown, stop, screen } = scene();
  stop.abort();
  await screen.write(() => 'one');
  expect(shown).toEqual([]);
});
