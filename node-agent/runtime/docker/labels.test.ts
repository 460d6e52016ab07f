import { expect, test } from 'vitest';
import { callersLabels, containerLabels, dockerName, identityOf, label, sandboxLabels } from './labels.ts';

const pod = { uid: 'u-1', name: 'web-1', namespace: 'shop' };

test('what a sandbox is labelled with says again what it is', () => {
  const labels = sandboxLabels('mine', {
    pod,
    attempt: 2,
    shareProcessNamespace: true,
    labels: { app: 'web' },
  });
  expect(identityOf(labels)).toEqual({ kind: 'sandbox', pod, attempt: 2 });
  expect(labels).toMatchObject({
    [label.owner]: 'mine',
    [label.containerName]: 'POD',
    [label.sharedPids]: 'true',
  });
  expect(callersLabels(labels)).toEqual({ app: 'web' });
});

test("what a container is labelled with says again what it is, whatever the caller's labels claim", () => {
  const lies = { [label.podUid]: 'u-2', [label.owner]: 'theirs', app: 'web' };
  const labels = containerLabels('mine', { id: 's1', pod }, { name: 'main', attempt: 0, labels: lies });
  expect(identityOf(labels)).toEqual({ kind: 'container', pod, attempt: 0, name: 'main', sandboxId: 's1' });
  expect(labels[label.owner]).toBe('mine');
  expect(callersLabels(labels)).toEqual({ app: 'web' });
});

test.each([
  ['no Pod', { [label.type]: 'container' }],
  [
    'no attempt',
    { [label.podUid]: 'u', [label.podName]: 'n', [label.podNamespace]: 's', [label.type]: 'podsandbox' },
  ],
])('labels with %s are not ours', (_, labels) => {
  expect(identityOf(labels)).toBeUndefined();
});

test('names tell owner, Pod and attempt, and hold only what Docker allows', () => {
  expect(dockerName('mine', 'POD', pod, 2)).toBe('k8s_POD_web-1_shop_u-1_2_mine');
  expect(dockerName('a b/c', 'main', pod, 0)).toBe('k8s_main_web-1_shop_u-1_0_a-b-c');
});
