import { describe, expect, test } from 'vitest';
import { deployments, pods, services } from '../../core/api/generated/resources.ts';
import { deployment, pod } from '../../test/builders/index.ts';
import { parseFilter } from './object-filter.ts';
import { containerStatus, statusOf } from './object-status.ts';

describe('the state of an object', () => {
  test('is what the columns of get say', () => {
    expect(statusOf(pods, pod().inPhase('Failed').build())).toEqual({ text: 'Failed', severity: 'error' });
    const service = {
      metadata: { name: 'web' },
      spec: { type: 'ClusterIP', clusterIP: '10.96.0.7' },
      status: {},
    };
    expect(statusOf(services, service)).toEqual({ text: 'ClusterIP · 10.96.0.7', severity: undefined });
  });

  test('of a Deployment is good when as many Pods are ready as are wanted', () => {
    const waiting = deployment().withReplicas(2).withStatus({ readyReplicas: 1 }).build();
    expect(statusOf(deployments, waiting)).toEqual({ text: '1/2', severity: 'progressing' });
    const ready = deployment().withReplicas(2).withStatus({ readyReplicas: 2 }).build();
    expect(statusOf(deployments, ready)).toEqual({ text: '2/2', severity: 'good' });
  });

  test('of a Deployment that got stuck is an error', () => {
    const stuck = deployment()
      .withCondition({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' })
      .build();
    expect(statusOf(deployments, stuck).severity).toBe('error');
  });

  test('of a custom kind is what its definition shows, but for times', () => {
    const column = { type: 'string', format: '', description: '', priority: 0 };
    const printerColumns = [
      { ...column, name: 'Engine', jsonPath: '.spec.engine' },
      { ...column, name: 'Ready', jsonPath: '.status.ready' },
      { ...column, name: 'Size', jsonPath: '.spec.size', priority: 1 },
      { ...column, name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ];
    const databases = { group: 'example.com', version: 'v1', kind: 'Database', printerColumns };
    const orders = (status: object) => ({
      metadata: { name: 'orders', creationTimestamp: '2030-01-01T00:00:00Z' },
      spec: { engine: 'postgres', size: '1Gi' },
      status,
    });
    expect(statusOf(databases, orders({ ready: 'True' }))).toEqual({
      text: 'postgres · True',
      severity: 'good',
    });
    expect(statusOf(databases, orders({}))).toEqual({ text: 'postgres', severity: undefined });
  });

  test('of a container tells its exit code', () => {
    const ended = pod()
      .withStatus({
        containerStatuses: [
          {
            name: 'main',
            image: 'main:1',
            imageID: '',
            ready: false,
            restartCount: 3,
            state: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
          },
        ],
      })
      .build();
    expect(containerStatus(ended, { name: 'main' })).toEqual({
      text: 'OOMKilled (137) · ↻ 3',
      severity: 'error',
    });
  });
});

describe('a filter', () => {
  const web = pod().named('web-1').labelled({ app: 'web' }).inPhase('Failed').build();
  const accepts = (text: string) => parseFilter(text)?.accepts(web, statusOf(pods, web));

  test.each([
    ['web', true],
    ['api', false],
    ['!api', true],
    ['failed', true],
    ['default/web', true],
    ['web !failed', false],
    ['?', true],
    ['-l app=web', true],
    ['-l app!=web', false],
  ])('"%s" accepts a failed Pod web-1: %s', (text, expected) => {
    expect(accepts(text)).toBe(expected);
  });

  test('without text is none', () => {
    expect(parseFilter('  ')).toBeUndefined();
  });
});
