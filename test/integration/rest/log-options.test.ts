import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogsOptions } from '../../../core/api/streams.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi, noContainers } from '../../environment/rest.ts';

const asked: LogsOptions[] = [];
let rest: RestApi;
beforeAll(async () => {
  const containers = {
    ...noContainers,
    async *logs(_call: unknown, _pod: unknown, options: LogsOptions) {
      asked.push(options);
      yield await Promise.resolve(Buffer.from('line\n'));
    },
  };
  rest = await createRestApi({ containers });
});
afterAll(() => rest[Symbol.asyncDispose]());

const log = (query: string) => rest.send('GET', `/api/v1/namespaces/default/pods/p1/log?${query}`);

test.each([
  ['sinceSeconds=0', 'sinceSeconds: Invalid value: 0: must be greater than 0'],
  ['tailLines=-1', 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
  ['limitBytes=0', 'limitBytes: Invalid value: 0: must be greater than 0'],
  ['stream=Foo', 'stream: Unsupported value: "Foo": supported values: "All", "Stderr", "Stdout"'],
  [
    'stream=Stderr&tailLines=1',
    ': Forbidden: `tailLines` and specific `stream` are mutually exclusive for now',
  ],
  [
    'sinceSeconds=1&sinceTime=2030-01-01T00:00:00Z',
    ': Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
  ],
])('a log cannot be asked for with %s', async (query, problem) => {
  expect((await log(query)).json()).toMatchObject({
    code: 422,
    reason: 'Invalid',
    message: `PodLogOptions "p1" is invalid: ${problem}`,
  });
});

test('what is no number is no request', async () => {
  expect((await log('tailLines=many')).json()).toMatchObject({ code: 400 });
});

test('one stream of a log may be asked for', async () => {
  expect(await log('stream=Stderr')).toMatchObject({ code: 200, text: 'line\n' });
  expect(asked.at(-1)).toMatchObject({ stream: 'Stderr' });
  expect(await log('stream=All&tailLines=1')).toMatchObject({ code: 200 });
});
