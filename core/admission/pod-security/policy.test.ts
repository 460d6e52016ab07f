import { describe, expect, test } from 'vitest';
import { defaultPolicy, formatLevelVersion, parsePolicy, policyOf } from './policy.ts';
import type { Policy } from './policy.ts';

const label = 'pod-security.kubernetes.io';

function text({ enforce, audit, warn }: Policy): string {
  return [enforce, audit, warn].map(formatLevelVersion).join(' ');
}

describe('the policy of a namespace', () => {
  test('is the default where labels say nothing, each mode for itself', () => {
    expect(policyOf(undefined, defaultPolicy).policy).toEqual(defaultPolicy);
    const labels = { [`${label}/enforce`]: 'baseline', [`${label}/warn-version`]: 'v1.30' };
    const { policy, errors } = policyOf(labels, parsePolicy('warn=restricted'));
    expect(text(policy)).toBe('baseline:latest privileged:latest restricted:v1.30');
    expect(errors).toEqual([]);
  });

  test('is the strictest to enforce and the mildest to tell of where labels cannot be read', () => {
    const labels = Object.fromEntries(
      ['enforce', 'audit', 'warn'].map((mode) => [`${label}/${mode}`, 'tight']),
    );
    const { policy, errors } = policyOf({ ...labels, [`${label}/enforce-version`]: 'v1.01' }, defaultPolicy);
    expect(text(policy)).toBe('restricted:latest privileged:latest privileged:latest');
    expect(errors.map(({ field }) => field)).toEqual([
      `metadata.labels[${label}/enforce]`,
      `metadata.labels[${label}/enforce-version]`,
      `metadata.labels[${label}/audit]`,
      `metadata.labels[${label}/warn]`,
    ]);
  });
});

test.each(['', 'enforce', 'enforce=tight', 'all=baseline', 'enforce=baseline:1.2'])(
  'a policy is not %j',
  (wrong) => {
    expect(() => parsePolicy(wrong)).toThrow('must be enforce, audit or warn');
  },
);
