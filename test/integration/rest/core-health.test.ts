import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApi } from '../../../core/apiserver/api.ts';
import type { ControlPlane } from '../../../core/cmd/control-plane.ts';
import { healthChecks } from '../../../core/cmd/health-checks.ts';
import type { Pki } from '../../../core/cmd/pki.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { systemRandom } from '../../../core/machinery/random.ts';
import { MemoryStore } from '../../../core/storage/memory/store.ts';
import { startCore } from '../../environment/core.ts';

/** The health of core as its own composition root puts it together. */
class SickeningStore extends MemoryStore {
  isSick = false;

  override health(options: Parameters<MemoryStore['health']>[0]): Promise<void> {
    return this.isSick ? Promise.reject(new Error('the store is sick')) : super.health(options);
  }
}

const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-health-'));
const store = new SickeningStore();
let core: ControlPlane;
let pki: Pki;
beforeAll(async () => {
  ({ core, pki } = await startCore(store, directory, 'error'));
});
afterAll(async () => {
  await core.stop();
  await store.close();
  rmSync(directory, { recursive: true });
});

function get(path: string): Promise<string> {
  const { cert, key } = pki.admin;
  return new Promise((resolve, reject) => {
    const options = { ca: pki.serverCa.cert, cert, key, agent: false, timeout: 20_000 };
    const asked = request(`https://${core.restAddress}${path}`, options, (answer) => {
      let text = `${answer.statusCode} `;
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.once('end', () => resolve(text));
    });
    asked.once('timeout', () => asked.destroy(new Error(`GET ${path} took over 20 s`)));
    asked.once('error', reject);
    asked.end();
  });
}

const living = [
  'ping',
  'memory',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/rbac/bootstrap-roles',
];
const ready = [
  'ping',
  'memory',
  'memory-readiness',
  'informer-sync',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/rbac/bootstrap-roles',
  'shutdown',
];

test.for([
  ['livez', living],
  ['healthz', living],
  ['readyz', ready],
] as const)(
  '/%s names every check, takes each alone, and leaves out which it is told to',
  async ([path, names]) => {
    const lines = names.map((name) => `[+]${name} ok\n`).join('');
    expect(await get(`/${path}?verbose`)).toBe(`200 ${lines}${path} check passed\n`);
    expect(await get(`/${path}`)).toBe('200 ok');
    for (const name of names) {
      expect([name, await get(`/${path}/${name}`)]).toEqual([name, '200 ok']);
      const without = lines.replace(`[+]${name} ok`, `[+]${name} excluded: ok`);
      expect(await get(`/${path}?verbose&exclude=${name}`)).toBe(`200 ${without}${path} check passed\n`);
    }
  },
);

test('a store that does not answer makes core neither live nor ready, until it answers', async () => {
  store.isSick = true;
  try {
    const failing = await get('/readyz?verbose');
    expect(failing).toMatch(
      /^500 \[\+\]ping ok\n\[-\]memory failed: reason withheld\n\[-\]memory-readiness failed/,
    );
    expect(failing).toMatch(/\nreadyz check failed\n$/);
    expect(await get('/livez')).toMatch(/^500 .*\[-\]memory failed: reason withheld\n/s);
    expect(await get('/livez/memory')).toBe('500 internal server error: the store is sick\n');
    expect(await get('/livez?exclude=memory')).toBe('200 ok');
  } finally {
    store.isSick = false;
  }
  expect(await get('/readyz')).toBe('200 ok');
});

test('what is done once at the start is not finished before it is, and nothing is ready once it stops', async () => {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const own = new MemoryStore();
  const api = createApi({ store: own, clock: systemClock, random: systemRandom, rbac: true });
  const checks = healthChecks({ ...api, store: own, stopping: stopping.signal });
  const problems = async () => {
    const found: string[] = [];
    for (const { name, check } of checks.filter((each) => each.name !== 'informer-sync'))
      await check(AbortSignal.timeout(5_000)).catch((error: Error) =>
        found.push(`${name}: ${error.message}`),
      );
    return found;
  };
  expect(await problems()).toEqual([
    'poststarthook/start-system-namespaces-controller: not finished',
    'poststarthook/rbac/bootstrap-roles: not finished',
  ]);
  const running = api.run(stopping.signal);
  await api.ready();
  expect(await problems()).toEqual([]);
  stopping.abort();
  await running;
  expect(await problems()).toEqual(['shutdown: process is shutting down']);
  await own.close();
});
