import { describe, expect, test } from 'vitest';
import type { Container } from '../../core/api/generated/core-v1.ts';
import { containerNamed, sandboxWith } from '../../test/builders/observed.ts';
import { pod } from '../../test/builders/pod.ts';
import type { ProbeResults } from '../probes/probe-results.ts';
import { labels } from './labels.ts';
import { observePod } from './observed-pod.ts';
import { computeActions, isSettled, type PodActions } from './pod-actions.ts';
import { containerSpecHash } from './spec-hash.ts';

const noProbes: ProbeResults = {
  liveness: () => undefined,
  readiness: () => undefined,
  startup: () => undefined,
};

function init(name: string, more: Partial<Container> = {}): Container {
  return { name, image: `${name}:1`, ...more };
}

function sidecar(name: string, more: Partial<Container> = {}): Container {
  return init(name, { restartPolicy: 'Always', ...more });
}

/** The actions in one line, such as "sandbox 0, init a". */
function told(actions: PodActions): string {
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(' ');
  return [
    actions.killPod ? 'kill pod' : '',
    actions.createSandbox === undefined ? '' : `sandbox ${actions.createSandbox}`,
    ...actions.containersToKill.map(({ container, reason }) => `kill ${container.status.name} ${reason}`),
    names(actions.initContainersToStart) && `init ${names(actions.initContainersToStart)}`,
    names(actions.ephemeralContainersToStart) && `debug ${names(actions.ephemeralContainersToStart)}`,
    names(actions.containersToStart) && `start ${names(actions.containersToStart)}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

const web = pod();
const two = web.withContainer({ name: 'log', image: 'log:1' });
const withInits = web.withInitContainer(init('a')).withInitContainer(init('b'));
const withSidecar = web
  .withInitContainer(init('a'))
  .withInitContainer(sidecar('mesh'))
  .withInitContainer(init('b'));
const gone = { state: 'not-ready', ips: [] } as const;

describe('computeActions', () => {
  test.each([
    ['a new Pod gets a sandbox and its containers', two, [], 'sandbox 0, start main log'],
    ['what runs is left alone', two, [sandboxWith([containerNamed(), containerNamed('log')])], ''],
    ['a missing container is started', two, [sandboxWith([containerNamed()])], 'start log'],
    ['an ended one is started again', web, [sandboxWith([containerNamed().exited(0)])], 'start main'],
    [
      'OnFailure starts a failed one again',
      web.withSpec({ restartPolicy: 'OnFailure' }),
      [sandboxWith([containerNamed().exited(1)])],
      'start main',
    ],
    [
      'OnFailure ends with success',
      web.withSpec({ restartPolicy: 'OnFailure' }),
      [sandboxWith([containerNamed().exited(0)])],
      'kill pod',
    ],
    [
      'Never ends with any end',
      web.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([containerNamed().exited(1)])],
      'kill pod',
    ],
    [
      'one of two that still runs keeps a Pod that never restarts',
      two.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([containerNamed().exited(1), containerNamed('log')])],
      '',
    ],
    [
      'one that could not start is tried again',
      web,
      [sandboxWith([containerNamed().failedToStart()])],
      'start main',
    ],
    [
      'one that could not start ends a Pod that never restarts',
      web.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([containerNamed().failedToStart()])],
      'kill pod',
    ],
    [
      'one that was made but not started is started',
      web,
      [sandboxWith([containerNamed().created()])],
      'start main',
    ],
    [
      'a lost sandbox is replaced and all containers start',
      two,
      [sandboxWith([containerNamed().exited(137), containerNamed('log').exited(0)], gone)],
      'kill pod, sandbox 1, start main log',
    ],
    [
      'OnFailure does not repeat what had succeeded when the sandbox was lost',
      two.withSpec({ restartPolicy: 'OnFailure' }),
      [sandboxWith([containerNamed().exited(137), containerNamed('log').exited(0)], gone)],
      'kill pod, sandbox 1, start main',
    ],
    [
      'Never does not come back from a lost sandbox',
      web.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([containerNamed().exited(137)], gone)],
      'kill pod',
    ],
    [
      'Never still gets its first containers when the sandbox is lost before',
      web.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([], gone)],
      'kill pod, sandbox 1, start main',
    ],
    [
      'a debug container starts beside what runs, once',
      web.withSpec({ ephemeralContainers: [{ name: 'debug', image: 'debug:1' }] }),
      [sandboxWith([containerNamed()])],
      'debug debug',
    ],
    [
      'a debug container that ended stays ended',
      web.withSpec({ ephemeralContainers: [{ name: 'debug', image: 'debug:1' }] }),
      [sandboxWith([containerNamed(), containerNamed('debug').exited(0)])],
      '',
    ],
    ['init containers come first', withInits, [], 'sandbox 0, init a'],
    ['one after the other', withInits, [sandboxWith([containerNamed('a')])], ''],
    ['the next follows success', withInits, [sandboxWith([containerNamed('a').exited(0)])], 'init b'],
    ['a failed one is repeated', withInits, [sandboxWith([containerNamed('a').exited(1)])], 'init a'],
    [
      'a failed one ends a Pod that never restarts',
      withInits.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([containerNamed('a').exited(1)])],
      'kill pod',
    ],
    [
      'the last one lets the containers start',
      withInits,
      [sandboxWith([containerNamed('b').exited(0)])],
      'start main',
    ],
    [
      'initialization is not repeated while the sandbox lives',
      withInits,
      [sandboxWith([containerNamed()])],
      '',
    ],
    [
      'a new sandbox is initialized anew',
      withInits,
      [
        sandboxWith([], { attempt: 1 }),
        sandboxWith(
          [containerNamed('a').exited(0), containerNamed('b').exited(0), containerNamed().exited(137)],
          gone,
        ),
      ],
      'init a',
    ],
    [
      'a running sidecar lets the next init container start',
      withSidecar,
      [sandboxWith([containerNamed('a').exited(0), containerNamed('mesh')])],
      'init b',
    ],
    [
      'an ended sidecar comes back during initialization',
      withSidecar,
      [sandboxWith([containerNamed('mesh').exited(0), containerNamed('b')])],
      'init mesh',
    ],
    [
      'an ended sidecar comes back beside the containers',
      withSidecar,
      [sandboxWith([containerNamed('mesh').exited(0), containerNamed()])],
      'init mesh',
    ],
    [
      'sidecars alone do not keep a Pod',
      withSidecar.withSpec({ restartPolicy: 'Never' }),
      [sandboxWith([containerNamed('mesh'), containerNamed().exited(0)])],
      'kill pod',
    ],
  ])('%s', (_, builder, sandboxes, expected) => {
    expect(told(computeActions(builder.build(), observePod(sandboxes), noProbes))).toBe(expected);
  });

  test('a sidecar with a startup probe holds the next one back until it has started', () => {
    const probed = web
      .withInitContainer(sidecar('mesh', { startupProbe: {} }))
      .withInitContainer(init('b'))
      .build();
    const observed = observePod([sandboxWith([containerNamed('mesh')])]);
    const starting = computeActions(probed, observed, noProbes);
    const started = computeActions(probed, observed, { ...noProbes, startup: () => 'success' });
    expect([told(starting), told(started)]).toEqual(['', 'init b']);
  });

  test.each([
    ['liveness', 'Always', 'kill main liveness, start main'],
    ['startup', 'Always', 'kill main startup, start main'],
    ['liveness', 'Never', 'kill main liveness'],
  ] as const)('a failed %s probe with %s: %s', (kind, restartPolicy, expected) => {
    const observed = observePod([sandboxWith([containerNamed(), containerNamed('log')])]);
    const failing = { ...noProbes, [kind]: (id: string) => (id === 'main-0' ? 'failure' : undefined) };
    const actions = computeActions(two.withSpec({ restartPolicy }).build(), observed, failing);
    expect(told(actions)).toBe(expected);
  });

  test('says whether what is killed will be back', () => {
    const observed = observePod([sandboxWith([containerNamed()])]);
    const [kill] = computeActions(web.build(), observed, {
      ...noProbes,
      liveness: () => 'failure',
    }).containersToKill;
    expect(kill?.message).toBe('Container main failed liveness probe, will be restarted');
  });

  test('a new image restarts its container and no other, whatever the policy', () => {
    const spec = two.withSpec({ restartPolicy: 'Never' });
    const [main, log] = spec.build().spec.containers as [Container, Container];
    const hash = (container: Container) => ({ [labels.specHash]: containerSpecHash(container) });
    const observed = observePod([
      sandboxWith([containerNamed().labelled(hash(main)), containerNamed('log').labelled(hash(log))]),
    ]);
    expect(isSettled(computeActions(spec.build(), observed, noProbes))).toBe(true);
    const changed = computeActions(spec.running('main:2').build(), observed, noProbes);
    expect(told(changed)).toBe('kill main changed, start main');
  });

  test('a restart rule overrides a Pod that never restarts for the exit codes it names', () => {
    const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
    const ruled = web
      .withSpec({
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'main:1', restartPolicyRules: rules }],
      })
      .build();
    const ended = (code: number) =>
      told(computeActions(ruled, observePod([sandboxWith([containerNamed().exited(code)])]), noProbes));
    expect([ended(42), ended(1)]).toEqual(['start main', 'kill pod']);
  });

  test('a Pod that is being deleted starts nothing', () => {
    const actions = computeActions(web.terminating().build(), observePod([sandboxWith([])]), noProbes);
    expect(actions.containersToStart).toEqual([]);
  });
});
