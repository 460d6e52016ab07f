import { describe, expect, test } from 'vitest';
import type { Service } from '../../core/api/generated/core-v1.ts';
import { ipaddresses, services } from '../../core/api/generated/resources.ts';
import type { New } from '../../core/api/object.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';
import { StorageError } from '../../core/storage/storage.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

/** Writes below a prefix, and cannot tell that it has. */
class ForgetfulStore extends MemoryStore {
  readonly #prefix: string;

  constructor(prefix: string) {
    super();
    this.#prefix = prefix;
  }

  override async transact(...[conditions, writes, options]: Parameters<MemoryStore['transact']>) {
    const outcome = await super.transact(conditions, writes, options);
    if (writes.some(({ key }) => key.startsWith(this.#prefix)))
      throw new StorageError('unknown-outcome', 'The reply was lost');
    return outcome;
  }
}

function service(name: string, spec: object = {}): New<Service> {
  const ports = [{ port: 80 }];
  return {
    metadata: { namespace: 'default', name },
    spec: { selector: { app: name }, ports, ...spec },
  };
}

async function taken({ client }: TestApi): Promise<string[]> {
  const { items } = await client.list(ipaddresses);
  return items.map(({ metadata }) => metadata.name ?? '').toSorted();
}

describe('a Service', () => {
  test('is completed and given an address that nobody else has', async () => {
    await using api = await createTestApi();
    const web = await api.client.create(services, service('web'));
    expect(web.spec).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      clusterIP: expect.stringMatching(/^10\.96\.\d+\.\d+$/) as string,
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
    expect(web.spec.clusterIPs).toEqual([web.spec.clusterIP]);
    const [address] = (await api.client.list(ipaddresses)).items;
    expect(address).toMatchObject({
      metadata: { name: web.spec.clusterIP, labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4' } },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
    });
    await expect(
      api.client.create(services, service('other', { clusterIP: web.spec.clusterIP })),
    ).rejects.toThrow(
      `spec.clusterIPs: Invalid value: ["${web.spec.clusterIP}"]: failed to allocate IP ${web.spec.clusterIP}: provided IP is already allocated`,
    );
    await expect(api.client.create(services, service('far', { clusterIP: '10.95.0.1' }))).rejects.toThrow(
      'the provided IP is not in the valid range',
    );
  });

  test('has an address of each family where it asks for both', async () => {
    await using api = await createTestApi();
    const dual = await api.client.create(services, service('dual', { ipFamilyPolicy: 'PreferDualStack' }));
    expect(dual.spec.ipFamilies).toEqual(['IPv4', 'IPv6']);
    expect(dual.spec.clusterIPs).toEqual([dual.spec.clusterIP, expect.stringMatching(/^fd00:10:96::/)]);
    const six = await api.client.create(services, service('six', { ipFamilies: ['IPv6'] }));
    expect(six.spec.clusterIP).toMatch(/^fd00:10:96::/);
    await using four = await createTestApi({ serviceCidrs: ['10.96.0.0/16'] });
    await expect(four.client.create(services, service('six', { ipFamilies: ['IPv6'] }))).rejects.toThrow(
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    );
  });

  test('that is headless or only a name takes no address', async () => {
    await using api = await createTestApi();
    const headless = await api.client.create(services, service('headless', { clusterIP: 'None' }));
    expect(headless.spec.clusterIPs).toEqual(['None']);
    const name = { type: 'ExternalName', externalName: 'example.com', ports: undefined };
    const alias = await api.client.create(services, service('alias', name));
    expect(alias.spec).not.toHaveProperty('clusterIP');
    expect(await taken(api)).toEqual([]);
  });

  test('takes nothing in a dry run, nor when it is refused', async () => {
    await using api = await createTestApi();
    const tried = await api.client.create(services, service('web', { type: 'NodePort' }), { dryRun: true });
    expect(tried.spec.clusterIP).toMatch(/^10\.96\./);
    await api.client.create(services, service('web'));
    await expect(api.client.create(services, service('web'))).rejects.toThrow('already exists');
    expect(await taken(api)).toHaveLength(1);
  });

  test('keeps its address where nobody knows whether it was stored', async () => {
    await using api = await createTestApi({ store: new ForgetfulStore('/registry/core/services/') });
    await expect(api.client.create(services, service('web'))).rejects.toThrow('did not complete');
    const web = await api.client.get(services, { namespace: 'default', name: 'web' });
    expect(await taken(api)).toEqual(web.spec.clusterIPs);
  });

  test('keeps what it was given through updates that leave it out, and gives it up with its type', async () => {
    await using api = await createTestApi();
    const web = await api.client.create(services, service('web', { type: 'NodePort' }));
    const nodePort = web.spec.ports?.[0]?.nodePort;
    expect(nodePort).toBeGreaterThanOrEqual(30_000);
    const updated = await api.client.update(
      services,
      service('web', { type: 'NodePort', selector: { app: 'new' } }) as Service,
    );
    expect(updated.spec).toMatchObject({ clusterIP: web.spec.clusterIP, ports: [{ nodePort }] });
    const plain = await api.client.patch(services, { namespace: 'default', name: 'web' }, 'merge', {
      spec: { type: 'ClusterIP' },
    });
    expect(plain.spec.ports?.[0]).not.toHaveProperty('nodePort');
    await expect(
      api.client.patch(services, { namespace: 'default', name: 'web' }, 'merge', {
        spec: { clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77'] },
      }),
    ).rejects.toThrow('spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set');
  });

  test('never shares a node port, however many are made at once', async () => {
    await using api = await createTestApi();
    const made = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        api.client.create(services, service(`s-${index}`, { type: 'NodePort' })),
      ),
    );
    expect(new Set(made.map(({ spec }) => spec.ports?.[0]?.nodePort)).size).toBe(200);
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(200);
    const used = made[0]?.spec.ports?.[0]?.nodePort;
    const again = service('again', { type: 'NodePort', ports: [{ port: 80, nodePort: used }] });
    await expect(api.client.create(services, again)).rejects.toThrow('provided port is already allocated');
  });

  test('finds the last free address of a small range, and says when there is none', async () => {
    await using api = await createTestApi({ serviceCidrs: ['10.0.0.0/29'] });
    const made = [];
    for (let index = 0; index < 6; index++)
      made.push(await api.client.create(services, service(`s-${index}`)));
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(6);
    await expect(api.client.create(services, service('one-too-many'))).rejects.toThrow('range is full');
  });

  test.for([
    [{ ports: [] }, 'spec.ports: Required value'],
    [{ ports: [{ port: 0 }] }, 'spec.ports[0].port: Invalid value: 0'],
    [{ ports: [{ port: 80 }, { port: 81 }] }, 'spec.ports[0].name: Required value'],
    [{ ports: [{ port: 80, nodePort: 30_000 }] }, "may not be used when `type` is 'ClusterIP'"],
    [{ type: 'Magic' }, 'spec.type: Unsupported value: "Magic"'],
    [{ type: 'ExternalName', ports: undefined }, 'spec.externalName: Required value'],
    [{ ipFamilies: ['IPv4', 'IPv4'] }, 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
    [{ sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }, ''],
    [{ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }, 'The range of valid ports is 30000-32767'],
  ] as const)('with %j is refused: %s', async ([spec, message]) => {
    await using api = await createTestApi();
    const creating = api.client.create(services, service('web', spec));
    if (message === '') await expect(creating).resolves.toBeDefined();
    else await expect(creating).rejects.toThrow(message);
  });
});
