import type { Deployment } from '../../../core/api/generated/apps-v1.ts';
import type { RestAnswer, RestApi } from '../../environment/rest.ts';
import { finalizer, wireConditions, wireContainers, wireDeployment } from './fields.ts';
import type { Operation, Patch, Revision, WriteStep } from './steps.ts';

export const collection = '/apis/apps/v1/namespaces/default/deployments';

const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** The Deployment as it is, over the wire; undefined where there is none. */
export async function read(rest: RestApi, name: string): Promise<Deployment | undefined> {
  const answer = await rest.send('GET', `${collection}/${name}`);
  if (answer.code === 404) return undefined;
  if (answer.code !== 200) throw new Error(`Cannot read deployment "${name}": ${answer.text}`);
  return JSON.parse(answer.text) as Deployment;
}

/** Makes a step as a client of its own would. Steps that build on what is there read it first. */
export async function write(rest: RestApi, step: WriteStep): Promise<RestAnswer> {
  const send = (
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body?: unknown,
    type?: string,
  ) => {
    const all = new URLSearchParams({ ...query, ...(step.dryRun ? { dryRun: 'All' } : {}) });
    return rest.send(method, `${collection}${path}?${all.toString()}`, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(type === undefined ? {} : { contentType: type }),
    });
  };
  if (step.kind === 'delete many') return send('DELETE', '', { labelSelector: `colour=${step.colour}` });
  const { kind, name, manager: fieldManager } = step;
  const by = { fieldManager };
  const patch = (type: keyof typeof patchTypes, body: unknown, path = '', query = {}) =>
    send('PATCH', `/${name}${path}`, { ...by, ...query }, body, patchTypes[type]);
  switch (kind) {
    case 'create':
      return send('POST', '', by, wireDeployment(name, step.fields));
    case 'update': {
      const live = await read(rest, name);
      const metadata = { ...revisionIn(live, step.revision), finalizers: live?.metadata.finalizers };
      return send('PUT', `/${name}`, by, wireDeployment(name, step.fields, metadata));
    }
    case 'apply':
      return patch('apply', wireDeployment(name, step.fields), '', { force: String(step.force) });
    case 'merge': {
      const live = step.revision === 'none' ? undefined : await read(rest, name);
      return patch('merge', wirePatch(step.patch, revisionIn(live, step.revision)));
    }
    case 'strategic':
      return patch('strategic', wirePatch(step.patch, {}, step.without));
    case 'json':
      return patch('json', wireOperation(step.operation));
    case 'hold':
    case 'release':
      return patch('merge', { metadata: { finalizers: kind === 'hold' ? [finalizer] : null } });
    case 'update status': {
      const live = await read(rest, name);
      // Nothing to build on: whatever is sent finds nothing.
      const body = live ?? wireDeployment(name, { containers: [{ name: 'main', image: 'web:1' }] });
      return send('PUT', `/${name}/status`, by, {
        ...body,
        status: { conditions: wireConditions(step.conditions) },
      });
    }
    case 'merge status':
    case 'strategic status': {
      const type = kind === 'merge status' ? 'merge' : 'strategic';
      return patch(type, { status: { conditions: wireConditions(step.conditions) } }, '/status');
    }
    case 'apply status': {
      const status = { conditions: wireConditions(step.conditions) };
      const configuration = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, status };
      return patch('apply', configuration, '/status', { force: String(step.force) });
    }
    case 'scale': {
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name, namespace: 'default' } };
      return send('PUT', `/${name}/scale`, by, { ...scale, spec: { replicas: step.replicas } });
    }
    case 'delete': {
      const live = await read(rest, name);
      const { resourceVersion } = revisionIn(live, step.revision);
      const uid = step.uid === 'none' ? undefined : step.uid === 'stale' ? otherUid : live?.metadata.uid;
      const preconditions = { uid, resourceVersion };
      // A body is all that counts: upstream reads the query only where there is none.
      const dryRun = step.dryRun ? ['All'] : undefined;
      return send('DELETE', `/${name}`, {}, { gracePeriodSeconds: step.graceSeconds, preconditions, dryRun });
    }
  }
}

const otherUid = '00000000-0000-4000-8000-000000000000';

function revisionIn(live: Deployment | undefined, wanted: Revision): { readonly resourceVersion?: string } {
  if (wanted === 'none') return {};
  // The first revision is of before there were Deployments.
  const resourceVersion = wanted === 'stale' ? '1' : live?.metadata.resourceVersion;
  return resourceVersion === undefined ? {} : { resourceVersion };
}

function wirePatch(
  { labels, replicas, nodeSelector, containers }: Patch,
  metadata: object,
  without?: string,
): object {
  const merged = (containers ?? []).filter(({ name }) => name !== without);
  const listed = [
    ...wireContainers(merged),
    ...(without === undefined ? [] : [{ $patch: 'delete', name: without }]),
  ];
  return {
    metadata: { ...metadata, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      template: {
        spec: {
          ...(nodeSelector === undefined ? {} : { nodeSelector }),
          ...(listed.length === 0 ? {} : { containers: listed }),
        },
      },
    },
  };
}

function wireOperation(operation: Operation): readonly object[] {
  const colour = '/metadata/labels/colour';
  switch (operation.op) {
    case 'paint':
      return [
        { op: 'test', path: colour, value: operation.was },
        { op: 'replace', path: colour, value: operation.colour },
      ];
    case 'unlabel':
      return [{ op: 'remove', path: `/metadata/labels/${operation.label}` }];
    case 'append': {
      const [value] = wireContainers([operation.container]);
      return [{ op: 'add', path: '/spec/template/spec/containers/-', value }];
    }
    case 'replicas':
      return [{ op: 'replace', path: '/spec/replicas', value: operation.replicas }];
  }
}
