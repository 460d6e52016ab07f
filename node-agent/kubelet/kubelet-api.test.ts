import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { badRequest } from '../../core/api/errors.ts';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { KubeletApi } from './kubelet-api.ts';

const web = {
  metadata: { namespace: 'shop', name: 'web', uid: 'u-1' },
  spec: { containers: [{ name: 'app', image: 'app:v1' }] },
  status: {},
} as Pod;

const app = { namespace: 'shop', pod: 'web', podUid: 'u-1', timestampMs: 2_000 };

function api(): KubeletApi {
  return new KubeletApi({
    nodeName: 'north',
    pods: () => [web],
    handlers: {
      async *logs({ uid, container }, options) {
        if (container !== 'app') throw badRequest(`container "${container}" is waiting to start`);
        yield Buffer.from(`${uid} ${JSON.stringify(options)}`);
      },
      stats: async () => ({
        timestampMs: 3_000,
        cpuTotalNanoseconds: 9e9,
        memoryWorkingSetBytes: 900,
        containers: [
          { ...app, container: 'app', cpuTotalNanoseconds: 1e9, memoryWorkingSetBytes: 100 },
          { ...app, container: 'side', cpuTotalNanoseconds: 2.5e9, memoryWorkingSetBytes: 30 },
        ],
      }),
    },
  });
}

async function ask(path: string, method = 'GET'): Promise<readonly [code: number | undefined, body: string]> {
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request({ createConnection: () => api().connect(), path, method }, resolve)
      .once('error', reject)
      .end();
  });
  return [answer.statusCode, await text(answer)];
}

describe('the API of a kubelet', () => {
  test('says that it is well', async () => {
    expect(await ask('/healthz')).toEqual([200, 'ok']);
  });

  test('lists the Pods of its node', async () => {
    const [code, body] = await ask('/pods/');
    expect([code, JSON.parse(body)]).toMatchObject([200, { kind: 'PodList', items: [web] }]);
  });

  test('sums up what Pods and the node use', async () => {
    const [, body] = await ask('/stats/summary');
    const time = '1970-01-01T00:00:03Z';
    expect(JSON.parse(body)).toMatchObject({
      node: { nodeName: 'north', cpu: { time, usageCoreNanoSeconds: 9e9 } },
      pods: [
        {
          podRef: { name: 'web', namespace: 'shop', uid: 'u-1' },
          cpu: { time, usageCoreNanoSeconds: 3.5e9 },
          memory: { workingSetBytes: 130 },
          containers: [{ name: 'app', memory: { workingSetBytes: 100 } }, { name: 'side' }],
        },
      ],
    });
  });

  test('has the same for Prometheus', async () => {
    const [, body] = await ask('/metrics/resource');
    expect(body.split('\n')).toEqual(
      expect.arrayContaining([
        '# TYPE container_cpu_usage_seconds_total counter',
        'container_cpu_usage_seconds_total{container="side",namespace="shop",pod="web"} 2.5 2000',
        'pod_memory_working_set_bytes{namespace="shop",pod="web"} 130 3000',
        'node_cpu_usage_seconds_total 9 3000',
      ]),
    );
  });

  test('reads logs', async () => {
    const [code, body] = await ask('/containerLogs/shop/web/app?tailLines=5&timestamps=true&limitBytes=x');
    expect([code, body]).toEqual([
      200,
      'u-1 {"follow":false,"previous":false,"timestamps":true,"tailLines":5}',
    ]);
    const [, one] = await ask('/containerLogs/shop/web/app?stream=Stderr');
    expect(one).toBe('u-1 {"follow":false,"previous":false,"timestamps":false,"stream":"Stderr"}');
  });

  test.each([
    ['/nowhere', 'GET', 404, 'page not found'],
    ['/containerLogs/shop/other/app', 'GET', 404, 'pod "other" does not exist'],
    ['/containerLogs/shop/web/side', 'GET', 400, 'waiting to start'],
    ['/containerLogs/%E0%A4%A/web/app', 'GET', 500, 'URI malformed'],
    ['/run/shop/web/app?cmd=ls', 'POST', 405, 'Method Not Allowed'],
  ])('refuses %s by %s with %d', async (path, method, code, message) => {
    expect(await ask(path, method)).toEqual([code, expect.stringContaining(message)]);
  });
});
