import { expect, test } from 'vitest';
import { configmaps, secrets } from '../../core/api/generated/resources.ts';
import { detachedSignature } from '../../core/controllers/bootstrap-signer/signature.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { ControlPlane } from './control-plane.ts';

const name = { namespace: 'kube-public', name: 'cluster-info' };
const hidden = '0123456789abcdef';

function token(id: string, more: Readonly<Record<string, string>> = {}) {
  const text = { 'token-id': id, 'token-secret': hidden, 'usage-bootstrap-signing': 'true', ...more };
  return {
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: text,
  };
}

test('what the cluster is reached by is published, and signed by every token that may', async () => {
  const listeners: (() => void)[] = [];
  const root = {
    bundle: Buffer.from('first'),
    onReplaced: (listener: () => void) => void listeners.push(listener),
  };
  const settings = { server: 'https://127.0.0.1:6443', rootCertificates: root };
  await using plane = await ControlPlane.start({ nodes: 0, settings });
  const { client, clock } = plane;
  const data = async () => (await client.get(configmaps, name)).data ?? {};
  const kubeconfig = async () => (await data())['kubeconfig'] ?? '';
  await expectEventually(clock, async () => expect(await kubeconfig()).toContain('https://127.0.0.1:6443'));
  expect(await kubeconfig()).toContain(Buffer.from('first').toString('base64'));

  const inAnHour = new Date(clock.now() + 3_600_000).toISOString();
  await client.create(secrets, token('aaaaaa'));
  await client.create(secrets, token('bbbbbb', { expiration: inAnHour }));
  await client.create(secrets, token('cccccc', { 'usage-bootstrap-signing': 'false' }));
  await client.create(secrets, token('dddddd', { 'token-id': 'eeeeee' }));
  const signatures = async () =>
    Object.keys(await data())
      .filter((key) => key.startsWith('jws-'))
      .toSorted();
  const both = ['jws-kubeconfig-aaaaaa', 'jws-kubeconfig-bbbbbb'];
  await expectEventually(clock, async () => expect(await signatures()).toEqual(both));
  const signed = async () => {
    const { kubeconfig: content = '', 'jws-kubeconfig-aaaaaa': signature } = await data();
    expect(signature).toBe(detachedSignature(content, { id: 'aaaaaa', secret: hidden }));
  };
  await signed();

  // A new authority is published, and signed anew.
  Object.assign(root, { bundle: Buffer.from('second') });
  for (const listener of listeners) listener();
  const second = Buffer.from('second').toString('base64');
  await expectEventually(clock, async () => {
    expect(await kubeconfig()).toContain(second);
    await signed();
  });
  // A token that ends signs no longer.
  await clock.advanceAsync(3_600_000);
  await expectEventually(clock, async () => expect(await signatures()).toEqual(['jws-kubeconfig-aaaaaa']));
  // What somebody wrote and wants to keep is signed, and stays.
  const own = {
    metadata: { annotations: { 'wheelhouse.dev/autoupdate': 'false' } },
    data: { kubeconfig: 'own' },
  };
  await client.patch(configmaps, name, 'merge', own);
  await expectEventually(clock, async () => {
    expect(await kubeconfig()).toBe('own');
    await signed();
  });
});
