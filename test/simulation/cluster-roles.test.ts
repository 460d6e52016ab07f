import { expect, test } from 'vitest';
import type { PolicyRule } from '../../core/api/generated/rbac-v1.ts';
import { clusterroles } from '../../core/api/generated/resources.ts';
import { bootstrapPolicy } from '../../core/apiserver/authz/bootstrap-policy.ts';
import { defaultRoles } from '../../core/apiserver/authz/default-roles.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { ControlPlane } from './control-plane.ts';

const toEdit = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' };
const widgets = (...verbs: string[]): PolicyRule => ({
  apiGroups: ['example.com'],
  resources: ['widgets'],
  verbs,
});

test('edit, and through it admin, follow a labelled role as it comes, changes and goes; view does not', async () => {
  await using plane = await ControlPlane.start({ nodes: 0 });
  const { client, clock } = plane;
  await bootstrapPolicy(plane.testApi.api.verbs);
  const rulesOf = async (name: string) => (await client.get(clusterroles, { name })).rules ?? [];
  const own = (name: string) => defaultRoles.find((role) => role.name === name)?.rules ?? [];
  const inView = own('system:aggregate-to-view');
  const inEdit = [...own('system:aggregate-to-edit'), ...inView];
  const inAdmin = [...own('system:aggregate-to-admin'), ...inEdit];
  const settled = (...extra: PolicyRule[]) =>
    expectEventually(clock, async () => {
      expect(new Set(await rulesOf('view'))).toEqual(new Set(inView));
      expect(new Set(await rulesOf('edit'))).toEqual(new Set([...inEdit, ...extra]));
      expect(new Set(await rulesOf('admin'))).toEqual(new Set([...inAdmin, ...extra]));
    });
  await settled();

  const name = 'widgets-editor';
  await client.create(clusterroles, { metadata: { name, labels: toEdit }, rules: [widgets('get')] });
  await settled(widgets('get'));

  const changed = { rules: [widgets('get', 'update'), widgets('delete')] };
  await client.patch(clusterroles, { name }, 'merge', changed);
  await settled(widgets('get', 'update'), widgets('delete'));

  // Without its label it belongs to nobody, and with it again to both.
  const labelled = (value: 'true' | null) => ({
    metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': value } },
  });
  await client.patch(clusterroles, { name }, 'merge', labelled(null));
  await settled();
  await client.patch(clusterroles, { name }, 'merge', labelled('true'));
  await settled(...changed.rules);

  // What somebody writes into a role that gathers is put right.
  await client.patch(clusterroles, { name: 'edit' }, 'merge', { rules: [widgets('*')] });
  await settled(...changed.rules);

  await client.delete(clusterroles, { name });
  await settled();
});
