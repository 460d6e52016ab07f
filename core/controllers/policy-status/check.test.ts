import { describe, expect, test } from 'vitest';
import type { ValidatingAdmissionPolicy } from '../../api/generated/admissionregistration-v1.ts';
import { createScheme } from '../../api/kinds/scheme.ts';
import { expressionWarnings } from './check.ts';

const scheme = createScheme();

function policy(
  resources: readonly string[],
  expressions: readonly string[],
  more: Partial<ValidatingAdmissionPolicy['spec']> = {},
): ValidatingAdmissionPolicy {
  const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'] as const, resources };
  return {
    metadata: { name: 'test' },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      validations: expressions.map((expression) => ({ expression })),
      ...more,
    },
  } as ValidatingAdmissionPolicy;
}

describe('the expressions of a policy', () => {
  test('are checked against the kinds that its rules name', () => {
    const expressions = [
      'object.spec.replicas <= 5',
      'object.spec.replica <= 5',
      'object.spec.template.spec.containers.all(c, c.image.startsWith(7))',
      "object.metadata.creationTimestamp < timestamp('2024-01-01T00:00:00Z')",
      "object.spec.template.metadata.labels['a'] == object.kind",
      "quantity(object.spec.template.spec.containers[0].resources.limits['cpu']).isLessThan(quantity('1'))",
    ];
    expect(expressionWarnings(policy(['deployments'], expressions), scheme)).toEqual([
      {
        fieldRef: 'spec.validations[1].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'\n | object.spec.replica <= 5\n | ...........^\n",
      },
      {
        fieldRef: 'spec.validations[2].expression',
        warning: expect.stringContaining(
          "found no matching overload for 'startsWith' applied to 'string.(int)'",
        ) as string,
      },
    ]);
  });

  test('are checked for each kind, with the types of variables and parameters', () => {
    const checked = policy(
      ['deployments', 'daemonsets'],
      ['variables.replicas > int(params.data.most)', 'params.dat.most == ""'],
      {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        variables: [{ name: 'replicas', expression: 'object.spec.replicas' }],
      },
    );
    const [second, ...others] = expressionWarnings(checked, scheme);
    expect(others).toEqual([]);
    expect(second).toMatchObject({
      fieldRef: 'spec.validations[1].expression',
      warning: expect.stringMatching(
        /^apps\/v1, Kind=Deployment: .*undefined field 'dat'[^]*apps\/v1, Kind=DaemonSet: .*undefined field 'dat'/,
      ) as string,
    });
  });

  test('are left alone where nobody can say what they will see', () => {
    expect(expressionWarnings(policy(['*'], ['object.anything']), scheme)).toEqual([]);
  });
});
