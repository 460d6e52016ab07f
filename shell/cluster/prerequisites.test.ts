import { describe, expect, test } from 'vitest';
import { planCluster } from './prerequisites.ts';
import type { Host } from './prerequisites.ts';
import type { ProfileState } from './profile.ts';

const bareDebian: Host = { root: true, apt: true, etcd: false, dockerAnswers: false, dockerd: false };
const laptop: Host = { root: false, apt: false, etcd: false, dockerAnswers: false, dockerd: false };
const state: ProfileState = {
  id: 'wheelhouse-bcdfghjk',
  store: 'embedded',
  runtime: 'simulated',
  nodeName: 'wheelhouse',
  corePort: 1,
  restPort: 4,
  etcdPort: 2,
  etcdPeerPort: 3,
  ownsDockerDaemon: false,
};

describe('planCluster()', () => {
  test('installs etcd and Docker on a bare Debian as root', () => {
    expect(planCluster(bareDebian, undefined, {})).toEqual({
      store: 'etcd',
      runtime: 'docker',
      packages: ['etcd-server', 'docker.io'],
      startDocker: true,
      compromises: [],
    });
  });

  test('installs nothing that is there', () => {
    const plan = planCluster({ ...bareDebian, etcd: true, dockerAnswers: true }, undefined, {});
    expect(plan).toMatchObject({ packages: [], startDocker: false });
  });

  test('does without both where nothing may be installed, and says so', () => {
    const plan = planCluster(laptop, undefined, {});
    expect(plan).toMatchObject({ store: 'embedded', runtime: 'simulated', packages: [] });
    expect(plan.compromises).toEqual([
      expect.stringContaining('embedded store is used instead of etcd: "etcd" is not on the PATH'),
      expect.stringContaining('nothing really runs: no Docker daemon answers'),
    ]);
  });

  test('names the command that would help somebody who is not root on Debian', () => {
    const { compromises } = planCluster({ ...laptop, apt: true }, undefined, {});
    expect(compromises[0]).toContain('as root, run "apt-get install etcd-server"');
  });

  test('says that only root may start a Docker that is installed', () => {
    const { compromises } = planCluster({ ...laptop, etcd: true, dockerd: true }, undefined, {});
    expect(compromises).toEqual([expect.stringContaining('only root may start "dockerd"')]);
  });

  test('never changes a cluster that exists, however much became possible meanwhile', () => {
    expect(planCluster(bareDebian, state, {})).toMatchObject({
      store: 'embedded',
      runtime: 'simulated',
      packages: [],
    });
    expect(() => planCluster(bareDebian, state, { store: 'etcd' })).toThrow('Cannot change the store');
  });

  test('refuses what was asked for and cannot be had', () => {
    expect(() => planCluster(laptop, undefined, { store: 'etcd' })).toThrow('Cannot use etcd');
    expect(() => planCluster(laptop, undefined, { runtime: 'docker' })).toThrow('Cannot use Docker');
  });
});
