import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readKubeconfig, resolveContext } from '../../core/client/kubeconfig.ts';
import { setContextNamespace } from './kubeconfig.ts';

const ours = `apiVersion: v1
kind: Config
current-context: local
clusters:
- name: local
  cluster:
    extensions:
    - name: wheelhouse.dev/grpc
      extension: {endpoint: "127.0.0.1:7443"}
contexts:
- name: local
  context: {cluster: local, user: local, namespace: dev}
# a comment that must stay
users: []
`;
const foreign = `current-context: other
clusters:
- name: other
  cluster: {server: "https://example.test"}
contexts:
- name: other
  context: {cluster: other}
`;

describe('kubeconfig', () => {
  let folder: string;
  const path = (name: string) => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    writeFileSync(path('ours'), ours);
    writeFileSync(path('foreign'), foreign);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('leads from the current context to the gRPC endpoint', () => {
    expect(resolveContext(readKubeconfig([path('ours')]))).toEqual({
      name: 'local',
      namespace: 'dev',
      endpoint: '127.0.0.1:7443',
    });
  });

  test('of several files, the first to name a thing wins', () => {
    const config = readKubeconfig([path('foreign'), path('ours'), path('absent')]);
    expect(config['current-context']).toBe('other');
    expect(resolveContext(config, 'local').endpoint).toBe('127.0.0.1:7443');
  });

  test('says when a context belongs to another kind of cluster', () => {
    const config = readKubeconfig([path('foreign')]);
    expect(() => resolveContext(config)).toThrow('leads to no Wheelhouse cluster');
  });

  test('says how to get a cluster where there is none', () => {
    expect(() => resolveContext(readKubeconfig([]))).toThrow('wh up');
  });

  test('names the file that is broken', () => {
    writeFileSync(path('ours'), 'contexts: [');
    expect(() => readKubeconfig([path('ours')])).toThrow(path('ours'));
  });

  test('changes the namespace of a context and nothing else', () => {
    const paths = [path('foreign'), path('ours')];
    setContextNamespace(paths, readKubeconfig(paths), 'local', 'production');
    expect(resolveContext(readKubeconfig(paths), 'local').namespace).toBe('production');
    expect(readFileSync(path('ours'), 'utf8')).toContain('# a comment that must stay');
    expect(readFileSync(path('foreign'), 'utf8')).toBe(foreign);
  });
});
