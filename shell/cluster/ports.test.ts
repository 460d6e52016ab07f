import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../test/environment/free-port.ts';
import { identify, writePidFile } from '../../core/machinery/process/process-id.ts';
import { portHolder } from './port-holder.ts';
import { describeTaken, replacePorts, takenPorts } from './ports.ts';
import { profileNamed } from './profile.ts';
import type { ProfileState } from './profile.ts';

const [corePort = 0, restPort = 0, etcdPort = 0, etcdPeerPort = 0] = await freePorts(4);
const free = { corePort, restPort, etcdPort, etcdPeerPort };

function stateWith(ports: Partial<ProfileState>): ProfileState {
  const rest = { id: 'x', nodeName: 'dev', runtime: 'simulated', ownsDockerDaemon: false } as const;
  return { ...rest, store: 'etcd', ...free, ...ports };
}

describe('the ports of a cluster that was down', () => {
  let home: string;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'ports-'));
    server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(home, { recursive: true, force: true });
  });

  test('are taken where another process listens, which is named', async () => {
    const [taken, ...others] = await takenPorts(profileNamed('dev', home), stateWith({ etcdPort: port }));
    expect(others).toEqual([]);
    expect(taken).toMatchObject({ name: 'etcdPort', port });
    if (process.platform !== 'linux') return;
    expect(portHolder(port)).toMatch(new RegExp(String.raw`^".+" \(process ${process.pid}\)$`));
    expect(taken === undefined ? '' : describeTaken(taken)).toBe(
      `127.0.0.1:${port}, where this cluster's etcd listens, is taken by ${portHolder(port)}`,
    );
  });

  test('are not taken by what belongs there and runs', async () => {
    const profile = profileNamed('dev', home);
    const itself = identify(process.pid);
    if (itself === undefined) throw new Error('this process cannot be found');
    writePidFile(join(home, 'core.pid'), itself);
    const running = { ...profile, pidFile: () => join(home, 'core.pid') };
    expect(await takenPorts(running, stateWith({ corePort: port }))).toEqual([]);
    expect(await takenPorts(profile, stateWith({ corePort: port }))).toHaveLength(1);
  });

  test("are not looked at where there is no etcd, if they are etcd's", async () => {
    const state = stateWith({ etcdPort: port, store: 'embedded' });
    expect(await takenPorts(profileNamed('dev', home), state)).toEqual([]);
  });

  test('are replaced one by one, never by another port of the same cluster', async () => {
    const state = stateWith({ etcdPort: port, etcdPeerPort: port + 1 });
    const taken = [{ name: 'etcdPort', port, holder: undefined }] as const;
    const replaced = await replacePorts(state, taken);
    expect(replaced.etcdPort).toBeGreaterThan(port + 1);
    expect({ ...replaced, etcdPort: port }).toEqual(state);
  });
});
