import { describe, expect, test } from 'vitest';
import { readOpenApi2, withRemotePaths } from './remote-openapi.ts';

const document = (definitions: object, refers = 'Thing') =>
  Buffer.from(
    JSON.stringify({
      swagger: '2.0',
      paths: {
        '/apis/a/v1/things': { get: { schema: { $ref: `#/definitions/${refers}` } } },
        '/apis/a/v10/things': {},
        '/api/v1/pods': {},
      },
      definitions,
    }),
  );

describe('an OpenAPI 2 document of another server', () => {
  test('is cut down to its group version and all that this refers to', () => {
    const { paths, definitions } = readOpenApi2(
      document({
        Thing: { properties: { part: { $ref: '#/definitions/Part' } } },
        Part: { items: { $ref: '#/definitions/Thing' } },
        Kind: { 'x-kubernetes-group-version-kind': [{ group: 'a', version: 'v1', kind: 'Kind' }] },
        Pod: {},
      }),
      'a',
      'v1',
    );
    expect(Object.keys(paths)).toEqual(['/apis/a/v1/things']);
    expect(Object.keys(definitions).sort()).toEqual(['Kind', 'Part', 'Thing']);
  });

  test('keeps its meaning where a name is taken, and shares it where it is the same', () => {
    const local = {
      swagger: '2.0',
      paths: { '/x': {} },
      definitions: { Thing: { type: 'string' }, Same: { type: 'number' } },
    };
    const remote = readOpenApi2(
      document({ Thing: { properties: { a: { $ref: '#/definitions/Same' } } }, Same: { type: 'number' } }),
      'a',
      'v1',
    );
    const merged = withRemotePaths(local, [remote]) as { definitions: object; paths: object };
    expect(merged.definitions).toEqual({
      Thing: { type: 'string' },
      Same: { type: 'number' },
      Thing_v2: { properties: { a: { $ref: '#/definitions/Same' } } },
    });
    expect(merged.paths).toHaveProperty(
      ['/apis/a/v1/things', 'get', 'schema', '$ref'],
      '#/definitions/Thing_v2',
    );
    expect(withRemotePaths(local, [])).toBe(local);
  });

  test('is refused where it is none, or nested without end', () => {
    expect(() => readOpenApi2(Buffer.from('{"openapi":"3.0.0"}'), 'a', 'v1')).toThrow('no OpenAPI 2');
    const deep = `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`;
    const text = `{"swagger":"2.0","paths":{},"definitions":{"a":${deep}}}`;
    expect(() => readOpenApi2(Buffer.from(text), 'a', 'v1')).toThrow('deeper');
    const named = document(JSON.parse('{"__proto__":{"polluted":true}}') as object, '__proto__');
    const merged = withRemotePaths({ paths: {}, definitions: {} }, [readOpenApi2(named, 'a', 'v1')]);
    expect(Object.keys((merged as { definitions: object }).definitions)).toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
