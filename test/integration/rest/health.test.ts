import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
let broken = false;
const holds = () => Promise.resolve();

beforeAll(async () => {
  const check = () => (broken ? Promise.reject(new Error('no answer')) : holds());
  rest = await createRestApi({
    health: [
      { name: 'ping', live: true, check: holds },
      { name: 'etcd', live: true, check },
      { name: 'poststarthook/rbac/bootstrap-roles', live: true, check: holds },
      { name: 'informer-sync', live: false, check: holds },
    ],
  });
});
afterAll(() => rest[Symbol.asyncDispose]());

async function textOf(path: string): Promise<string> {
  const { code, text } = await rest.send('GET', path);
  return `${code} ${text}`;
}

describe('the health of the server', () => {
  test('is one word, or a line for every check', async () => {
    expect(await textOf('/livez')).toBe('200 ok');
    expect(await textOf('/livez?verbose')).toBe(
      '200 [+]ping ok\n[+]etcd ok\n[+]poststarthook/rbac/bootstrap-roles ok\nlivez check passed\n',
    );
    expect(await textOf('/readyz?verbose')).toContain('[+]informer-sync ok\nreadyz check passed\n');
  });

  test('is asked check by check', async () => {
    expect(await textOf('/livez/ping')).toBe('200 ok');
    expect(await textOf('/readyz/poststarthook/rbac/bootstrap-roles')).toBe('200 ok');
    expect((await rest.send('GET', '/livez/informer-sync')).code).toBe(404);
  });

  test('leaves out what is excluded, and says what cannot be', async () => {
    expect(await textOf('/livez?verbose&exclude=etcd&exclude=nothing')).toBe(
      '200 [+]ping ok\n[+]etcd excluded: ok\n[+]poststarthook/rbac/bootstrap-roles ok\nwarn: some health checks cannot be excluded: no matches for "nothing"\nlivez check passed\n',
    );
  });

  test('tells what failed, and why only where that alone is asked', async () => {
    broken = true;
    try {
      expect(await textOf('/healthz')).toBe(
        '500 [+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/rbac/bootstrap-roles ok\nhealthz check failed\n',
      );
      expect(await textOf('/healthz/etcd')).toBe('500 internal server error: no answer\n');
      expect(await textOf('/healthz?exclude=etcd')).toBe('200 ok');
    } finally {
      broken = false;
    }
  });
});

describe('/metrics', () => {
  test('counts requests by what they asked for', async () => {
    const maps = '/api/v1/namespaces/default/configmaps';
    await rest.send('POST', maps, { body: '{"metadata":{"name":"a"}}' });
    await rest.send('GET', `${maps}/a`);
    await rest.send('GET', `${maps}/b`);
    await rest.send('GET', '/api/v1/namespaces/default/nonsense');
    const { text, headers } = await rest.send('GET', '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const labels = (verb: string, scope: string, code: number) =>
      `apiserver_request_total{verb="${verb}",dry_run="",group="",version="v1",resource="configmaps",subresource="",scope="${scope}",component="apiserver",code="${code}"} 1\n`;
    expect(text).toContain(labels('POST', 'namespace', 201));
    expect(text).toContain(labels('GET', 'resource', 200));
    expect(text).toContain(labels('GET', 'resource', 404));
    expect(text).not.toContain('nonsense');
    expect(text).toContain('apiserver_current_inflight_requests{request_kind="readOnly"} 1\n');
  });

  test('counts a watch as long as it is open', async () => {
    const path = '/api/v1/configmaps?watch=true';
    const answer = await rest.open('GET', path);
    const open = /apiserver_longrunning_requests\{verb="WATCH".*resource="configmaps".*\} (\d+)\n/;
    expect(open.exec((await rest.send('GET', '/metrics')).text)?.[1]).toBe('1');
    answer.destroy();
  });

  test('is OpenMetrics for who asks for it', async () => {
    const { text } = await rest.send('GET', '/metrics', { accept: 'application/openmetrics-text' });
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain('# TYPE apiserver_request counter\n');
  });
});
