import { describe as group, expect, test } from 'vitest';
import type { Container, PodSpec } from '../../api/generated/core-v1.ts';
import { describe, violationsOf } from './evaluate.ts';
import type { Level } from './policy.ts';

const main: Container = { name: 'a', image: 'a' };

/** A container that violates nothing. */
const tame: Container = {
  ...main,
  securityContext: {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

function said(
  level: Level,
  spec: Partial<PodSpec>,
  { minor = Infinity, annotations = {} }: { minor?: number; annotations?: Record<string, string> } = {},
): string {
  const pod = { metadata: { annotations }, spec: { containers: [main], ...spec } };
  return describe(violationsOf({ level, minor }, pod));
}

const withContext = (securityContext: Container['securityContext'], name = 'a'): Container => ({
  ...main,
  name,
  securityContext,
});

group('a Pod without wishes', () => {
  test('is of the baseline', () => {
    expect(said('baseline', {})).toBe('');
  });

  test('is not restricted, and learns everything that it must say', () => {
    expect(said('restricted', {})).toBe(
      'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  test('violates nothing where everything is allowed', () => {
    expect(said('privileged', { hostPID: true })).toBe('');
  });
});

group('the baseline refuses', () => {
  const two = (context: Container['securityContext']) => ({
    initContainers: [withContext(context, 'i')],
    containers: [withContext(context)],
  });
  const cases: readonly (readonly [string, Partial<PodSpec>, string])[] = [
    [
      'namespaces of the node',
      { hostIPC: true, hostNetwork: true, hostPID: true },
      'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)',
    ],
    [
      'volumes of the node',
      {
        volumes: [
          { name: 'v', hostPath: { path: '/' } },
          { name: 'w', emptyDir: {} },
        ],
      },
      'hostPath volumes (volume "v")',
    ],
    [
      'ports of the node',
      { containers: [{ ...main, ports: [9, 10].map((hostPort) => ({ containerPort: 1, hostPort })) }] },
      'hostPort (container "a" uses hostPorts 10, 9)',
    ],
    [
      'probes that go elsewhere',
      {
        containers: [
          {
            ...main,
            livenessProbe: { httpGet: { port: 1, host: 'h' } },
            lifecycle: { preStop: { tcpSocket: { port: 1, host: 'g' } } },
          },
        ],
      },
      'probe or lifecycle host (container "a" uses probe or lifecycle hosts "g", "h")',
    ],
    [
      'privileged containers, those that start first too',
      two({ privileged: true }),
      'privileged (containers "i", "a" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities beyond those of a runtime',
      two({ capabilities: { add: ['NET_RAW', 'CHOWN', 'BPF'] } }),
      'non-default capabilities (containers "i", "a" must not include "BPF", "NET_RAW" in securityContext.capabilities.add)',
    ],
    [
      'an unmasked /proc',
      two({ procMount: 'Unmasked' }),
      'procMount (containers "i", "a" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      'other SELinux types, users and roles',
      {
        securityContext: { seLinuxOptions: { type: 't', user: 'u' } },
        ...two({ seLinuxOptions: { role: 'r' } }),
      },
      'seLinuxOptions (pod and containers "i", "a" set forbidden securityContext.seLinuxOptions: type "t"; user may not be set; role may not be set)',
    ],
    [
      'no seccomp profile',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'no AppArmor profile',
      { containers: [withContext({ appArmorProfile: { type: 'Unconfined' } })] },
      'forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      'sysctls of the whole node',
      {
        securityContext: {
          sysctls: ['kernel.msgmax', 'net.ipv4.tcp_rmem', 'vm.x'].map((name) => ({ name, value: '1' })),
        },
      },
      'forbidden sysctls (kernel.msgmax, vm.x)',
    ],
    [
      'processes of the node on Windows',
      {
        securityContext: { windowsOptions: { hostProcess: true } },
        containers: [withContext({ windowsOptions: { hostProcess: true } })],
      },
      'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      'what is added to look around',
      { ephemeralContainers: [{ name: 'debug', securityContext: { privileged: true } }] },
      'privileged (container "debug" must not set securityContext.privileged=true)',
    ],
  ];
  test.each(cases)('%s', (_name, spec, expected) => {
    expect(said('baseline', spec)).toBe(expected);
    // What is more than the baseline is more than restricted.
    expect(said('restricted', spec)).not.toBe('');
  });

  test('AppArmor annotations that choose none', () => {
    const prefix = 'container.apparmor.security.beta.kubernetes.io/';
    const annotations = { [`${prefix}a`]: 'unconfined', [`${prefix}b`]: 'localhost/x', [`${prefix}c`]: 'no' };
    expect(said('baseline', {}, { annotations })).toBe(
      `forbidden AppArmor profiles (annotations must not set AppArmor profile type to "${prefix}a="unconfined"", "${prefix}c="no"")`,
    );
  });
});

group('the restricted level', () => {
  test('lets in what says all of it, for the Pod or for each container', () => {
    expect(said('restricted', { containers: [tame] })).toBe('');
    const { runAsNonRoot: _run, seccompProfile, ...context } = tame.securityContext ?? {};
    const securityContext = { runAsNonRoot: true, ...(seccompProfile && { seccompProfile }) };
    expect(said('restricted', { securityContext, containers: [withContext(context)] })).toBe('');
  });

  test.each([
    [
      'root, said outright',
      { securityContext: { runAsNonRoot: false, runAsUser: 0 } },
      'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
    ],
    [
      'capabilities but one',
      {
        containers: [
          withContext({
            ...tame.securityContext,
            capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] },
          }),
        ],
      },
      'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    [
      'volumes of other kinds',
      {
        volumes: [
          { name: 'h', hostPath: { path: '/' } },
          { name: 'n', nfs: { server: 's', path: '/' } },
          { name: 'i', image: { reference: 'r' } },
          { name: 's', secret: { secretName: 's' } },
        ],
      },
      'restricted volume types (volumes "h", "n", "i" use restricted volume types "hostPath", "nfs", "unknown")',
    ],
  ] as const)('refuses %s', (_name, spec, expected) => {
    expect(said('restricted', { containers: [tame], ...(spec as Partial<PodSpec>) })).toBe(expected);
  });

  test('asks Windows only for what Windows has', () => {
    const context = { runAsNonRoot: true };
    const windows = { os: { name: 'windows' as const }, containers: [withContext(context)] };
    expect(said('restricted', windows)).toBe('');
    expect(said('restricted', windows, { minor: 24 })).toContain('allowPrivilegeEscalation != false');
    expect(said('restricted', { ...windows, containers: [main] })).toBe(
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
    );
  });

  test('lets root be root where it is nobody on the node', () => {
    const { runAsNonRoot: _run, ...context } = tame.securityContext ?? {};
    const spec = { hostUsers: false, containers: [withContext({ ...context, runAsUser: 0 })] };
    expect(said('restricted', spec)).toBe('');
    expect(said('restricted', spec, { minor: 34 })).toContain('runAsUser=0');
    const unmasked = { hostUsers: false, containers: [withContext({ procMount: 'Unmasked' })] };
    expect(said('baseline', unmasked)).toBe('');
    expect(said('restricted', unmasked)).toContain('procMount');
  });
});

group('an older version', () => {
  test('asks what was asked then', () => {
    expect(said('restricted', {}, { minor: 0 })).toBe(
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
    );
    expect(said('restricted', {}, { minor: 8 })).toContain('allowPrivilegeEscalation');
    expect(said('restricted', {}, { minor: 19 })).toContain('seccompProfile');
    expect(said('restricted', {}, { minor: 19 })).not.toContain('capabilities');
    const sysctl = (name: string) => ({ securityContext: { sysctls: [{ name, value: '1' }] } });
    expect(said('baseline', sysctl('net.ipv4.tcp_rmem'), { minor: 31 })).toContain('forbidden sysctls');
    expect(said('baseline', sysctl('net.ipv4.ip_local_reserved_ports'), { minor: 27 })).toBe('');
    const engine = { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } };
    expect(said('baseline', engine, { minor: 30 })).toContain('seLinuxOptions');
    expect(said('baseline', engine, { minor: 31 })).toBe('');
  });

  test('reads the annotations of its time', () => {
    const key = 'seccomp.security.alpha.kubernetes.io/pod';
    const annotations = { [key]: 'unconfined', [`container.${key.replace('pod', 'a')}`]: 'docker/default' };
    expect(said('baseline', {}, { minor: 18, annotations })).toBe(
      `seccompProfile (forbidden annotation ${key}="unconfined")`,
    );
    expect(said('baseline', {}, { annotations })).toBe('');
  });
});
