import { describe, expect, test } from 'vitest';
import { fieldValue, withoutFields } from './conflict-fields.ts';

const object = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web', 'app.kubernetes.io/name': 'shop' }, finalizers: ['a', 'b'] },
  spec: {
    replicas: 3,
    containers: [
      { name: 'side', image: 'side:1' },
      { name: 'web', image: 'web:1', ports: [{ containerPort: 80 }, { containerPort: 81, protocol: 'UDP' }] },
    ],
    args: ['x', 'y'],
  },
};

describe('a field that the server names', () => {
  test.each<[string, unknown]>([
    ['.spec.replicas', 3],
    ['.metadata.labels.app', 'web'],
    ['.metadata.labels.app.kubernetes.io/name', 'shop'],
    ['.spec.containers[name="web"].image', 'web:1'],
    ['.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].containerPort', 80],
    ['.spec.containers[name="web"].ports[containerPort=81,protocol="UDP"].protocol', 'UDP'],
    ['.metadata.finalizers[="b"]', 'b'],
    ['.spec.args[1]', 'y'],
    ['.spec.containers[name="gone"].image', undefined],
    ['.spec.replicas.more', undefined],
    ['.spec.args[7]', undefined],
  ])('%s is found in the object', (field, value) => {
    expect(fieldValue(object, field)).toEqual(value);
  });

  test('is left out, and nothing else is', () => {
    const fields = [
      '.spec.containers[name="web"].image',
      '.metadata.labels.app',
      '.metadata.finalizers[="a"]',
    ];
    const left = withoutFields(object, [...fields, '.spec.gone']);
    expect(left.metadata).toEqual({
      name: 'web',
      labels: { 'app.kubernetes.io/name': 'shop' },
      finalizers: ['b'],
    });
    expect(fieldValue(left, '.spec.containers[name="web"]')).not.toHaveProperty('image');
    expect(fieldValue(left, '.spec.containers[name="side"].image')).toBe('side:1');
    expect(object.metadata.labels.app).toBe('web');
  });
});
