import { describe, expect, test } from 'vitest';
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts';
import type { KubernetesObject } from '../api/object.ts';
import { seededRandom } from '../machinery/random.ts';
import { converterOf } from './conversion.ts';

type Members = Record<string, unknown>;
interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: Members[] };
}

const definition = {
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'things', kind: 'Thing' },
    scope: 'Namespaced',
    versions: [],
    conversion: {
      strategy: 'Webhook',
      webhook: { clientConfig: { url: 'https://127.0.0.1/convert' }, conversionReviewVersions: ['v2', 'v1'] },
    },
  },
  status: {},
} as unknown as CustomResourceDefinition;

const thing = (name: string, apiVersion = 'example.com/v1'): KubernetesObject & Members => ({
  apiVersion,
  kind: 'Thing',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '7', labels: { a: 'b' } },
  size: 1,
});

/** A webhook that answers what `answer` makes of a right answer. */
function convert(
  objects: readonly KubernetesObject[],
  answer: (review: Members, request: Review['request']) => unknown = (review) => review,
) {
  const asked: Review[] = [];
  const converter = converterOf(definition, {
    random: seededRandom(1),
    callWebhook: (_config, body) => {
      const review = JSON.parse(body) as Review;
      asked.push(review);
      const { uid, desiredAPIVersion, objects: given } = review.request;
      const convertedObjects = given.map((object) => ({
        ...object,
        apiVersion: desiredAPIVersion,
        size: '1',
      }));
      const response = { uid, result: { status: 'Success' }, convertedObjects };
      const right = { apiVersion: review.apiVersion, kind: 'ConversionReview', response };
      return Promise.resolve(Buffer.from(JSON.stringify(answer(right, review.request))));
    },
  });
  return { asked, done: converter(objects, 'v2', undefined) };
}

test('a webhook is asked once, for what is not yet in the version wanted', async () => {
  const { asked, done } = convert([thing('a'), thing('b', 'example.com/v2'), thing('c')]);
  const objects = (await done) as (KubernetesObject & Members)[];
  expect(objects.map(({ metadata, apiVersion, size }) => [metadata.name, apiVersion, size])).toEqual([
    ['a', 'example.com/v2', '1'],
    ['b', 'example.com/v2', 1],
    ['c', 'example.com/v2', '1'],
  ]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    apiVersion: 'apiextensions.k8s.io/v1',
    request: { desiredAPIVersion: 'example.com/v2', objects: [{ size: 1 }, { size: 1 }] },
  });
  await expect(convert([thing('d', 'example.com/v2')]).done).resolves.toHaveLength(1);
});

test('of the metadata a webhook may change labels and annotations, and nothing else', async () => {
  const [object] = await convert([thing('a')], (review) => {
    const response = review['response'] as { convertedObjects: { metadata: Members }[] };
    Object.assign(response.convertedObjects[0]?.metadata ?? {}, {
      labels: { c: 'd' },
      finalizers: ['example.com/x'],
      resourceVersion: '8',
    });
    return review;
  }).done;
  expect(object?.metadata).toEqual({ name: 'a', uid: 'uid-a', resourceVersion: '7', labels: { c: 'd' } });
});

describe('an answer is refused', () => {
  const about = 'conversion webhook for example.com/v1, Kind=Thing';
  const responding = (change: (response: Members) => Members) => (review: Members) => ({
    ...review,
    response: change(review['response'] as Members),
  });
  const object = (change: Members) =>
    responding((response) => ({
      ...response,
      convertedObjects: (response['convertedObjects'] as Members[]).map((each) => ({ ...each, ...change })),
    }));
  test.each<[string, (review: Members) => unknown, string]>([
    [
      'that is no review',
      () => ({}),
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got , Kind=',
    ],
    ['without a response', ({ kind, apiVersion }) => ({ kind, apiVersion }), 'failed: no response provided'],
    [
      'to another question',
      responding((response) => ({ ...response, uid: 'x' })),
      'failed: expected response.uid=',
    ],
    [
      'that says no',
      responding((response) => ({ ...response, result: { status: 'Failure', message: 'too old' } })),
      'failed: too old',
    ],
    [
      'that says nothing',
      responding((response) => ({ ...response, result: {} })),
      "failed: response.result.status was '', not 'Success'",
    ],
    [
      'with objects missing',
      responding((response) => ({ ...response, convertedObjects: [] })),
      'returned 0 objects, expected 1',
    ],
    [
      'in the wrong version',
      object({ apiVersion: 'example.com/v3' }),
      'returned invalid converted object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)',
    ],
    ['about another kind', object({ kind: 'Other' }), 'invalid kind (expected Thing, received Other)'],
    ['about another object', object({ metadata: { name: 'b' } }), 'must have the same name: a != b'],
    [
      'about an object of the same name',
      object({ metadata: { name: 'a', uid: 'x' } }),
      'must have the same UID: uid-a != x',
    ],
    [
      'with labels that are none',
      object({ metadata: { name: 'a', uid: 'uid-a', labels: { '-': '' } } }),
      'invalid metadata: metadata.labels',
    ],
  ])('%s', async (_why, answer, message) => {
    const { done } = convert([thing('a')], answer);
    await expect(done).rejects.toMatchObject({ code: 500 });
    await expect(done).rejects.toThrow(about);
    await expect(done).rejects.toThrow(message);
  });
});
