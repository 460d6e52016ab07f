import { describe, expect, test } from 'vitest';
import { badRequest, forbidden, invalid, notFound } from '../../../core/api/errors.ts';
import { deployment, problemsOf } from '../checks/check-story.ts';
import { objectsOf } from '../checks/manifest-objects.ts';
import { builtInModel } from '../schema/built-in.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { serverProblems, withoutKnown, type DryRunAnswer } from './server-problems.ts';

function shown(answer: Partial<DryRunAnswer>, text = deployment): string[] {
  const document = parseDocument(text);
  const [object] = objectsOf(document.root);
  if (object === undefined) throw new Error('no object');
  const context = { document, model: builtInModel(), namespace: 'default' };
  return serverProblems({ refusal: undefined, warnings: [], ...answer }, object, context).map(
    ({ range, severity, message }) => `${severity} ${text.slice(range.start, range.end)}: ${message}`,
  );
}
const resource = { group: 'apps', plural: 'deployments' };

describe('a refusal is shown', () => {
  test('at the fields it names', () => {
    const { status } = invalid({ group: 'apps', kind: 'Deployment' }, 'web', [
      { field: 'spec.replicas', reason: 'FieldValueInvalid', message: 'Invalid value: 3: too many' },
      {
        field: 'spec.template.spec.containers[0].image',
        reason: 'FieldValueForbidden',
        message: 'Forbidden: not from there',
      },
      { field: 'spec.template.spec.nodeName', reason: 'FieldValueRequired', message: 'Required value' },
    ]);
    expect(shown({ refusal: status })).toEqual([
      'error 3: spec.replicas: Invalid value: 3: too many',
      'error busybox: spec.template.spec.containers[0].image: Forbidden: not from there',
      'error spec: spec.template.spec.nodeName: Required value',
    ]);
  });

  test('at fields that cannot be decoded', () => {
    const cannot = 'Deployment in version "v1" cannot be handled as a Deployment: ';
    const text = deployment.replace('replicas: 3', 'relicas: 3');
    expect(
      shown(
        {
          refusal: badRequest(
            `${cannot}strict decoding error: unknown field "spec.relicas"; did you mean "replicas"?, unknown field "spec.x"`,
          ).status,
        },
        text,
      ),
    ).toEqual([
      'error relicas: spec.relicas: unknown field; did you mean "replicas"?',
      'error spec: spec.x: unknown field',
    ]);
    expect(
      shown({
        refusal: badRequest(
          `${cannot}spec.replicas: must be an integer; metadata.labels["a/b"]: must be a string`,
        ).status,
      }),
    ).toEqual([
      'error 3: spec.replicas: must be an integer',
      'error metadata: metadata.labels["a/b"]: must be a string',
    ]);
  });

  test('at the name when it speaks of the whole', () => {
    const { status } = forbidden(resource, 'web', 'exceeded quota: small');
    expect(shown({ refusal: status })).toEqual([
      'error web: deployments.apps "web" is forbidden: exceeded quota: small',
    ]);
  });

  test('at the namespace that is not there', () => {
    const text = deployment.replace('name: web\n', 'name: web\n  namespace: nowhere\n');
    const { status } = notFound({ group: '', plural: 'namespaces' }, 'nowhere');
    expect(shown({ refusal: status }, text)).toEqual([
      'error nowhere: metadata.namespace: namespaces "nowhere" not found',
    ]);
  });
});

test('warnings are warnings', () => {
  expect(shown({ warnings: ['would violate PodSecurity "restricted"'] })).toEqual([
    'warning web: would violate PodSecurity "restricted"',
  ]);
});

test('what the editor has found already is not told twice', () => {
  const text = deployment.replace('replicas: 3', 'replicas: -1');
  const known = problemsOf(text);
  const [problem] = known;
  expect(problem && withoutKnown([{ ...problem, code: 'server' }], known)).toEqual([]);
});
