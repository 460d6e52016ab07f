import { describe, expect, test } from 'vitest';
import { deploymentKind, statefulSetKind } from '../kinds/apps.ts';
import type { KindDeclaration } from '../scheme.ts';
import type { KubernetesObject, Mutable } from '../object.ts';
import { normalize } from './normalize.ts';

type Members = Record<string, unknown>;

function workload(kind: KindDeclaration, spec: Members): Mutable<KubernetesObject> {
  const manifest = {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'web:1' }] },
      },
      ...spec,
    },
  };
  const object = normalize(kind.schema, manifest).value as unknown as Mutable<KubernetesObject>;
  kind.applyDefaults?.(object);
  return object;
}

function problemsOf(spec: Members, kind = deploymentKind): string[] {
  return kind.validate?.(workload(kind, spec)).map(({ field, message }) => `${field}: ${message}`) ?? [];
}

describe('a Deployment', () => {
  test('is fine with a selector that finds its Pods', () => {
    expect(problemsOf({})).toEqual([]);
  });

  test('needs a selector that selects something, and its own Pods', () => {
    expect(problemsOf({ selector: undefined })).toEqual(['spec.selector: Required value']);
    expect(problemsOf({ selector: {} })).toEqual([
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ]);
    expect(problemsOf({ selector: { matchLabels: { app: 'api' } } })).toEqual([
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
  });

  test('makes progress: it may not keep all and add none', () => {
    const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } };
    expect(problemsOf({ strategy })).toEqual([
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ]);
    expect(problemsOf({ strategy: { rollingUpdate: { maxUnavailable: '101%' } } })).toEqual([
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ]);
    expect(problemsOf({ strategy: { type: 'Recreate', rollingUpdate: {} } })).toEqual([
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ]);
  });

  test('counts from zero', () => {
    expect(problemsOf({ replicas: -1 })).toEqual([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  test('keeps its selector', () => {
    const changed = workload(deploymentKind, { selector: { matchLabels: { app: 'api' } } });
    const errors = deploymentKind.validateUpdate?.(changed, workload(deploymentKind, {}));
    expect(errors?.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"api"}}: field is immutable',
    ]);
  });
});

describe('a StatefulSet', () => {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'a', image: 'b', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    },
  };
  const claim = { metadata: { name: 'data' }, spec: {} };

  test('mounts what it claims for each Pod', () => {
    expect(problemsOf({ template, volumeClaimTemplates: [claim] }, statefulSetKind)).toEqual([]);
    expect(problemsOf({ template }, statefulSetKind)).toEqual([
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ]);
  });
});
