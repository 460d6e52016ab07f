import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fortunesGroup } from '../../environment/extension-server.ts';
import { establish, plainDefinition } from '../../custom-resources/definitions.ts';
import { answerTo, overGrpc, overRest } from './asking.ts';
import type { Answer } from './asking.ts';
import { createFrontEnds } from './front-ends.ts';
import type { FrontEnds } from './front-ends.ts';
import { expectedOf, isGranted, isPathGranted, wouldCreate } from './model.ts';
import { gather } from './people.ts';
import type { Identity } from './people.ts';
import { populate, requestsFor, spaces } from './requests.ts';
import type { Request, Stored } from './requests.ts';

/** What everybody asks for: one of each sort. */
const telling = [
  '/pods',
  '/secrets',
  '/namespaces',
  'rbac.authorization.k8s.io/clusterroles',
  'authorization.k8s.io/localsubjectaccessreviews',
  'example.com/widgets',
];
/** What those who may do something ask for besides. */
const more = [
  '/configmaps',
  '/nodes',
  '/serviceaccounts',
  '/persistentvolumes',
  '/bindings',
  'apps/deployments',
  'rbac.authorization.k8s.io/rolebindings',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'certificates.k8s.io/certificatesigningrequests',
  'example.com/zones',
];
const ofAgents = [
  '/services',
  '/events',
  '/endpoints',
  'coordination.k8s.io/leases',
  'storage.k8s.io/csinodes',
];
/** Who ask for everything there is. */
const thorough = ['administrator', 'editor'];

/** Requests under way. A client that is not known asks one by one: it dials anew, and what it asks meanwhile is lost. */
const atOnce = 8;

let ends: FrontEnds;
let people: readonly Identity[];
let stored: Stored;
beforeAll(async () => {
  ends = await createFrontEnds();
  const { api } = ends.rest;
  for (const definition of [widgets(), zones()]) await establish(api, definition);
  people = await gather(ends);
  stored = await populate(ends.rest, api.scheme.all());
});
afterAll(() => ends[Symbol.asyncDispose]());

/** A custom kind with parts, and one of the cluster. */
function widgets() {
  const definition = plainDefinition('widgets');
  const [version] = definition.spec.versions;
  if (version !== undefined)
    version.subresources = {
      status: {},
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    };
  return definition;
}

function zones() {
  const definition = plainDefinition('zones');
  definition.spec.scope = 'Cluster';
  return definition;
}

const names = [
  'administrator',
  'editor',
  'ruler of the team',
  'viewer',
  'admin of the team',
  'auditor',
  'holder of names',
  'holder of parts',
  'patcher',
  'creator',
  'stranger',
  'member of a group',
  'account',
  'impersonator of the editor',
  'pretender',
  'agent of a node',
  'nobody',
  'bearer of a spoilt token',
  'holder of a forged certificate',
];

test('everybody there is asks', () => {
  expect(people.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

test.each(names)(
  'what the %s asks over REST and gRPC is answered as a plain model says, each request with its own answer',
  async (name) => {
    const person = personOf(name);
    const wanted = kindsFor(person);
    const kinds = ends.rest.api.scheme
      .all()
      .filter(({ group, plural }) => wanted === undefined || wanted.includes(`${group}/${plural}`));
    // To the administrator one namespace is as good as another.
    const places = name === 'administrator' ? [spaces[0]] : spaces;
    const waiting = kinds.flatMap((kind) => requestsFor(kind, stored, places)).values();
    const wrong: string[] = [];
    const count = new Map<Answer, number>();
    const worker = async () => {
      for (const request of waiting) {
        const expected = expectedAnswer(person, request);
        count.set(expected, (count.get(expected) ?? 0) + 1);
        const answers = await ask(person, request);
        if (answers.some((answer) => answer !== expected)) {
          const { body: _, ...asked } = request.asked;
          wrong.push(`${JSON.stringify(asked)}: ${answers.join(' and ')}, not ${expected}`);
        }
      }
    };
    await Promise.all(Array.from({ length: person.always === 'unauthorized' ? 1 : atOnce }, worker));
    expect(wrong).toEqual([]);
    // Nobody is all right for having asked nothing.
    const least = person.always ?? (name === 'administrator' ? 'done' : 'forbidden');
    expect(count.get(least)).toBeGreaterThan(50);
    expect(count.get('done') ?? 0).toBeGreaterThanOrEqual(person.holdings.length === 0 ? 0 : 5);
  },
  // Thousands of requests, for seconds of work; a busy machine takes longer.
  240_000,
);

/** Undefined for all. */
function kindsFor({ name, always, expected, holdings }: Identity): readonly string[] | undefined {
  if (thorough.includes(name)) return undefined;
  if (always !== undefined) return ['/pods', 'example.com/zones'];
  if (expected !== undefined) return [...telling, ...more, ...ofAgents];
  return holdings.length === 0 ? telling : [...telling, ...more];
}

function expectedAnswer({ always, expected, holdings }: Identity, request: Request): Answer {
  if (always !== undefined) return always;
  return expected?.(request.asked, request) ?? expectedOf(holdings, request.asked, request);
}

async function ask(person: Identity, { asked, kind, isThere }: Request): Promise<readonly Answer[]> {
  const creates = asked.verb === 'create' || wouldCreate(asked, { kind, isThere });
  return [
    await overRest(ends.rest, asked, person.overRest, creates),
    await overGrpc(person.overGrpc.verbs, asked),
  ];
}

describe('what is no resource', () => {
  const paths: Readonly<Record<string, 'done' | 'nothing'>> = {
    '/': 'done',
    '/api': 'done',
    '/apis': 'done',
    '/apis/apps': 'done',
    '/apis/apps/v1': 'done',
    '/apis/none.example.com': 'nothing',
    '/healthz': 'done',
    '/healthz/ping': 'done',
    '/livez': 'done',
    '/logs': 'nothing',
    '/metrics': 'done',
    '/openapi/v2': 'done',
    '/openapi/v3/apis/apps/v1': 'done',
    '/openid/v1/jwks': 'done',
    '/readyz': 'done',
    '/version': 'done',
    '/.well-known/openid-configuration': 'done',
  };
  /** What is told to whoever shows nothing at all. */
  const open = ['/healthz', '/livez', '/readyz', '/version'];

  test.each(names)('is told the %s as their roles for all of the cluster say', async (name) => {
    const person = personOf(name);
    const { holdings, always, overRest: as, overGrpc: connection } = person;
    const codeFor = (verb: string, path: string) => {
      if (name === 'nobody' && verb === 'get' && open.includes(path)) return 200;
      if (always === 'unauthorized') return name === 'nobody' && open.includes(path) ? 403 : 401;
      if (always === 'forbidden' || !isPathGranted(holdings, verb, path)) return 403;
      if (verb !== 'get') return 405;
      return paths[path] === 'done' ? 200 : 404;
    };
    for (const path of Object.keys(paths)) {
      const { code } = await ends.rest.send('GET', path, as);
      expect({ path, code }).toEqual({ path, code: codeFor('get', path) });
      const posted = await ends.rest.send('POST', path, { ...as, body: '{}' });
      expect({ path, code: posted.code }).toEqual({ path, code: codeFor('post', path) });
    }
    const told = always ?? 'done';
    const { discovery } = connection;
    for (const ask of [
      () => discovery.version({}),
      () => discovery.resources({}),
      () => discovery.openApi({}, 'apis/apps/v1'),
    ])
      expect(await answerTo(ask)).toBe(told);
  });
});

describe("what a user's API server serves", () => {
  const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;

  test.each(names)('is handed on of what the %s asks as their roles say, and nothing else', async (name) => {
    const { holdings, always, overRest: as, overGrpc: connection } = personOf(name);
    for (const namespace of ['default', 'team'])
      for (const verb of verbs) {
        const target = { group: fortunesGroup, version: 'v1alpha1', resource: 'fortunes', namespace };
        const one =
          verb === 'list' || verb === 'create' || verb === 'deletecollection' ? {} : { name: 'good' };
        const writes = verb === 'create' || verb === 'update' || verb === 'patch';
        const body = { kind: 'Fortune', metadata: { name: 'good', namespace } };
        const asked = { ...target, ...one, verb, ...(writes ? { body } : {}) };
        const expected = always ?? (isGranted(holdings, asked) ? 'done' : 'forbidden');
        // The server itself has none elsewhere.
        if (expected === 'done' && namespace !== 'default') continue;
        expect({
          asked,
          rest: await overRest(ends.rest, asked, as, verb === 'create'),
          grpc: await overGrpc(connection.verbs, asked),
        }).toEqual({ asked, rest: expected, grpc: expected });
      }
  });
});

function personOf(name: string): Identity {
  const person = people.find((each) => each.name === name);
  if (person === undefined) throw new Error(`There is no ${name}`);
  return person;
}
