import { describe, expect, test } from 'vitest';
import { createScheme } from '../../../core/api/kinds/scheme.ts';
import { kubernetesRelease } from '../../../core/api/generated/release.ts';
import { builtInKinds } from '../schema/built-in.ts';
import type { SchemaSource } from '../schema/cluster-schemas.ts';
import { SchemaHolder } from './schema-holder.ts';

const never = new AbortController().signal;

/** A cluster that serves only these kinds. */
function cluster(...served: string[]): SchemaSource {
  const items = createScheme()
    .all()
    .filter(({ kind }) => served.includes(kind))
    .map(({ group, version, kind, plural, verbs }) => ({
      metadata: { name: group },
      versions: [
        {
          version,
          resources: [
            { resource: plural, responseKind: { group, version, kind }, scope: 'Namespaced', verbs },
          ],
        },
      ],
    }));
  return {
    version: async () => ({ gitVersion: kubernetesRelease, wheelhouseVersion: '0', store: 'memory' }),
    discover: async () => ({ items }),
    openApi: async () => ({}),
  };
}

function scene() {
  const kept = new Map<string, string>();
  const errors: string[] = [];
  const store = {
    read: async (name: string) => kept.get(name),
    write: async (name: string, text: string) => void kept.set(name, text),
  };
  let changes = 0;
  const holder = new SchemaHolder({
    store,
    onChange: () => changes++,
    onError: (_, doing) => errors.push(doing),
  });
  return { holder, kept, errors, changes: () => changes };
}

describe('the schemas in force', () => {
  test('are built in until a cluster says otherwise, and again when it is left', async () => {
    const { holder } = scene();
    expect(holder.model.origin).toBe('built-in');
    await holder.follow('a');
    await holder.refresh(cluster('Pod'), never);
    expect([holder.model.origin, holder.model.all().length]).toEqual(['cluster', 1]);
    await holder.follow(undefined);
    expect(holder.model.origin).toBe('built-in');
  });

  test('of a cluster that does not answer are what it said last', async () => {
    const { holder, kept } = scene();
    await holder.follow('a');
    await holder.refresh(cluster('Pod'), never);
    const later = scene();
    later.kept.set('a', kept.get('a') ?? '');
    await later.holder.follow('a');
    expect([later.holder.model.origin, later.holder.model.all().length]).toEqual(['cache', 1]);
    await later.holder.refresh({ ...cluster(), version: () => Promise.reject(new Error('away')) }, never);
    expect(later.errors).toEqual(['ask "a" for its schemas']);
    expect(later.holder.model.origin).toBe('cache');
  });

  test('do not change when the cluster says the same again', async () => {
    const { holder, changes } = scene();
    await holder.follow('a');
    await holder.refresh(cluster('Pod'), never);
    const before = changes();
    await holder.refresh(cluster('Pod'), never);
    expect(changes()).toBe(before);
    await holder.refresh(cluster('Pod', 'Secret'), never);
    expect(changes()).toBe(before + 1);
  });

  test('have the kinds of files on top', async () => {
    const { holder, changes } = scene();
    const [first] = builtInKinds();
    const kind = { ...(first as NonNullable<typeof first>), group: 'example.com', kind: 'Thing' };
    holder.setFileKinds('a.yaml', [kind]);
    holder.setFileKinds('a.yaml', [kind]);
    expect(changes()).toBe(1);
    await holder.follow('a');
    expect(holder.model.named('Thing')).toEqual([kind]);
    holder.setFileKinds('a.yaml', []);
    expect(holder.model.named('Thing')).toEqual([]);
  });
});
