import { describe, expect, test } from 'vitest';
import { podKind } from '../kinds/core.ts';
import type { KubernetesObject, Mutable } from '../object.ts';
import { normalize } from './normalize.ts';

type Members = Record<string, unknown>;

/** What is wrong with a Pod as a user would write it, one line each. */
function problemsOf(spec: Members): string[] {
  return podKind.validate?.(pod(spec)).map(({ field, message }) => `${field}: ${message}`) ?? [];
}

function updateProblems(spec: Members, old: Members): string[] {
  return (
    podKind.validateUpdate?.(pod(spec), pod(old)).map(({ field, message }) => `${field}: ${message}`) ?? []
  );
}

function pod(spec: Members): Mutable<KubernetesObject> {
  const manifest = { metadata: { name: 'web', namespace: 'default' }, spec };
  const object = normalize(podKind.schema, manifest).value as unknown as Mutable<KubernetesObject>;
  podKind.applyDefaults?.(object);
  return object;
}

const main = { name: 'main', image: 'web:1' };

function container(members: Members): Members {
  return { containers: [{ ...main, ...members }] };
}

describe('a Pod', () => {
  test('is fine with a container that has a name and an image', () => {
    expect(problemsOf(container({}))).toEqual([]);
  });

  test('needs containers, each with a name of its own and an image', () => {
    expect(problemsOf({})).toEqual(['spec.containers: Required value']);
    expect(problemsOf({ containers: [{}] })).toEqual([
      'spec.containers[0].name: Required value',
      'spec.containers[0].image: Required value',
    ]);
    expect(problemsOf({ containers: [main, main] })).toEqual([
      'spec.containers[1].name: Duplicate value: "main"',
    ]);
    expect(problemsOf(container({ name: 'Main' }))[0]).toMatch(
      /^spec\.containers\[0\]\.name: Invalid value: "Main": a lowercase RFC 1123 label must consist of/,
    );
  });

  test('has policies from closed sets', () => {
    expect(problemsOf({ ...container({}), restartPolicy: 'Sometimes' })).toEqual([
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ]);
    expect(problemsOf(container({ imagePullPolicy: 'Maybe' }))).toEqual([
      'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    ]);
  });

  test('asks for no more than it may use', () => {
    const resources = { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '1500m', memory: '1024Mi' } };
    expect(problemsOf(container({ resources }))).toEqual([
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m',
    ]);
    expect(problemsOf(container({ resources: { limits: { cpu: '-1' } } }))).toContain(
      'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    );
    expect(problemsOf(container({ resources: { limits: { 'example.com/gpu': '500m' } } }))).toContain(
      'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer',
    );
  });

  test('takes variables from one source each, and from fields there are', () => {
    const env = [
      { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'B', valueFrom: {} },
      { name: 'C', valueFrom: { fieldRef: { fieldPath: 'metadata.colour' } } },
      { name: 'D', valueFrom: { configMapKeyRef: { name: 'settings' } } },
      { name: 'E', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'F', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
    ];
    expect(problemsOf(container({ env }))).toEqual([
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[1].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.colour": error converting fieldPath: field label not supported: metadata.colour',
      'spec.containers[0].env[3].valueFrom.configMapKeyRef.key: Required value',
      expect.stringMatching(/env\[5\]\.valueFrom\.fieldRef\.fieldPath: Unsupported value: "metadata.labels"/),
    ]);
  });

  test('mounts volumes that it has, each in a place of its own', () => {
    const spec = {
      containers: [
        {
          ...main,
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'data', mountPath: '/data' },
            { name: 'lost', mountPath: '/lost', subPath: '../etc' },
          ],
        },
      ],
      volumes: [{ name: 'data' }, { name: 'data', emptyDir: {}, hostPath: { path: '/x' } }],
    };
    expect(problemsOf(spec)).toEqual([
      'spec.volumes[1].hostPath: Forbidden: may not specify more than 1 volume type',
      'spec.volumes[1].name: Duplicate value: "data"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/data": must be unique',
      'spec.containers[0].volumeMounts[2].name: Not found: "lost"',
      'spec.containers[0].volumeMounts[2].subPath: Invalid value: "../etc": must not contain \'..\'',
    ]);
  });

  test('probes in one way, and knows after one success that it lives', () => {
    expect(
      problemsOf(
        container({
          livenessProbe: { httpGet: { port: 0 }, successThreshold: 2 },
          readinessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 'web' } },
          startupProbe: {},
        }),
      ),
    ).toEqual([
      'spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
      'spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].startupProbe: Required value: must specify a handler type',
    ]);
  });

  test('tolerates taints by key, or all of them', () => {
    const tolerations = [
      { operator: 'Equal' },
      { key: 'a', operator: 'Exists', value: 'b', tolerationSeconds: 1 },
    ];
    expect(problemsOf({ ...container({}), tolerations })).toEqual([
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.tolerations[1].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
      'spec.tolerations[1].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
    ]);
  });

  test('that exists may get another image and more tolerations, nothing else', () => {
    expect(updateProblems(container({ image: 'web:2' }), container({}))).toEqual(
      // The pull policy was defaulted for the old tag and stays.
      [],
    );
    const moved = updateProblems({ ...container({}), nodeName: 'b' }, { ...container({}), nodeName: 'a' });
    expect(moved).toEqual([
      expect.stringMatching(/^spec: Forbidden: pod updates may not change fields other than/),
    ]);
    expect(moved[0]).toContain('spec.nodeName: "a" -> "b"');
    expect(updateProblems({ containers: [main, { name: 'b', image: 'b' }] }, container({}))).toEqual([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ]);
  });
});
