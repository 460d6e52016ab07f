import { describe, expect, test } from 'vitest';
import { pod } from '../../test/builders/pod.ts';
import { hostNetworkHostsFile, hostPorts, hostsFile, podDns, podHostname } from './pod-network.ts';

const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' };
const web = pod().named('web').inNamespace('shop');

describe('podHostname', () => {
  test.each([
    ['the name', web, 'web', ''],
    ['63 characters of a long name', web.named(`${'a'.repeat(62)}-${'b'.repeat(50)}`), 'a'.repeat(62), ''],
    ['what is asked for', web.withSpec({ hostname: 'db-0' }), 'db-0', ''],
    [
      'a name in its subdomain',
      web.withSpec({ hostname: 'db-0', subdomain: 'db' }),
      'db-0',
      'db.shop.svc.cluster.local',
    ],
  ])('is %s', (_, builder, hostname, domain) => {
    expect(podHostname(builder.build(), 'cluster.local')).toEqual({ hostname, domain });
  });
});

describe('podDns', () => {
  const searches = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
  test('asks the cluster first', () => {
    expect(podDns(web.build(), cluster)).toEqual({ servers: ['10.96.0.10'], searches, options: ['ndots:5'] });
  });
  test('is the node one on the host network, without a cluster DNS, and by policy', () => {
    expect(podDns(web.withSpec({ hostNetwork: true }).build(), cluster)).toBeUndefined();
    expect(podDns(web.build(), undefined)).toBeUndefined();
    expect(podDns(web.withSpec({ dnsPolicy: 'Default' }).build(), cluster)).toBeUndefined();
  });
  test('is the cluster one on the host network when asked for', () => {
    const spec = { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } as const;
    expect(podDns(web.withSpec(spec).build(), cluster)?.servers).toEqual(['10.96.0.10']);
  });
  test('takes what the Pod adds, its options over the usual ones', () => {
    const dnsConfig = {
      nameservers: ['1.1.1.1'],
      searches: ['example.com', 'cluster.local'],
      options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
    };
    expect(podDns(web.withSpec({ dnsConfig }).build(), cluster)).toEqual({
      servers: ['10.96.0.10', '1.1.1.1'],
      searches: [...searches, 'example.com'],
      options: ['ndots:2', 'rotate'],
    });
    expect(podDns(web.withSpec({ dnsPolicy: 'None', dnsConfig }).build(), cluster)?.servers).toEqual([
      '1.1.1.1',
    ]);
  });
});

describe('the hosts file', () => {
  test('names the Pod at each of its addresses, and its aliases', () => {
    const aliased = web.withSpec({ hostAliases: [{ ip: '10.9.8.7', hostnames: ['a', 'b'] }] }).build();
    const lines = hostsFile(aliased, ['10.0.0.7', 'fd00::7'], { hostname: 'web', domain: 'x.svc' }).split(
      '\n',
    );
    expect(lines).toContain('10.0.0.7\tweb.x.svc\tweb');
    expect(lines).toContain('fd00::7\tweb.x.svc\tweb');
    expect(lines).toContain('10.9.8.7\ta\tb');
    expect(lines[0]).toBe('# Kubernetes-managed hosts file.');
  });
  test('is the node one on the host network', () => {
    expect(hostNetworkHostsFile(web.build(), '127.0.0.1 localhost\n')).toBe(
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n',
    );
  });
});

test('hostPorts are those of containers and sidecars, none on the host network', () => {
  const port = (hostPort: number) => [{ containerPort: 80, hostPort }];
  const ported = web
    .exposingHostPort(8080)
    .withInitContainer({ name: 'mesh', restartPolicy: 'Always', ports: port(15_000) })
    .withInitContainer({ name: 'once', ports: port(9) });
  expect(hostPorts(ported.build()).map(({ hostPort }) => hostPort)).toEqual([15_000, 8080]);
  expect(hostPorts(ported.withSpec({ hostNetwork: true }).build())).toEqual([]);
});
