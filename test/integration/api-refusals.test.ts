import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { apiVersionOf } from '../../core/api/resource.ts';
import type { KindDeclaration } from '../../core/api/scheme.ts';
import type { Body, CollectionTarget, Encoded } from '../../core/api/verbs.ts';
import { applyMergePatch } from '../../core/machinery/patch/merge-patch.ts';
import { isStored } from '../../core/registry/registry.ts';
import { kindRefusals } from '../builders/kind-refusals/index.ts';
import type { Refusal } from '../builders/kind-refusals/refusal.ts';
import { kindSamples } from '../builders/kind-samples.ts';
import type { Members } from '../builders/kind-samples.ts';
import { createTestApi } from '../environment/api.ts';
import type { TestApi } from '../environment/api.ts';

let api: TestApi;

beforeAll(async () => {
  // Definitions are stored as they are: what a test says of their state stands.
  api = await createTestApi({ customResources: false });
});

afterAll(() => api.close());

interface Kept {
  readonly target: CollectionTarget;
  readonly name: string;
  readonly object: Members;
}

/** The sample of a kind with what is laid over it, ready to be sent. */
function sampleOf(resource: string, ...changes: readonly Members[]): Kept {
  const kind = api.scheme.all().find((other) => isStored(other) && nameOf(other) === resource);
  const sample = kindSamples[resource];
  if (kind === undefined || sample === undefined) throw new Error(`There is no sample of ${resource}`);
  const { group, version, plural, namespaced } = kind;
  const name = sample.name ?? 'web';
  const start = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name }, ...sample.given };
  return {
    target: { group, version, resource: plural, ...(namespaced ? { namespace: 'default' } : {}) },
    name,
    object: merged(start, changes),
  };
}

function nameOf({ group, plural }: KindDeclaration): string {
  return `${group}/${plural}`;
}

function merged(object: unknown, changes: readonly Members[]): Members {
  return changes.reduce<unknown>((merging, change) => applyMergePatch(merging, change), object) as Members;
}

function asBody(object: unknown): Body {
  return { kind: 'bytes', contentType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
}

/** The code and the causes of a refusal, each as "field: message". */
async function refusalOf(writing: Promise<unknown>): Promise<{ code: number; causes: readonly string[] }> {
  const refused: unknown = await writing.then(
    () => new Error('Nothing was refused'),
    (error: unknown) => error,
  );
  if (!(refused instanceof StatusError)) throw refused;
  const causes = refused.status.details?.causes ?? [];
  return { code: refused.code, causes: causes.map(({ field, message }) => `${field}: ${message}`) };
}

const creates = Object.entries(kindRefusals).flatMap(([resource, { create }]) =>
  typeof create === 'string' ? [] : create.map((refusal) => [resource, ...refusal] as const),
);

const updates = Object.entries(kindRefusals).flatMap(([resource, { update }]) =>
  typeof update === 'string' ? [] : update.map((refusal) => [resource, ...refusal] as const),
);

const statusWrites = Object.entries(kindRefusals).flatMap(([resource, { writeStatus = [] }]) =>
  writeStatus.map((refusal) => [resource, ...refusal] as const),
);

describe('an object is refused', () => {
  test.each(creates)('%s %j for %s', async (resource, change, field, message) => {
    const { target, object } = sampleOf(resource, change);
    const refused = await refusalOf(
      api.verbs.create({}, target, asBody(object), { fieldValidation: 'Strict' }),
    );
    expect(refused).toEqual({ code: 422, causes: [`${field}: ${message}`] });
  });
});

/** The stored sample of a kind; changes that are refused leave it as it is, so one does for all of them. */
async function store(resource: string): Promise<Encoded> {
  const { given = {}, status } = kindRefusals[resource] ?? {};
  const { target, name, object } = sampleOf(resource, given);
  const created = await api.verbs.create({}, target, asBody(object), { fieldValidation: 'Strict' });
  if (status === undefined) return created;
  const place = { ...target, name, subresource: 'status' };
  return api.verbs.update({}, place, asBody(merged(created.object, [{ status }])));
}

const known = new Map<string, Promise<Encoded>>();

async function expectRefused(
  resource: string,
  subresource: '' | 'status',
  [change, field, message]: Refusal,
) {
  const storing = known.get(resource) ?? store(resource);
  known.set(resource, storing);
  const stored = await storing;
  const { target, name } = sampleOf(resource);
  const place = { ...target, name };
  const changed = asBody(merged(stored.object, [change]));
  const at = subresource === '' ? place : { ...place, subresource };
  const { code, causes } = await refusalOf(api.verbs.update({}, at, changed));
  const [cause = '', ...others] = causes;
  expect({ code, others }).toEqual({ code: 422, others: [] });
  expect(cause.startsWith(`${field}: `) && cause.endsWith(message), cause).toBe(true);
  expect((await api.verbs.get({}, place)).resourceVersion).toBe(stored.resourceVersion);
}

describe('a change is refused', () => {
  test.each(updates)('%s %j for %s', (resource, ...refusal) => expectRefused(resource, '', refusal));
});

describe('a change of the status is refused', () => {
  test.each(statusWrites)('%s %j for %s', (resource, ...refusal) =>
    expectRefused(resource, 'status', refusal),
  );
});

test('every kind that is stored is refused something, or it is said why nothing is', () => {
  const served = api.scheme.all().filter(isStored);
  expect(Object.keys(kindRefusals).toSorted()).toEqual([...new Set(served.map(nameOf))].toSorted());
  for (const kind of served) {
    // Another version goes by the rules of the one that is stored; another group has some of its own.
    if (kind.conversion?.group === kind.group) continue;
    const rules = kind.conversion ?? kind;
    const { create = '', update = '', writeStatus } = kindRefusals[nameOf(kind)] ?? {};
    for (const said of [create, update]) expect(said, nameOf(kind)).not.toHaveLength(0);
    // Rules that nobody tests, or a reason for rules that are not there.
    expect(typeof create === 'string', `${nameOf(kind)} validates`).toBe(rules.validate === undefined);
    expect(typeof update === 'string', `${nameOf(kind)} validates updates`).toBe(
      rules.validateUpdate === undefined,
    );
    expect(writeStatus === undefined, `${nameOf(kind)} validates its status`).toBe(
      kind.validateStatus === undefined,
    );
  }
});
