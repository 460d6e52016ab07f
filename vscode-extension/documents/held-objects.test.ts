import { describe, expect, test } from 'vitest';
import { pod } from '../../test/builders/index.ts';
import { HeldObject, HeldObjects } from './held-objects.ts';

const web = (revision: string, app = 'web') => {
  const object = pod().named('web').labelled({ app }).build();
  return { ...object, metadata: { ...object.metadata, resourceVersion: revision } };
};

describe('what an editor was given of an object', () => {
  test('is news only where the text differs', () => {
    const held = new HeldObject();
    expect([held.hold(web('1')), held.hold(web('1')), held.hold(web('2', 'api'))]).toEqual([
      true,
      false,
      true,
    ]);
    expect(held.mtime).toBe(2);
    expect(held.bytes.toString()).toContain('app: api');
    expect(held.handedOut('1')).toMatchObject({ metadata: { labels: { app: 'web' } } });
  });

  test('is what came of a save, for whoever types on with the revision that was saved', () => {
    const held = new HeldObject();
    held.hold(web('1'));
    const saved = web('2', 'api');
    held.saved(Buffer.from('edited'), '1', saved);
    expect(held.handedOut('1')).toBe(saved);
    expect([held.bytes.toString(), held.mtime]).toEqual(['edited', 2]);
  });

  test('goes back some revisions, not all', () => {
    const held = new HeldObject();
    for (let revision = 1; revision <= 30; revision++) held.hold(web(String(revision)));
    expect([held.handedOut('10'), held.handedOut('30')]).toEqual([undefined, web('30')]);
  });
});

test('objects that are open are kept, of the others the last ones', () => {
  const held = new HeldObjects((key) => key === 'open');
  held.of('open').hold(web('1'));
  for (let index = 0; index < 150; index++) held.of(`closed ${index}`);
  expect(held.get('open')?.mtime).toBe(1);
  const kept = Array.from({ length: 150 }, (_, index) => held.get(`closed ${index}`) !== undefined);
  expect(kept.filter(Boolean)).toHaveLength(99);
  expect([kept[50], kept[51]]).toEqual([false, true]);
});
