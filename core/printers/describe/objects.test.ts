import { expect, test } from 'vitest';
import type { Secret } from '../../api/generated/core-v1.ts';
import { describeSecret } from './objects.ts';

const password = 'correct-horse-battery-staple';
const base64 = Buffer.from(password).toString('base64');

test('a Secret is described by the sizes of its values, and by no value in any form', () => {
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'vault',
      namespace: 'default',
      annotations: {
        team: 'a',
        // What `kubectl apply` noted has the values once more.
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { password: base64 } }),
      },
    },
    type: 'Opaque',
    data: { password: base64, empty: '', binary: Buffer.from([0, 255, 1]).toString('base64') },
  };
  const lines = describeSecret(secret);
  expect(lines).toEqual([
    'Name:         vault',
    'Namespace:    default',
    'Labels:       <none>',
    'Annotations:  team: a',
    '',
    'Type:  Opaque',
    '',
    'Data',
    '====',
    'binary:    3 bytes',
    'empty:     0 bytes',
    'password:  28 bytes',
  ]);
  for (const value of [password, base64]) expect(lines.join('\n')).not.toContain(value);
});
