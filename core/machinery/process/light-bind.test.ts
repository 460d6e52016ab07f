import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { afterEach, expect, test } from 'vitest';
import { bindLightly } from './light-bind.ts';

const own = Object.getOwnPropertyDescriptor(AsyncResource.prototype, 'bind') ?? {};
afterEach(() => {
  Object.defineProperty(AsyncResource.prototype, 'bind', own);
});

test('binds as Node does, without a property to warn of', () => {
  bindLightly();
  const places = new AsyncLocalStorage<string>();
  const resource = places.run('there', () => new AsyncResource('TEST'));
  function seen(this: unknown, one: number, other: number): readonly unknown[] {
    return [this, one, other, places.getStore()];
  }
  const on = { name: 'on' };
  const bound = resource.bind(seen);
  expect(bound).toHaveLength(2);
  expect(bound.call(on, 1, 2)).toEqual([on, 1, 2, 'there']);
  // Not in the types.
  const typed = resource as unknown as { bind: (fn: typeof seen, on: unknown) => typeof seen };
  expect(typed.bind(seen, on).call({}, 1, 2)).toEqual([on, 1, 2, 'there']);
  expect(bound).not.toHaveProperty('asyncResource');
});
