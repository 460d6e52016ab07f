import { expect, test } from 'vitest';
import { AdmissionChain } from '../../admission/chain.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../../admission/chain.ts';
import { forbidden } from '../../api/errors.ts';
import { createScheme } from '../../api/kinds/scheme.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { createContainerStreams } from './container-streams.ts';
import { connectAdmission } from './connect-admission.ts';

const target = { resource: 'pods', namespace: 'default', name: 'web', subresource: 'exec' } as const;

function admitting(plugin: Omit<AdmissionPlugin, 'name' | 'handles'>) {
  const chain = new AdmissionChain([{ name: 'Test', handles: () => true, ...plugin }]);
  return connectAdmission(chain, createScheme());
}

test('a connection is seen as the options of upstream, which may be changed', async () => {
  const seen: AdmissionRequest[] = [];
  const admit = admitting({
    mutate(request) {
      seen.push(request);
      Object.assign(request.object ?? {}, { container: 'other' });
    },
  });
  const options = await admit({ user: { name: 'ann', groups: [] } }, target, {
    command: ['ls'],
    container: 'main',
  });
  expect(options).toMatchObject({ command: ['ls'], container: 'other' });
  expect(seen[0]).toMatchObject({
    operation: 'CONNECT',
    subresource: 'exec',
    name: 'web',
    namespace: 'default',
    user: { name: 'ann' },
    object: { kind: 'PodExecOptions', apiVersion: 'v1', command: ['ls'] },
    view: { body: { kind: 'PodExecOptions' } },
  });
});

test('whatever reaches into a Pod, a Service or a node can be refused', async () => {
  await using api = await createTestApi();
  const refused: string[] = [];
  const admit = admitting({
    validate({ declaration, name, subresource }) {
      refused.push(`${declaration.plural}/${subresource}`);
      throw forbidden(declaration, name, 'no');
    },
  });
  const hub = { open: () => Promise.reject(new Error('nobody may come this far')) };
  const streams = createContainerStreams({ verbs: api.verbs, hub, admit });
  const spec = { nodeName: 'node', containers: [{ name: 'main', image: 'x' }] };
  await api.verbs.create(
    {},
    { group: '', version: 'v1', resource: 'pods', namespace: 'default' },
    {
      kind: 'object',
      object: { metadata: { name: 'web' }, spec },
    },
  );
  const web = { namespace: 'default', name: 'web' };
  const process = { stdin: false, tty: false, command: ['ls'] };
  const attempts = [
    streams.exec({}, web, process),
    streams.attach({}, web, process),
    streams.portForward({}, web, 80),
    streams.openPortForward({}, web, []),
    streams.proxy({}, { resource: 'pods', ...web, port: '' }, 'get'),
    streams.proxy({}, { resource: 'services', ...web, port: '' }, 'get'),
    streams.proxy({}, { resource: 'nodes', namespace: undefined, name: 'node', port: '' }, 'get'),
  ];
  for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ reason: 'Forbidden' });
  expect(refused.toSorted()).toEqual([
    'nodes/proxy',
    'pods/attach',
    'pods/exec',
    'pods/portforward',
    'pods/portforward',
    'pods/proxy',
    'services/proxy',
  ]);
});
