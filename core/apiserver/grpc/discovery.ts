import type { Discovery } from '../../api/discovery.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { unaryMethod, type MethodContext, type ServedMethod } from './methods.ts';

export function discoveryService(discovery: Discovery, context: MethodContext): readonly ServedMethod[] {
  const { version, resources, openApi } = wire.Discovery;
  return [
    unaryMethod(
      version,
      context,
      () => reading('/version'),
      (call) => discovery.version(call),
    ),
    unaryMethod(
      resources,
      context,
      () => reading('/apis'),
      async (call) => ({ json: await discovery.resources(call) }),
    ),
    unaryMethod(
      openApi,
      context,
      ({ path }) => reading(`/openapi/v3/${path}`),
      async (call, { path }) => ({ json: await discovery.openApi(call, path) }),
    ),
  ];
}

/** What the same question is over REST. */
function reading(path: string): RequestAttributes {
  return { verb: 'get', path, uri: path, resource: undefined, longRunning: false };
}
