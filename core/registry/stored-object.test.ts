import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert, boolean, constant, dictionary, property, record, string } from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { KubernetesObject } from '../api/object.ts';
import { StoredFormat } from './stored-object.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const format = new StoredFormat('v1', 'ConfigMap');

function configMap(metadata: KubernetesObject['metadata']): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

describe('a stored object', () => {
  test('is spliced with its revision, and gives the stored bytes back', () => {
    const value = format.encode(configMap({ name: 'a', labels: { app: 'web' } }));
    const stored = format.decode(value, 42);
    expect(JSON.parse(stored.bytes.toString())).toEqual(
      configMap({ name: 'a', labels: { app: 'web' }, resourceVersion: '42' }),
    );
    expect(stored.value.equals(value)).toBe(true);
    expect(stored.valueLength).toBe(value.length);
    expect(stored.isEncodedAs(value)).toBe(true);
    expect(stored.isEncodedAs(format.encode(configMap({ name: 'b', labels: { app: 'web' } })))).toBe(false);
    expect(stored.isEncodedAs(value.subarray(0, -1))).toBe(false);
    expect(stored.object.metadata.resourceVersion).toBe('42');
    expect(JSON.parse(stored.at(43).bytes.toString())).toMatchObject({ metadata: { resourceVersion: '43' } });
  });

  test('that was never stored has no resourceVersion', () => {
    const stored = format.decode(format.encode(configMap({ name: 'a' })), 0);
    expect(JSON.parse(stored.bytes.toString())).toEqual(configMap({ name: 'a' }));
  });

  test('tells its labels without being parsed, whatever its text is', () => {
    const text = string({ unit: 'binary', maxLength: 8 });
    const metadata = record(
      {
        name: text,
        generateName: text,
        namespace: text,
        uid: text,
        labels: dictionary(
          text.filter((key) => key !== '__proto__'),
          text,
          { maxKeys: 4 },
        ),
        annotations: dictionary(constant('labels'), constant('{"no":"labels"}')),
      },
      { requiredKeys: [] },
    );
    assert(
      property(metadata, boolean(), (given, spliced) => {
        const stored = format.decode(format.encode(configMap(given)), 7);
        if (spliced) expect(stored.bytes.length).toBeGreaterThan(0);
        expect({ ...stored.labels }).toEqual({ ...JSON.parse(JSON.stringify(given.labels ?? {})) });
      }),
    );
  });

  test('is parsed once for those who look within moments, and keeps nothing of it afterwards', async () => {
    const stored = format.decode(format.encode(configMap({ name: 'a' })), 1);
    const parsed = new WeakRef(stored.object);
    expect(stored.object).toBe(parsed.deref());
    await vi.waitFor(() => {
      collectGarbage();
      // An expectation that fails would hold the object.
      expect(parsed.deref() === undefined).toBe(true);
    });
    expect(stored.object.metadata.name).toBe('a');
  });

  test('keeps nothing parsed for long where very much is', async () => {
    const stored = format.decode(format.encode(configMap({ name: 'a' })), 1);
    const parsed = new WeakRef(stored.object);
    for (const name of ['b', 'c']) {
      const large = configMap({ name, annotations: { filler: 'x'.repeat(600_000) } });
      expect(format.decode(format.encode(large), 2).object.metadata.name).toBe(name);
    }
    // What was looked at in this turn stays for its length.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(parsed.deref()).toBeUndefined();
  });

  test('shares equal labels with others', () => {
    const one = format.decode(format.encode(configMap({ name: 'a', labels: { app: 'web' } })), 1);
    const two = format.decode(format.encode(configMap({ name: 'b', labels: { app: 'web' } })), 2);
    expect(two.labels).toBe(one.labels);
  });
});
