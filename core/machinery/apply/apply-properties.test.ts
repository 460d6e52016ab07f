import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { Story } from '../../../test/builders/apply-story.ts';
import { ApplyError } from './typed-value.ts';

const name = fc.constantFrom('p', 'q', 'r');
const value = fc.constantFrom('1', '2');
const config = fc.record(
  {
    replicas: fc.nat(2),
    paused: fc.boolean(),
    security: fc.record({ user: fc.nat(1), group: fc.nat(1) }, { requiredKeys: ['user'] }),
    containers: fc.uniqueArray(
      fc.record(
        {
          name,
          image: value,
          env: fc.uniqueArray(fc.record({ name, value }), { selector: ({ name }) => name }),
        },
        { requiredKeys: ['name'] },
      ),
      { selector: ({ name }) => name },
    ),
  },
  { requiredKeys: [] },
);

describe('always', () => {
  const step = fc.tuple(fc.constantFrom('alice', 'bob'), fc.boolean(), config);

  test('an applier alone gets exactly what it applied last', () => {
    fc.assert(
      fc.property(fc.array(config, { minLength: 1, maxLength: 4 }), (configs) => {
        const story = new Story();
        for (const spec of configs) story.apply('alice', { spec });
        const tidy = JSON.stringify(story.spec ?? {});
        const alone = new Story();
        alone.apply('alice', { spec: configs.at(-1) });
        // What became empty is gone; what was applied empty stays.
        const strip = (value: unknown) =>
          JSON.parse(JSON.stringify(value), (_, member: unknown) =>
            isEmptyContainer(member) ? undefined : member,
          ) as unknown;
        expect(strip(JSON.parse(tidy))).toEqual(strip(alone.spec ?? {}));
      }),
      { numRuns: 200 },
    );
  });

  test('what is applied by force is what the object says, and nobody owns what is not there', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const story = new Story();
        for (const [manager, applies, spec] of steps) {
          if (applies || story.live === undefined) {
            story.apply(manager, { spec }, { force: true });
            expect(story.spec ?? {}).toMatchObject(withoutEmpty(spec));
          } else story.update(manager, { spec });
        }
        const owned = ['alice', 'bob'].flatMap((manager) => story.fields(manager));
        const present = new Story();
        present.apply('all', { spec: story.spec ?? {} });
        const there = new Set([...present.fields('all'), '.spec', '.spec.security', '.spec.containers']);
        expect(owned.filter((field) => !there.has(field) && !field.endsWith('.env'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test('odd configurations are refused or applied, never anything else', () => {
  const odd = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.constantFrom(null, 0, 'a', true), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(
      fc.constantFrom(
        'spec',
        'metadata',
        'containers',
        'name',
        'env',
        'finalizers',
        'security',
        'other',
        'constructor',
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  })).object as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(odd, odd, odd, (live, first, second) => {
      const story = new Story();
      story.live = live;
      for (const applied of [first, second]) {
        try {
          story.apply('alice', applied, { force: true });
        } catch (error) {
          expect(error).toBeInstanceOf(ApplyError);
        }
      }
    }),
    { numRuns: 300 },
  );
});

function isEmptyContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Lists are compared by their own tests: here only scalars and structs count. */
function withoutEmpty(spec: object): object {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => key !== 'containers'));
}
