import { describe, expect, test } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import { OpenApiDocuments } from './openapi.ts';

const paths = ['apis/apps/v1', 'apis/batch/v1', 'api/v1'] as const;

describe('documents of OpenAPI', () => {
  test('are made once, and again when their kinds have changed', () => {
    const scheme = createScheme();
    const documents = new OpenApiDocuments(scheme);
    const [apps, batch] = paths.map((path) => documents.version3(path));
    const whole = documents.version2();
    expect(documents.version3('apis/apps/v1').bytes).toBe(apps?.bytes);
    expect(documents.version2()).toBe(whole);

    scheme.withdraw('apps', 'v1', 'deployments');
    const changed = documents.version3('apis/apps/v1');
    expect(changed.hash).not.toBe(apps?.hash);
    expect(changed.bytes.toString()).not.toContain('"kind":"Deployment"');
    expect(documents.version3('apis/batch/v1').bytes).toBe(batch?.bytes);
    expect(documents.version2().hash).not.toBe(whole.hash);
  });

  test('are let go of, those first that nobody asked for in a while; their hashes stay', async () => {
    const sizes = new OpenApiDocuments(createScheme());
    const bytesOf = (path: string) => sizes.version3(path).bytes.length;
    const documents = new OpenApiDocuments(createScheme(), bytesOf('apis/apps/v1') + bytesOf('api/v1'));
    const apps = documents.version3('apis/apps/v1');
    const batch = documents.version3('apis/batch/v1');
    expect(documents.version3('apis/apps/v1').bytes).toBe(apps.bytes);
    documents.version3('api/v1');
    expect(documents.version3('apis/apps/v1').bytes).toBe(apps.bytes);
    const again = documents.version3('apis/batch/v1');
    expect(again.bytes).not.toBe(batch.bytes);
    expect(again).toEqual(batch);

    const { paths: listed } = await documents.index();
    for (const path of paths)
      expect(listed[path]?.serverRelativeURL).toBe(
        `/openapi/v3/${path}?hash=${documents.version3(path).hash}`,
      );
  });
});
