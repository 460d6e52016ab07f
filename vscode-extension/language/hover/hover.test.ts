import { describe, expect, test } from 'vitest';
import { deployment } from '../checks/check-story.ts';
import { builtInModel } from '../schema/built-in.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { hoverAt } from './hover.ts';
import { liveField } from './owners.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';

const model = builtInModel();
const hover = (text: string, at: string, live?: JsonObject) =>
  hoverAt(parseDocument(text), text.indexOf(at), { model, live: () => live });

const live = {
  ...(parseDocument(deployment).root?.value as JsonObject),
  spec: {
    replicas: 5,
    template: {
      spec: {
        containers: [
          { name: 'sidecar', image: 'x' },
          { name: 'web', image: 'web:2', ports: [{ containerPort: 80, protocol: 'TCP' }] },
        ],
      },
    },
  },
  metadata: {
    name: 'web',
    managedFields: [
      {
        manager: 'wh',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2030-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:template': {
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:command': {} },
                },
              },
            },
          },
        },
      },
      {
        manager: 'autoscaler',
        operation: 'Update',
        subresource: 'scale',
        apiVersion: 'apps/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
    ],
  },
} as JsonObject;

describe('a hover says', () => {
  test('type, default and meaning of a field', () => {
    expect(hover(deployment, 'containers:')?.paragraphs).toEqual([
      '**containers** `list of Container` · required',
      'The containers of the Pod; at least one.',
    ]);
    expect(
      hover(`${deployment}          ports: [{protocol: TCP}]\n`, 'protocol')?.paragraphs.slice(0, 1),
    ).toEqual(['**protocol** `string` · `"TCP"` unless set']);
  });

  test('what a closed set holds', () => {
    const text = deployment.replace('containers:', 'restartPolicy: Always\n      containers:');
    expect(hover(text, 'restartPolicy')?.paragraphs).toContain('One of `Always`, `OnFailure`, `Never`');
  });

  test('what a kind is', () => {
    expect(hover(deployment, 'Deployment')?.paragraphs).toEqual([
      '**Deployment** `apps/v1`',
      'Keeps a number of equal Pods and replaces them step by step when their template changes.',
      'In a namespace; called `deployments`, `deploy`',
    ]);
  });

  test('the same on the value as on the key', () => {
    expect(hover(deployment, '3\n')?.paragraphs[0]).toBe('**replicas** `integer`');
  });

  test('nothing outside of objects', () => {
    expect(hover('a: 1\n', 'a')).toBeUndefined();
    expect(hover(`${deployment}\n# end\n`, 'end')).toBeUndefined();
  });

  test('what the cluster has, and who set it', () => {
    expect(hover(deployment, 'replicas', live)?.paragraphs.slice(-2)).toEqual([
      'In the cluster: `5`',
      'Set by `autoscaler` (scale)',
    ]);
    expect(hover(deployment, 'image', live)?.paragraphs.slice(-2)).toEqual([
      'In the cluster: `web:2`',
      'Applied by `wh` · 2030-01-01T00:00:00Z',
    ]);
    expect(hover(deployment, 'resources', live)?.paragraphs.at(-1)).toBe('Not set in the cluster');
  });

  test('nothing that a value could make markup of', () => {
    const evil = { ...live, spec: { replicas: '`[x](command:y)\n' } };
    expect(hover(deployment, 'replicas', evil)?.paragraphs).toContain('In the cluster: ` [x](command:y) `');
  });
});

test('items of lists are found by their keys, defaults filled in', () => {
  const kind = model.get('apps/v1', 'Deployment');
  const manifest = {
    spec: { template: { spec: { containers: [{ name: 'web', ports: [{ containerPort: 80 }] }] } } },
  };
  const path = ['spec', 'template', 'spec', 'containers', 0, 'ports', 0, 'protocol'];
  expect(kind && liveField(live, manifest, kind.schema, path).value).toBe('TCP');
});
