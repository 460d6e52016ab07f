import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as served from '../../../core/api/generated/resources.ts';
import { apiVersionOf, type Resource } from '../../../core/api/resource.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { told } from '../checks/check-story.ts';
import { objectsOf } from '../checks/manifest-objects.ts';
import { askServer } from '../dry-run/ask-server.ts';
import { builtInModel } from '../schema/built-in.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { objectSnippets } from './object-snippets.ts';
import { expanded } from './snippet-story.ts';

/** What programs write, about what only they know, and questions that are no objects. */
const byPrograms = new Set([
  'Binding',
  'ControllerRevision',
  'CSINode',
  'CSIStorageCapacity',
  'Endpoints',
  'Event',
  'IPAddress',
  'LocalSubjectAccessReview',
  'SelfSubjectAccessReview',
  'SelfSubjectReview',
  'SelfSubjectRulesReview',
  'SubjectAccessReview',
  'TokenReview',
  'VolumeAttachment',
]);
/** They cannot be right before something is filled in that nobody could propose. */
const toBeFilledIn = new Set(['CertificateSigningRequest']);

const kinds = builtInModel().all();
const snippets = objectSnippets(kinds).map(({ apiVersion, kind, lines }) => ({
  kind,
  name: `${kind} of ${apiVersion}`,
  text: expanded([`apiVersion: ${apiVersion}`, `kind: ${kind}`, ...lines, ''].join('\n')),
}));
const whole = snippets.filter(({ kind }) => !byPrograms.has(kind) && !toBeFilledIn.has(kind));

test('every kind has one', () => {
  expect(snippets).toHaveLength(kinds.length);
  expect(whole.length).toBeGreaterThan(40);
});

test('a kind that is not served has none', () => {
  expect(objectSnippets(kinds.filter(({ kind }) => kind !== 'Pod')).map(({ kind }) => kind)).not.toContain(
    'Pod',
  );
});

describe('as it is inserted, nothing is wrong with', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await createTestApi();
  });
  afterAll(() => api.close());

  test.each(whole)('$name: neither to the editor nor to the server', async ({ text }) => {
    expect(told(text)).toEqual([]);
    const [object] = objectsOf(parseDocument(text).root);
    if (object === undefined) throw new Error('no object');
    const resource = (Object.values(served) as Resource<unknown>[]).find(
      (each) => each.kind === object.kind && apiVersionOf(each) === object.apiVersion,
    );
    if (resource === undefined) throw new Error('not served');
    const { signal } = new AbortController();
    const { verbs } = api;
    const [namespace, fieldManager] = ['default', 'editor'];
    const answer = await askServer({ verbs, resource, object, namespace, fieldManager, signal });
    expect(answer).toEqual({ refusal: undefined, warnings: [] });
  });
});
