import { describe, expect, test } from 'vitest';
import { isSealed, keyIdOf, openValue, sealValue } from './envelope.ts';
import { KeyRing, newKey } from './key-ring.ts';

const place = '/registry/core/secrets/default/web';
const text = 'correct horse battery staple';
const ring = new KeyRing([newKey()]);

describe('a sealed value', () => {
  test('shows nothing of what is in it, and never looks the same twice', () => {
    const sealed = sealValue(ring, place, Buffer.from(text));
    expect(sealed.includes(text)).toBe(false);
    expect(sealed.equals(sealValue(ring, place, Buffer.from(text)))).toBe(false);
    expect(openValue(ring, place, sealed).toString()).toBe(text);
    expect(openValue(ring, place, sealValue(ring, place, Buffer.alloc(0)))).toHaveLength(0);
  });

  test('can be read with older keys, and only with the one it was sealed under', () => {
    const sealed = sealValue(ring, place, Buffer.from(text));
    const rotated = ring.rotated();
    expect(keyIdOf(sealed)).toBe(ring.current.id);
    expect(keyIdOf(sealValue(rotated, place, Buffer.from(text)))).toBe(rotated.current.id);
    expect(openValue(rotated, place, sealed).toString()).toBe(text);
    const other = new KeyRing([newKey()]);
    expect(() => openValue(other, place, sealed)).toThrow(
      `Cannot decrypt "${place}": it is encrypted under key "${ring.current.id}", which is not among the keys of this core`,
    );
  });

  test('is refused in another place', () => {
    const sealed = sealValue(ring, place, Buffer.from(text));
    const elsewhere = '/registry/core/secrets/default/other';
    expect(() => openValue(ring, elsewhere, sealed)).toThrow(
      `Cannot decrypt "${elsewhere}": its bytes were changed, cut short, or belong to another object`,
    );
  });

  test('is refused whichever of its bytes is changed, and wherever it is cut', () => {
    const sealed = sealValue(ring, place, Buffer.from(text));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      // Its beginning makes it something else, which is no Secret either.
      if (isSealed(changed)) expect(() => openValue(ring, place, changed)).toThrow('Cannot decrypt');
      if (isSealed(sealed.subarray(0, at)))
        expect(() => openValue(ring, place, sealed.subarray(0, at))).toThrow('Cannot decrypt');
    }
  });
});

test('keys are of the right size and known by an id that says nothing of them', () => {
  const { id, key } = newKey();
  expect(key.includes(Buffer.from(id, 'hex'))).toBe(false);
  expect(() => new KeyRing([{ id, key: key.subarray(1) }])).toThrow('it is not 32 bytes');
  expect(() => new KeyRing([])).toThrow('without a key');
});
