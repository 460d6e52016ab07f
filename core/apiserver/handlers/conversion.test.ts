import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { WatchEvent } from '../../api/verbs.ts';
import { formOf } from './conversion.ts';
import { PlainObject } from './plain-object.ts';

function scene() {
  let conversions = 0;
  const fromStored = (stored: KubernetesObject) => {
    conversions++;
    return { ...stored, apiVersion: 'events.k8s.io/v1' };
  };
  const form = formOf({
    conversion: { group: '', version: 'v1', fromStored, toStored: (object) => object },
  } as Partial<KindDeclaration> as KindDeclaration)!;
  return { form, conversions: () => conversions };
}

const stored = (name: string, note = '') =>
  new PlainObject({ apiVersion: 'v1', kind: 'Event', metadata: { name }, note } as KubernetesObject);

test('those who watch the same share the converted events', () => {
  const { form, conversions } = scene();
  const bookmark: WatchEvent = { type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd: false };
  const events: readonly WatchEvent[] = [{ type: 'ADDED', object: stored('a') }, bookmark];
  const shown = form.showEvents(events);
  expect(form.showEvents(events)).toBe(shown);
  expect(shown).toMatchObject([
    { type: 'ADDED', object: { object: { apiVersion: 'events.k8s.io/v1' } } },
    bookmark,
  ]);
  expect(conversions()).toBe(1);
});

test('those who watch it in other company share the object', () => {
  const { form, conversions } = scene();
  const object = stored('a');
  const [one] = form.showEvents([{ type: 'ADDED', object }]);
  const [, other] = form.showEvents([
    { type: 'ADDED', object: stored('b') },
    { type: 'ADDED', object },
  ]);
  expect(one?.type === 'ADDED' && other?.type === 'ADDED' && one.object === other.object).toBe(true);
  expect(conversions()).toBe(2);
});

test('what was converted is not kept for as long as the stored object is', () => {
  const { form, conversions } = scene();
  const first = stored('first');
  form.show(first);
  form.show(first);
  expect(conversions()).toBe(1);
  for (let index = 0; index < 5; index++) form.show(stored(`${index}`, 'x'.repeat(1024 * 1024)));
  form.show(first);
  expect(conversions()).toBe(7);
});
