import { expect, test } from 'vitest';
import type { OpenCluster, SessionState } from './cluster-session.ts';
import { connectedCluster } from './connected.ts';

const context = { name: 'dev', namespace: 'default', endpoint: '127.0.0.1:7443' };
const version = { gitVersion: 'v1', wheelhouseVersion: 'test', store: 'memory' } as const;
const current = { context } as OpenCluster;

test('a cluster that answers is given, and none where none was chosen', () => {
  const state: SessionState = { kind: 'connected', context, version };
  expect(connectedCluster({ current, state })).toBe(current);
  expect(connectedCluster({ current: undefined, state: { kind: 'none' } })).toBeUndefined();
});

test('of a cluster that is away it is said why', () => {
  const state: SessionState = { kind: 'unavailable', context, why: 'nobody is home' };
  for (const open of [current, undefined]) {
    expect(() => connectedCluster({ current: open, state })).toThrow(
      'cluster "dev" is not available: nobody is home',
    );
  }
  expect(() => connectedCluster({ current, state: { kind: 'connecting', context } })).toThrow(
    'cluster "dev" has not answered yet',
  );
});
