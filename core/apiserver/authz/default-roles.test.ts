import { describe, expect, test } from 'vitest';
import type { PolicyRule } from '../../api/generated/rbac-v1.ts';
import { createScheme } from '../../api/kinds/scheme.ts';
import { defaultBindings, defaultRoles } from './default-roles.ts';
import { upstreamRoles } from '../../../test/golden/upstream-roles.ts';

/** What one role grants, each grant a line of its own: rules may be cut differently and still say the same. */
function granted(rules: readonly PolicyRule[]): string[] {
  const lines = rules.flatMap(({ verbs, apiGroups, resources, nonResourceURLs, resourceNames }) =>
    (nonResourceURLs === undefined ? (apiGroups ?? []) : ['urls']).flatMap((group) =>
      (nonResourceURLs ?? resources ?? []).flatMap((what) =>
        verbs.flatMap((verb) =>
          (resourceNames ?? ['']).map((name) => `${group || 'core'}: ${what}: ${verb}: ${name}`),
        ),
      ),
    ),
  );
  return [...new Set(lines)].toSorted();
}

function parse(text: string): PolicyRule[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [groups = '', what = '', verbs = '', names] = line.trim().split(': ');
    const common = { verbs: verbs.split(' '), ...(names === undefined ? {} : { resourceNames: [names] }) };
    if (groups === 'urls') return { ...common, nonResourceURLs: what.split(' ') };
    return { ...common, apiGroups: groups.split(','), resources: what.split(' ') };
  });
}

const servedResources = new Set(
  createScheme()
    .all()
    .map(({ group, plural }) => `${group || 'core'}: ${plural}`),
);

/** Parts of upstream's roles that ours do not have, and why. */
const leftOut: readonly { readonly why: string; readonly begins: RegExp }[] = [
  { why: 'the group went with 1.22', begins: /^extensions: / },
  {
    why: 'dynamic resource allocation is not served',
    begins: /^(resource\.k8s\.io|core: pods\/finalizers): /,
  },
  {
    why: 'leaders are not coordinated: one core is one',
    begins: /^coordination\.k8s\.io: leasecandidates: /,
  },
  {
    why: 'behind feature gates that are off, and not served',
    begins: /^certificates\.k8s\.io: (clustertrustbundles|podcertificaterequests): /,
  },
  { why: 'pages of alpha features that are not served', begins: /^urls: \/(flagz|statusz): / },
];
const rolesLeftOut: Readonly<Record<string, string>> = {
  'system:heapster': 'heapster has been retired since 2018',
  'system:cluster-trust-bundle-discovery': 'ClusterTrustBundles are not served',
};

describe('the default roles', () => {
  test('are those of upstream, without the ones that are left out', () => {
    const wanted = Object.keys(upstreamRoles).filter((name) => !(name in rolesLeftOut));
    expect(defaultRoles.map(({ name }) => name).toSorted()).toEqual(wanted.toSorted());
  });

  test.each(defaultRoles)('$name grants what upstream grants, and nothing else', ({ name, rules }) => {
    const wanted = granted(parse(upstreamRoles[name] ?? ''));
    const kept = wanted.filter((line) => !leftOut.some(({ begins }) => begins.test(line)));
    expect(granted(rules)).toEqual(kept);
  });

  test.each(leftOut)('leave nothing out that is served: $why', ({ begins }) => {
    const lines = Object.values(upstreamRoles).flatMap((text) => granted(parse(text)));
    const matching = lines.filter((line) => begins.test(line));
    expect(matching).not.toEqual([]);
    const resources = matching.map((line) => line.split(': ').slice(0, 2).join(': '));
    expect(resources.filter((resource) => servedResources.has(resource))).toEqual([]);
  });

  test('gather by upstream’s labels', () => {
    const key = (to: string) => `rbac.authorization.k8s.io/aggregate-to-${to}`;
    const gathering = defaultRoles.flatMap(({ name, aggregationRule }) =>
      aggregationRule === undefined ? [] : [[name, aggregationRule]],
    );
    expect(gathering).toEqual(
      ['admin', 'edit', 'view'].map((to) => [
        to,
        { clusterRoleSelectors: [{ matchLabels: { [key(to)]: 'true' } }] },
      ]),
    );
    const labelled = defaultRoles.flatMap(({ name, labels }) =>
      Object.entries(labels ?? {}).map(([label, value]) => `${name}: ${label}=${value}`),
    );
    expect(labelled.toSorted()).toEqual([
      `edit: ${key('admin')}=true`,
      `system:aggregate-to-admin: ${key('admin')}=true`,
      `system:aggregate-to-edit: ${key('edit')}=true`,
      `system:aggregate-to-view: ${key('view')}=true`,
      `view: ${key('edit')}=true`,
    ]);
  });

  test('are bound as upstream’s, and as machines that join need', () => {
    const certificates = 'system:certificates.k8s.io:certificatesigningrequests';
    const bound = defaultBindings.map(([role, kind, names]) => `${role}: ${kind} ${names.join(' ')}`.trim());
    expect(bound.toSorted()).toEqual(
      [
        'cluster-admin: Group system:masters',
        'system:monitoring: Group system:monitoring',
        'system:discovery: Group system:authenticated',
        'system:basic-user: Group system:authenticated',
        'system:public-info-viewer: Group system:authenticated system:unauthenticated',
        'system:node-proxier: User system:kube-proxy',
        'system:kube-controller-manager: User system:kube-controller-manager',
        'system:kube-scheduler: User system:kube-scheduler',
        'system:volume-scheduler: User system:kube-scheduler',
        'system:node: Group',
        'system:service-account-issuer-discovery: Group system:serviceaccounts',
        // Upstream's kubeadm makes these; its binding of system:kube-dns is left out, as there is no cluster DNS.
        'system:node-bootstrapper: Group system:bootstrappers',
        `${certificates}:nodeclient: Group system:bootstrappers`,
        `${certificates}:selfnodeclient: Group system:nodes`,
      ].toSorted(),
    );
  });
});
