import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KindDeclaration } from '../../../core/api/scheme.ts';
import { createFrontEnds } from './front-ends.ts';
import type { Asked, FrontEnds } from './front-ends.ts';
import { isGranted } from './model.ts';
import type { Holding } from './model.ts';

/** `edit` is what these two make together; its own rules are put together by a controller. */
const edit = ['system:aggregate-to-edit', 'system:aggregate-to-view'];
const people: Readonly<Record<string, readonly Holding[]>> = {
  editor: edit.map((role) => ({ role, namespace: 'team' })),
  viewer: [{ role: 'system:aggregate-to-view', namespace: 'team' }],
  auditor: [{ role: 'system:aggregate-to-view' }],
  stranger: [],
};
/** Everybody asks for these; the editor for everything there is. */
const telling = [
  '/pods',
  '/secrets',
  '/configmaps',
  '/namespaces',
  '/nodes',
  '/serviceaccounts',
  '/persistentvolumes',
  'apps/deployments',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'certificates.k8s.io/certificatesigningrequests',
];
const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const atOnce = 8;

let ends: FrontEnds;
beforeAll(async () => {
  ends = await createFrontEnds();
});
afterAll(() => ends[Symbol.asyncDispose]());

/** Every request of a kind: its verbs and its subresources', here, elsewhere and everywhere. */
function requestsFor(kind: KindDeclaration): Asked[] {
  const { group, version, plural: resource, namespaced } = kind;
  const where = namespaced ? [{ namespace: 'team' }, { namespace: 'other' }, {}] : [{}];
  const names = group === '' && resource === 'namespaces' ? ['team', 'other'] : ['absent'];
  return where.flatMap((place) => {
    const target = { group, version, resource, ...place };
    const collection = ['list', 'watch', 'create', 'deletecollection'];
    const whole = verbs.flatMap((verb): Asked[] =>
      collection.includes(verb) ? [{ ...target, verb }] : names.map((name) => ({ ...target, verb, name })),
    );
    // An object is in a namespace or it is not: REST has no path for anything else.
    if (namespaced && !('namespace' in place)) return whole.filter(({ name }) => name === undefined);
    const parts = Object.entries(kind.subresources ?? {}).filter(
      ([name, fact]) => fact.connect !== true && name !== 'log',
    );
    return [
      ...whole,
      ...parts.flatMap(([subresource]) =>
        ['get', 'create', 'update', 'patch'].flatMap((verb) =>
          names.map((name): Asked => ({ ...target, verb, name, subresource })),
        ),
      ),
    ];
  });
}

test.each(Object.keys(people))(
  'whole requests of the %s are let in over REST and gRPC as a plain model says, and no others',
  async (name) => {
    const holdings = people[name] ?? [];
    const person = await ends.person(name, ...holdings);
    const kinds = ends.rest.api.scheme
      .all()
      .filter(({ group, plural }) => name === 'editor' || telling.includes(`${group}/${plural}`));
    const waiting = kinds.flatMap(requestsFor).values();
    const wrong: string[] = [];
    const count = { allowed: 0, forbidden: 0 };
    const worker = async () => {
      for (const asked of waiting) {
        const expected = isGranted(holdings, asked) ? 'allowed' : 'forbidden';
        count[expected]++;
        const answers = [await ends.overRest(person, asked), await ends.overGrpc(person, asked)];
        if (answers.some((answer) => answer !== expected))
          wrong.push(`${JSON.stringify(asked)}: ${answers.join(' and ')}, not ${expected}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    expect(wrong).toEqual([]);
    expect(count.forbidden).toBeGreaterThan(100);
    expect(count.allowed).toBeGreaterThan(name === 'editor' ? 100 : 0);
  },
  // Thousands of requests, for a second or two of work; a busy machine takes longer.
  120_000,
);
