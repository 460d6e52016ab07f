import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployments } from '../../../core/api/generated/resources.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { deployment } from '../checks/check-story.ts';
import { objectsOf } from '../checks/manifest-objects.ts';
import { builtInModel } from '../schema/built-in.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { askServer } from './ask-server.ts';
import { serverProblems } from './server-problems.ts';

let server: TestApi;
beforeAll(async () => {
  server = await createTestApi();
});
afterAll(() => server.close());

async function ask(text: string): Promise<string[]> {
  const document = parseDocument(text);
  const [object] = objectsOf(document.root);
  if (object === undefined) throw new Error('no object');
  const { signal } = new AbortController();
  const answer = await askServer({
    verbs: server.verbs,
    resource: deployments,
    object,
    namespace: 'default',
    fieldManager: 'editor',
    signal,
  });
  const context = { document, model: builtInModel(), namespace: 'default' };
  return serverProblems(answer, object, context).map(
    ({ range, severity, message }) => `${severity} ${text.slice(range.start, range.end)}: ${message}`,
  );
}

describe('the server is asked', () => {
  test('and takes what is right, but keeps nothing', async () => {
    expect(await ask(deployment)).toEqual([]);
    expect((await server.client.list(deployments)).items).toEqual([]);
  });

  test('by name or for one', async () => {
    expect(await ask(deployment.replace('name: web\nspec', 'generateName: web-\nspec'))).toEqual([]);
  });

  test('and its refusals are shown where they belong', async () => {
    expect(await ask(deployment.replace('replicas: 3', 'replicas: three'))).toEqual([
      'error three: spec.replicas: must be an integer, not the string "three"',
    ]);
    expect(await ask(deployment.replace('replicas: 3', 'relicas: 3'))).toEqual([
      'error relicas: spec.relicas: unknown field; did you mean "replicas"?',
    ]);
    expect(await ask(deployment.replace('replicas: 3', 'replicas: -3'))).toEqual([
      'error -3: spec.replicas: Invalid value: -3: must be greater than or equal to 0',
    ]);
    expect(await ask(deployment.replace('name: web\n', 'name: web\n  namespace: nowhere\n'))).toEqual([
      'error nowhere: metadata.namespace: namespaces "nowhere" not found',
    ]);
  });

  test('also about what is immutable in the object that is there', async () => {
    const object = parseDocument(deployment).root?.value as never;
    await server.client.create(deployments, {
      ...(object as object),
      metadata: { name: 'web', namespace: 'default' },
    } as never);
    const [problem, ...more] = await ask(deployment.replaceAll('app: web', 'app: other'));
    expect(problem).toMatch(/^error selector: spec.selector: Invalid value: .*field is immutable$/);
    expect(more).toEqual([]);
  });
});
