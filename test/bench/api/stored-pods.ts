import type { Pod } from '../../../core/api/generated/core-v1.ts';
import { pods } from '../../../core/api/generated/resources.ts';
import { StoredFormat } from '../../../core/registry/stored-object.ts';
import type { KeyValueStore } from '../../../core/storage/storage.ts';
import { pod } from '../../builders/index.ts';
import { createTestApi } from '../../environment/api.ts';
import { inParallel } from './load.ts';

export const allPods = { group: '', version: 'v1', resource: 'pods', namespace: 'default' };
export const podBytes = 3_000;
/** Pods with one number share their label app. */
export const apps = 1_000;
const writersAtOnce = 256;
/** Of milliseconds since 1970, with three behind the point. */
const sentDigits = 17;

/** What a real Pod has, and no scheduler or kubelet takes to be its own. */
function wanted(): Pod {
  const variables = Array.from({ length: 2 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value ${index}`,
  }));
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 };
  const built = pod()
    .named('template')
    .requesting({ cpu: '100m', memory: '500Mi' })
    .withSpec({ schedulerName: 'nobody' })
    .build();
  const [main] = built.spec.containers;
  if (main === undefined) throw new Error('The template has no container');
  const container = {
    ...main,
    env: variables,
    readinessProbe: probe,
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  return {
    ...built,
    spec: { ...built.spec, containers: [container], volumes: [{ name: 'data', emptyDir: {} }] },
  };
}

interface Stored {
  readonly key: string;
  readonly value: Buffer;
}

/** Pods as the API stores them, with defaults and owners, filled up to their size; each says when it was sent. */
export async function makePods(): Promise<(index: number, sentMs?: number) => Stored> {
  await using api = await createTestApi();
  const template = await api.client.create(pods, wanted());
  const format = new StoredFormat('v1', 'Pod');
  const numbered = (index: number, sentMs: number, filler: string): Pod => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: `pod-${index}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      labels: { app: `app-${index % apps}` },
      annotations: { sent: sentMs.toFixed(3).padStart(sentDigits, '0'), filler },
    },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  });
  const missing = podBytes - format.encode(numbered(0, 0, '')).length;
  if (missing < 0) throw new Error(`A Pod of the bench has ${podBytes - missing} bytes, not ${podBytes}`);
  const filler = 'x'.repeat(missing);
  return (index, sentMs = 0) => ({
    key: `/registry/core/pods/default/pod-${index}`,
    value: format.encode(numbered(index, sentMs, filler)),
  });
}

/** Puts Pods straight into the store. */
export async function fill(store: KeyValueStore, from: number, to: number): Promise<void> {
  const podAt = await makePods();
  await inParallel(writersAtOnce, to - from, (index) => {
    const { key, value } = podAt(from + index);
    return store.transact([{ key, modRevision: 0 }], [{ kind: 'put', key, value }], {});
  });
}
