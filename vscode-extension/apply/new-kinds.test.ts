import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CustomResourceDefinition } from '../../core/api/generated/apiextensions-v1.ts';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { untilServed } from './new-kinds.ts';

const resource: ServedResource = {
  ...customresourcedefinitions,
  singular: 'customresourcedefinition',
  shortNames: [],
  categories: [],
  verbs: [],
  subresources: [],
};
const schema = { openAPIV3Schema: { type: 'object' } };
const boats = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Boat', plural: 'boats' },
    versions: [{ name: 'v1', served: true, storage: true, schema }],
  },
};

describe('a definition that was applied', () => {
  let api: TestApi;
  let applied: CustomResourceDefinition;
  let stop: AbortController;
  let served: boolean;
  let waiting: Promise<void>;

  beforeEach(async () => {
    // Nobody establishes definitions but the test.
    api = await createTestApi({ customResources: false });
    applied = await api.client.create(customresourcedefinitions, boats);
    [stop, served] = [new AbortController(), false];
    waiting = untilServed(api.client, applied, resource, stop.signal).then(() => {
      served = true;
    });
    await settle();
    expect(served).toBe(false);
  });

  afterEach(() => api.close());

  test('is waited for until what it defines is served', async () => {
    const lastTransitionTime = '2030-01-01T00:00:00Z';
    const established = {
      type: 'Established',
      status: 'True',
      reason: 'a',
      message: 'b',
      lastTransitionTime,
    };
    const status = { ...applied.status, conditions: [established] };
    await api.client.updateStatus(customresourcedefinitions, { ...applied, status });
    await waiting;
    expect(served).toBe(true);
  });

  test('was applied, also where nobody wants to wait any longer', async () => {
    stop.abort(new Error('enough'));
    await waiting;
    expect(served).toBe(true);
  });
});
