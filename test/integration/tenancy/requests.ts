import { apiVersionOf } from '../../../core/api/resource.ts';
import type { CollectionTarget } from '../../../core/api/verbs.ts';
import type { KindDeclaration } from '../../../core/api/scheme.ts';
import { isStored } from '../../../core/registry/registry.ts';
import { kindSamples, podSpec } from '../../builders/kind-samples.ts';
import type { Members } from '../../builders/kind-samples.ts';
import type { RestApi } from '../../environment/rest.ts';
import { pathOf, verbs } from './asking.ts';
import type { Asked } from './asking.ts';
import type { Addressed } from './model.ts';

/** A request, and what is there to be asked for. */
export type Request = Addressed & { readonly asked: Asked };

const nobody = {
  operations: ['CREATE'],
  apiGroups: ['nobody.example.com'],
  apiVersions: ['v1'],
  resources: ['none'],
};
const webhook = {
  name: 'check.example.com',
  clientConfig: { url: 'https://127.0.0.1:1/check' },
  rules: [nobody],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const basicUser = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:basic-user' };
const sized = { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '10m', memory: '8Mi' } };
const definition = (plural: string, kind: string) => ({
  spec: {
    group: 'tools.example.com',
    scope: 'Namespaced',
    names: { plural, kind },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
});
const service = (version: string) => ({
  spec: {
    group: 'remote.example.com',
    version,
    groupPriorityMinimum: 10,
    versionPriority: 10,
    service: { namespace: 'team', name: 'none' },
  },
});

type Sample = (namespace: string | undefined, isFresh: boolean) => Members;

/** Where the least of a kind would get in the way of others, or of a second object. */
const samples: Readonly<Record<string, Sample>> = {
  '/pods': () => ({
    spec: { containers: podSpec.containers.map((each) => ({ ...each, resources: sized })) },
  }),
  '/events': (namespace) => ({ involvedObject: { namespace } }),
  'events.k8s.io/events': (namespace) => ({
    regarding: { namespace },
    eventTime: '2030-01-01T00:00:00.000000Z',
    reportingController: 'example.com/matrix',
    reportingInstance: 'matrix',
    action: 'Asking',
    reason: 'Asked',
    type: 'Normal',
  }),
  '/resourcequotas': () => ({ spec: { hard: { 'services.loadbalancers': '100' } } }),
  'rbac.authorization.k8s.io/rolebindings': () => ({ roleRef: basicUser }),
  'rbac.authorization.k8s.io/clusterrolebindings': () => ({ roleRef: basicUser }),
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': () => ({ webhooks: [webhook] }),
  'admissionregistration.k8s.io/validatingwebhookconfigurations': () => ({ webhooks: [webhook] }),
  'apiextensions.k8s.io/customresourcedefinitions': (_namespace, isFresh) =>
    isFresh ? definition('saws', 'Saw') : definition('hammers', 'Hammer'),
  'apiregistration.k8s.io/apiservices': (_namespace, isFresh) => service(isFresh ? 'v2' : 'v1'),
  'example.com/widgets': () => ({ spec: { replicas: 1 } }),
  'authorization.k8s.io/selfsubjectaccessreviews': () => ({
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  'authorization.k8s.io/selfsubjectrulesreviews': () => ({ spec: { namespace: 'team' } }),
  'authorization.k8s.io/subjectaccessreviews': () => ({
    spec: { user: 'kim', resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  'authorization.k8s.io/localsubjectaccessreviews': (namespace) => ({
    spec: { user: 'kim', resourceAttributes: { namespace, verb: 'get', resource: 'pods' } },
  }),
  'authentication.k8s.io/tokenreviews': () => ({ spec: { token: 'nobody' } }),
  '/bindings': () => ({ metadata: { name: 'present' }, target: { kind: 'Node', name: 'present' } }),
};

/** Names that are no matter of taste: what is there, and what is not. */
const names: Readonly<Record<string, readonly [present: string, fresh: string]>> = {
  'apiextensions.k8s.io/customresourcedefinitions': ['hammers.tools.example.com', 'saws.tools.example.com'],
  'apiregistration.k8s.io/apiservices': ['v1.remote.example.com', 'v2.remote.example.com'],
  'networking.k8s.io/ipaddresses': ['10.0.0.1', '10.0.0.2'],
  '/namespaces': ['team', 'absent'],
};

/** In one of them most people have something, in the other few. */
export const spaces = ['team', 'other'] as const;

/** What is made at an object and is no form of it. */
const partBodies: Readonly<Record<string, Members>> = {
  binding: { apiVersion: 'v1', kind: 'Binding', target: { kind: 'Node', name: 'present' } },
  eviction: { apiVersion: 'policy/v1', kind: 'Eviction' },
  token: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } },
};

const labels = { seen: 'by-the-matrix' };
const debugging = { ephemeralContainers: [{ name: 'debug', image: 'debug:1' }] };
/** What is changed of a part; of what is none here, its labels. */
const changes: Readonly<Record<string, Members>> = {
  scale: { spec: { replicas: 2 } },
  ephemeralcontainers: { spec: debugging },
  resize: {},
};

const idOf = ({ group, plural }: KindDeclaration) => `${group}/${plural}`;
const namesOf = (kind: KindDeclaration) => names[idOf(kind)] ?? ['present', 'absent'];

function sampleOf(kind: KindDeclaration, namespace: string | undefined, isFresh: boolean): Members {
  const own = samples[idOf(kind)];
  return own === undefined ? (kindSamples[idOf(kind)]?.given ?? {}) : own(namespace, isFresh);
}

function objectOf(
  kind: KindDeclaration,
  namespace: string | undefined,
  name: string,
  isFresh: boolean,
): Members {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, ...sampleOf(kind, namespace, isFresh) };
}

/** Objects and their parts as they are stored, by path. */
export type Stored = ReadonlyMap<string, Members>;

/** Makes one object of every kind, in every namespace that is asked about. */
export async function populate(rest: RestApi, kinds: readonly KindDeclaration[]): Promise<Stored> {
  const stored = new Map<string, Members>();
  const send = async (method: string, path: string, body?: Members) => {
    const answer = await rest.send(method, path, {
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.code >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
    return answer.json() as Members;
  };
  for (const kind of kinds.filter(isStored)) {
    const { group, version, plural: resource, namespaced } = kind;
    const [present] = namesOf(kind);
    for (const space of spaces) {
      const namespace = namespaced ? space : undefined;
      const name = idOf(kind) === '/namespaces' ? space : present;
      const where = { group, version, resource, ...(namespace === undefined ? {} : { namespace }) };
      const one = pathOf({ ...where, name });
      const there = await rest.send('GET', one);
      if (there.code === 404) await send('POST', pathOf(where), objectOf(kind, namespace, name, false));
      for (const [subresource, { verbs: served }] of [
        ['', kind],
        ...Object.entries(kind.subresources ?? {}),
      ] as const)
        if (served.includes('get') && !isStream(kind, subresource)) {
          const path = subresource === '' ? one : `${one}/${subresource}`;
          stored.set(path, await send('GET', path));
        }
    }
  }
  return stored;
}

/** What is asked for in other ways (bypass.test.ts). */
function isStream({ subresources = {} }: KindDeclaration, subresource: string): boolean {
  return subresource === 'log' || subresources[subresource]?.connect === true;
}

const collections: ReadonlySet<string> = new Set(['list', 'watch', 'create', 'deletecollection']);

/** Every request of a kind: its verbs and its parts', here, elsewhere and everywhere, of what is there and what is not. */
export function requestsFor(
  kind: KindDeclaration,
  stored: Stored,
  places: readonly string[] = spaces,
): Request[] {
  const { group, version, plural: resource, namespaced } = kind;
  const target = { group, version, resource };
  const asked = namespaced
    ? [
        ...places.flatMap((namespace) => ofPlace(kind, { ...target, namespace }, namesOf(kind))),
        ...everywhere(target),
      ]
    : [
        ...ofPlace(kind, target, idOf(kind) === '/namespaces' ? [...spaces, 'absent'] : namesOf(kind)),
        ...inNamespace(kind),
      ];
  return asked.map((each) => {
    const path = each.name === undefined ? '' : pathOf({ ...each, subresource: undefined });
    return { asked: { ...each, body: bodyFor(kind, each, stored) }, kind, isThere: stored.has(path) };
  });
}

function ofPlace(kind: KindDeclaration, target: CollectionTarget, objects: readonly string[]): Asked[] {
  const [present = ''] = objects;
  const parts = Object.keys(kind.subresources ?? {}).filter((part) => !isStream(kind, part));
  return [
    ...verbs.flatMap((verb): Asked[] =>
      collections.has(verb) ? [{ ...target, verb }] : objects.map((name) => ({ ...target, verb, name })),
    ),
    ...parts.flatMap((subresource) => [
      ...(['get', 'create', 'update', 'patch'] as const).map((verb) => ({
        ...target,
        verb,
        name: present,
        subresource,
      })),
      ...objects.slice(1).map((name) => ({ ...target, verb: 'get', name, subresource }) as const),
    ]),
    { ...target, verb: 'get', name: present, subresource: 'unheard-of' },
  ];
}

/** What is in a namespace, asked for without one. */
function everywhere(target: CollectionTarget): Asked[] {
  return verbs.map((verb) =>
    collections.has(verb) ? { ...target, verb } : { ...target, verb, name: 'present' },
  );
}

/** What is in no namespace, asked for in one. A namespace's own address reads as one in a namespace. */
function inNamespace(kind: KindDeclaration): Asked[] {
  if (idOf(kind) === '/namespaces') return [];
  const { group, version, plural: resource } = kind;
  return everywhere({ group, version, resource, namespace: 'team' });
}

function bodyFor(kind: KindDeclaration, asked: Asked, stored: Stored): Members | undefined {
  const { verb, namespace, name, subresource } = asked;
  const [present, fresh] = namesOf(kind);
  const made = (given: string) => objectOf(kind, namespace, given, given === fresh);
  switch (verb) {
    case 'create':
      if (subresource === undefined) return made(fresh);
      return { ...partBodies[subresource], metadata: { name, namespace } };
    case 'update': {
      const there = stored.get(pathOf({ ...asked, name: present }));
      if (there === undefined) return made(name ?? fresh);
      if (name === present || stored.has(pathOf(asked)))
        return withChange(stored.get(pathOf(asked)) ?? there, subresource);
      if (kind.createOnUpdate === true && subresource === undefined && name !== undefined) return made(name);
      return { ...there, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
    }
    case 'patch':
      return subresource === undefined
        ? { metadata: { labels } }
        : (changes[subresource] ?? { metadata: { labels } });
    case 'apply': {
      if (name !== fresh)
        return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, labels } };
      return made(fresh);
    }
    default:
      return undefined;
  }
}

function withChange(object: Members, subresource: string | undefined): Members {
  const spec = object['spec'] as Members | undefined;
  if (subresource === 'ephemeralcontainers') return { ...object, spec: { ...spec, ...debugging } };
  if (subresource === 'scale') return { ...object, spec: { ...spec, replicas: 2 } };
  const metadata = object['metadata'] as Members & { readonly labels?: Members };
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
}
