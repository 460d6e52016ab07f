import { beforeEach, describe, expect, test } from 'vitest';
import { notFound } from '../../api/errors.ts';
import type { Encoded, Verbs, WatchEvent } from '../../api/verbs.ts';
import { seededRandom } from '../../machinery/random.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { Auditor } from './auditor.ts';
import { defaultPolicy } from './default-policy.ts';
import type { AuditEvent } from './event.ts';
import { ownUsers, ownVerbs } from './own-verbs.ts';
import { readPolicy } from './policy.ts';
import type { AuditPolicy } from './policy.ts';
import { trackedVerbs } from './tracked-verbs.ts';

const pods = { group: '', version: 'v1', resource: 'pods', namespace: 'default' };
const web = { ...pods, name: 'web' };
const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-x7', namespace: 'default' } };
const encoded: Encoded = { object, bytes: Buffer.from(JSON.stringify(object)), resourceVersion: '1' };
const everything = (level: string, more: object = {}) =>
  readPolicy({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level, ...more }],
  });

let events: AuditEvent[] = [];
beforeEach(() => (events = []));

function audited(policy: AuditPolicy, more: Partial<Verbs> = {}): Verbs {
  const auditor = new Auditor({
    policy,
    sink: { process: (event) => void events.push(event) },
    clock: new SteppedClock(),
    random: seededRandom(1),
  });
  const verbs = {
    get: () => Promise.resolve(encoded),
    create: () => Promise.resolve(encoded),
    delete: () => Promise.reject(notFound({ group: '', plural: 'pods' }, 'web')),
    ...more,
  } as unknown as Verbs;
  return ownVerbs(trackedVerbs(verbs), auditor, ownUsers.controllers);
}

const told = () =>
  events.map(
    ({ stage, level, user, attributes, named, responseStatus }) =>
      `${user?.name} ${attributes.verb} ${attributes.uri} ${named?.name ?? ''}: ${stage} ${level} ${responseStatus?.code}`,
  );

describe('what a part of core does', () => {
  test('is noted under its name, with what came of it', async () => {
    const verbs = audited(everything('Metadata'));
    await verbs.create({}, pods, { kind: 'object', object: { ...object, metadata: {} } });
    await expect(verbs.delete({}, web)).rejects.toThrow('not found');
    const who = 'system:kube-controller-manager';
    expect(told()).toEqual([
      `${who} create /api/v1/namespaces/default/pods web-x7: ResponseComplete Metadata 201`,
      `${who} delete /api/v1/namespaces/default/pods/web web: ResponseComplete Metadata 404`,
    ]);
  });

  test('is noted with its body where the policy wants that', async () => {
    const verbs = audited(everything('RequestResponse'));
    await verbs.create({}, pods, { kind: 'object', object: { ...object, metadata: {} } });
    expect(events[0]?.requestBody?.read()).toMatchObject({ kind: 'Pod' });
    expect(events[0]?.responseBody?.read()).toMatchObject({ metadata: { name: 'web-x7' } });
  });

  test('is left out where a rule about its name says so, and then told to nobody', async () => {
    let tracker: unknown = 'unset';
    const verbs = audited(everything('None', { users: ['system:kube-controller-manager'] }), {
      get: (call) => {
        ({ tracker } = call);
        return Promise.resolve(encoded);
      },
    });
    await verbs.get({}, web);
    expect(events).toEqual([]);
    expect(tracker).toBeUndefined();
  });

  test('is not noted twice where a front end follows it already', async () => {
    const verbs = audited(everything('Metadata'));
    const tracker = { wantsResponse: false } as never;
    await verbs.get({ tracker }, web);
    expect(events).toEqual([]);
  });

  test('is told of at both ends where it is a watch', async () => {
    const watch = async function* (): AsyncGenerator<readonly WatchEvent[]> {
      yield [];
      await Promise.resolve();
    };
    const verbs = audited(everything('Metadata'), { watch });
    for await (const _ of verbs.watch({}, pods, {})) expect(events.length).toBeLessThan(2);
    expect(events.map(({ stage }) => stage)).toEqual(['ResponseStarted', 'ResponseComplete']);
    expect(events[0]?.attributes.uri).toBe('/api/v1/namespaces/default/pods?watch=true');
  });

  test('has a stage of its own where the server fails, without what the failure quotes', async () => {
    const verbs = audited(everything('Metadata'), {
      get: () => Promise.reject(new TypeError('hunter2 is not a function')),
    });
    await expect(verbs.get({}, web)).rejects.toThrow(TypeError);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      stage: 'Panic',
      responseStatus: {
        code: 500,
        reason: 'InternalError',
        status: 'Failure',
        message: `APIServer panic'd: TypeError`,
      },
    });
  });

  test('is by default noted where it makes or removes something, and not what it does all the time', async () => {
    const verbs = audited(defaultPolicy, { update: () => Promise.resolve(encoded) });
    const body = { kind: 'object', object } as const;
    await verbs.get({}, web);
    await verbs.create({}, { ...web, subresource: 'binding' }, body);
    await verbs.update({}, { ...web, subresource: 'status' }, body);
    await verbs.update({}, { ...web, group: 'coordination.k8s.io', resource: 'leases' }, body);
    expect(told()).toEqual([]);
    await verbs.create({}, pods, body);
    expect(events.map(({ level }) => level)).toEqual(['Metadata']);
  });
});
