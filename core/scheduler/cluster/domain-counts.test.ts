import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainCounts } from './domain-counts.ts';

test('the lowest count is that of a plain search, whatever comes and goes', () => {
  const change = fc.record({ domain: fc.nat({ max: 30 }), sign: fc.constantFrom(1 as const, -1 as const) });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 25 })),
      fc.array(change, { maxLength: 200 }),
      (domains, changes) => {
        const counts = new DomainCounts();
        const plain = new Map<number, number>();
        for (const domain of domains) {
          counts.include(domain);
          plain.set(domain, 0);
        }
        for (const { domain, sign } of changes) {
          counts.add(domain, sign);
          const before = plain.get(domain);
          if (before !== undefined) plain.set(domain, before + sign);
          expect(counts.lowest).toBe(plain.size === 0 ? 0 : Math.min(...plain.values()));
        }
        for (const [domain, count] of plain) expect(counts.get(domain)).toBe(count);
      },
    ),
    { numRuns: 50 },
  );
});
