import { describe, expect, test } from 'vitest';
import { openApi3 } from '../../../core/api/openapi/document.ts';
import { createScheme } from '../../../core/api/kinds/scheme.ts';
import { kubernetesRelease } from '../../../core/api/generated/release.ts';
import { told, deployment } from '../checks/check-story.ts';
import { builtInKinds } from './built-in.ts';
import { fetchSnapshot, modelOf, readSnapshot, type SchemaSource } from './cluster-schemas.ts';
import { kindsOfDefinition, withKinds } from './custom-kinds.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { builtInModel } from './built-in.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          description: Copies what a claim holds.
          required: [spec]
          properties:
            spec:
              type: object
              required: [claim]
              properties:
                claim: {type: string, description: The claim to copy.}
                keep: {type: integer, default: 7, minimum: 1}
                host: {type: string, pattern: '^[a-z]+$'}
                mode: {type: string, enum: [Full, Delta]}
                labels: {type: object, additionalProperties: {type: string}}
                steps:
                  type: array
                  items: {type: object, properties: {port: {x-kubernetes-int-or-string: true}}}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;
const parsed = parseDocument(definition).root?.value as JsonObject;
const written = () => {
  const { spec } = parsed as { spec: { versions: [{ schema: { openAPIV3Schema: JsonObject } }] } };
  return spec.versions[0].schema.openAPIV3Schema;
};

const backup = `apiVersion: example.com/v1
kind: Backup
metadata:
  name: a
spec:
  claim: data
  mode: Full
  free: {x: [1]}
  steps: [{port: http}, {port: 80}]
`;

/** A cluster of this release, or of another, with a kind of its own. */
function cluster({ gitVersion = kubernetesRelease, away = false } = {}): SchemaSource & { asked: string[] } {
  const kinds = createScheme().all();
  const paths = (group: string, version: string) => `${group === '' ? 'api' : `apis/${group}`}/${version}`;
  const asked: string[] = [];
  const discovery = {
    items: [...new Set(kinds.map(({ group }) => group)), 'example.com'].map((group) => ({
      metadata: { name: group },
      versions: [
        ...new Set(kinds.filter((kind) => kind.group === group).map(({ version }) => version)),
        ...(group === 'example.com' ? ['v1'] : []),
      ].map((version) => ({
        version,
        resources: [
          ...kinds
            .filter((kind) => kind.group === group && kind.version === version)
            .map(({ kind, plural, namespaced, verbs }) => ({
              resource: plural,
              responseKind: { group, version, kind },
              scope: namespaced ? 'Namespaced' : 'Cluster',
              verbs,
            })),
          ...(group === 'example.com'
            ? [
                {
                  resource: 'backups',
                  responseKind: { group, version, kind: 'Backup' },
                  scope: 'Namespaced',
                  verbs: ['create'],
                },
              ]
            : []),
        ],
      })),
    })),
  };
  return {
    asked,
    version: async () => ({ gitVersion, wheelhouseVersion: '0', store: 'memory' }),
    discover: async () => discovery,
    openApi: async (path) => {
      asked.push(path);
      if (path !== 'apis/example.com/v1')
        return JSON.parse(
          JSON.stringify(openApi3(kinds.filter(({ group, version }) => paths(group, version) === path))),
        ) as unknown;
      if (away) throw new Error('nobody answers');
      const gvk = [{ group: 'example.com', version: 'v1', kind: 'Backup' }];
      return {
        components: { schemas: { Backup: { ...written(), 'x-kubernetes-group-version-kind': gvk } } },
      };
    },
  };
}

const never = new AbortController().signal;

describe('the schemas of a cluster', () => {
  test('are asked for only where they are not built in', async () => {
    const source = cluster();
    const model = modelOf(await fetchSnapshot(source, never), 'cluster');
    expect(source.asked).toEqual(['apis/example.com/v1']);
    expect(model.all()).toHaveLength(builtInKinds().length + 1);
    expect(model.get('apps/v1', 'Deployment')).toBe(builtInModel().get('apps/v1', 'Deployment'));
  });

  test('check custom resources', async () => {
    const model = modelOf(await fetchSnapshot(cluster(), never), 'cluster');
    expect(told(backup, model)).toEqual([]);
    expect(told(backup.replace('claim: data', 'clam: data').replace('Full', 'Ful'), model)).toEqual([
      'error "clam" clam is an unknown field; did you mean "claim"?',
      'error "Ful" mode must be one of "Full", "Delta", not the string "Ful"; did you mean "Full"?',
    ]);
    expect(told(backup.replace('  claim: data\n', ''), model)).toEqual([
      'error "spec" spec.claim: Required value',
    ]);
    expect(told(backup.replace('name: a', 'name: A'), model)[0]).toContain(
      'metadata.name: Invalid value: "A"',
    );
  });

  test('check bounds and patterns as the server does', async () => {
    const model = modelOf(await fetchSnapshot(cluster(), never), 'cluster');
    expect(told(backup.replace('claim: data', 'claim: data\n  keep: 0\n  host: A1'), model)).toEqual([
      'error "0" spec.keep: Invalid value: 0: spec.keep in body should be greater than or equal to 1',
      'error "A1" spec.host: Invalid value: "A1": spec.host in body should match \'^[a-z]+$\'',
    ]);
  });

  test('carry what their authors wrote', async () => {
    const model = modelOf(await fetchSnapshot(cluster(), never), 'cluster');
    const kind = model.get('example.com/v1', 'Backup');
    const spec = kind?.schema.fields.get('spec')?.schema;
    expect(kind?.describe(kind.schema)).toBe('Copies what a claim holds.');
    expect(spec?.kind === 'object' ? kind?.describe(spec, 'claim') : '').toBe('The claim to copy.');
    expect(spec?.kind === 'object' ? spec.fields.get('keep')?.default : '').toBe(7);
  });

  test('of another release are its own', async () => {
    const source = cluster({ gitVersion: 'v1.20.0' });
    const model = modelOf(await fetchSnapshot(source, never), 'cluster');
    expect(source.asked).toContain('apis/apps/v1');
    expect(model.get('apps/v1', 'Deployment')).not.toBe(builtInModel().get('apps/v1', 'Deployment'));
    expect(told(deployment, model)).toEqual([]);
    expect(
      told(deployment.replace('replicas: 3', 'replicas: x').replace('cpu: 50m', 'cpu: 5z'), model),
    ).toEqual([
      'error "x" replicas must be an integer, not the string "x"',
      'error "5z" cpu must be a quantity such as "100m" or "1Gi"',
    ]);
  });

  test('are kept and read back', async () => {
    const text = JSON.stringify(await fetchSnapshot(cluster(), never));
    const kept = readSnapshot(text);
    expect(kept && told(backup.replace('claim', 'clam'), modelOf(kept, 'cache'))).toHaveLength(1);
    expect(readSnapshot('{"format":0}')).toBeUndefined();
    expect(readSnapshot('{')).toBeUndefined();
  });

  test('of a server that is away are missed, and nothing else', async () => {
    const model = modelOf(await fetchSnapshot(cluster({ away: true }), never), 'cluster');
    expect(told(backup.replace('claim', 'clam'), model)).toEqual([]);
    expect(told(deployment.replace('replicas', 'relicas'), model)).toHaveLength(1);
  });

  test('say that a group is not served, or meant otherwise', async () => {
    const model = modelOf(await fetchSnapshot(cluster(), never), 'cluster');
    expect(told(backup.replace('example.com/v1', 'cert-manager.io/v1'), model)).toEqual([
      'warning "cert-manager.io/v1" The cluster serves no group "cert-manager.io": it refuses Backup',
    ]);
    expect(told(backup.replace('example.com', 'example.org'), model)).toEqual([
      'error "example.org/v1" "example.org/v1" has no kind Backup; it is in "example.com/v1"',
    ]);
  });
});

test('a definition in a file defines its kind', () => {
  const model = withKinds(builtInModel(), kindsOfDefinition(parsed));
  expect(told(definition, model)).toEqual([]);
  expect(told(backup, model)).toEqual([]);
  expect(told(backup.replace('mode', 'mod'), model)).toEqual([
    'error "mod" mod is an unknown field; did you mean "mode"?',
  ]);
  expect(kindsOfDefinition({ spec: { group: 'a', names: {} } })).toEqual([]);
});
