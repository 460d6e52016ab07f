import { expect, test } from 'vitest';
import { clusterrolebindings, clusterroles, rolebindings, roles } from '../../api/generated/resources.ts';
import { randomBelow } from '../../machinery/random.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { settle } from '../../../test/expectations/eventually.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';
const verbs = ['get', 'list', 'create', 'delete'];
const resources = ['pods', 'pods/log', 'secrets', 'secrets/log'];
const namespaces = [undefined, 'default', 'kube-system'];
const names = [undefined, 'a', 'b'];

/** What a rule grants, worked out one by one: slow and plain, to compare with. */
function granted(
  rules: readonly { verbs: string[]; resources: string[]; names: string[] }[],
  verb: string,
  resource: string,
  name: string | undefined,
): boolean {
  return rules.some(
    (rule) =>
      rule.verbs.some((wanted) => wanted === '*' || wanted === verb) &&
      rule.resources.some((wanted) => {
        if (wanted === '*') return true;
        const [kind, part] = wanted.split('/');
        return kind === '*' ? part === resource.split('/')[1] : wanted === resource;
      }) &&
      (rule.names.length === 0 || (name !== undefined && rule.names.includes(name))),
  );
}

test('every verb on every resource by everybody is decided as a plain model decides', async () => {
  await using api = await createTestApi({ rbac: true });
  const { client, random } = api;
  const pick = <T>(from: readonly T[]): T => from[randomBelow(random, from.length)] as T;
  const roleSets = Array.from({ length: 24 }, (_, index) => ({
    name: `role-${index}`,
    rules: Array.from({ length: 1 + (index % 2) }, () => ({
      verbs: [pick([...verbs, '*'])],
      resources: [pick([...resources, '*', '*/log'])],
      names: pick([[], [], ['a'], ['b']]),
    })),
  }));
  const users = ['ann', 'bob', 'system:serviceaccount:default:bot'];
  const groups = ['red', 'blue'];
  const held: { who: string; namespace: string | undefined; role: (typeof roleSets)[number] }[] = [];
  for (const [index, role] of roleSets.entries()) {
    const namespace = namespaces[index % namespaces.length];
    const rules = role.rules.map((rule) => ({
      verbs: rule.verbs,
      apiGroups: [''],
      resources: rule.resources,
      resourceNames: rule.names,
    }));
    const local = namespace !== undefined && index % 2 === 0;
    const metadata = { name: role.name };
    if (local)
      await client.create(roles, { apiVersion, kind: 'Role', metadata: { ...metadata, namespace }, rules });
    else await client.create(clusterroles, { apiVersion, kind: 'ClusterRole', metadata, rules });
    const who = pick([...users, ...groups]);
    const subject = groups.includes(who)
      ? { kind: 'Group', apiGroup, name: who }
      : who.startsWith('system:')
        ? { kind: 'ServiceAccount', name: 'bot', namespace: 'default' }
        : { kind: 'User', apiGroup, name: who };
    const roleRef = { apiGroup, kind: local ? 'Role' : 'ClusterRole', name: role.name };
    const common = { apiVersion, roleRef, subjects: [subject] };
    if (namespace === undefined)
      await client.create(clusterrolebindings, { ...common, kind: 'ClusterRoleBinding', metadata });
    else
      await client.create(rolebindings, {
        ...common,
        kind: 'RoleBinding',
        metadata: { ...metadata, namespace },
      });
    held.push({ who, namespace, role });
  }
  await settle(50);
  const wrong: string[] = [];
  let allowedOnes = 0;
  for (const user of users)
    for (const group of groups)
      for (const verb of verbs)
        for (const target of resources)
          for (const namespace of namespaces)
            for (const name of names) {
              const mine = held.filter(
                ({ who, namespace: where }) =>
                  (who === user || who === group) && (where === undefined || where === namespace),
              );
              const expected = mine.some(({ role }) => granted(role.rules, verb, target, name));
              const [resource = '', subresource] = target.split('/');
              const request = { group: '', version: 'v1', verb, resource, subresource, namespace, name };
              const { allowed } = await api.api.authorizer.authorize({
                ...request,
                user: { name: user, groups: [group] },
              });
              if (allowed) allowedOnes += 1;
              if (allowed !== expected)
                wrong.push(`${user}/${group} ${verb} ${target} ${name} in ${namespace}: ${allowed}`);
            }
  expect(wrong).toEqual([]);
  expect(allowedOnes).toBeGreaterThan(50);
});
