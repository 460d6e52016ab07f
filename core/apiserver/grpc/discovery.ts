import type { Discovery } from '../../api/discovery.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import { checkPathAccess, type Authorizer } from '../handlers/authorize.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { unaryMethod, type MethodContext, type ServedMethod, type ServerCall } from './methods.ts';

/** What is served, told to those who may read the same over REST. */
export function discoveryService(
  discovery: Discovery,
  authorizer: Authorizer,
  context: MethodContext,
): readonly ServedMethod[] {
  const { version, resources, openApi } = wire.Discovery;
  const check = async ({ user, tracker }: ServerCall, path: string) => {
    if (user !== undefined) await checkPathAccess(authorizer, { user, verb: 'get', path }, tracker);
  };
  return [
    unaryMethod(
      version,
      context,
      () => reading('/version'),
      async (call) => {
        await check(call, '/version');
        return discovery.version(call);
      },
    ),
    unaryMethod(
      resources,
      context,
      () => reading('/apis'),
      async (call) => {
        await check(call, '/apis');
        return { json: await discovery.resources(call) };
      },
    ),
    unaryMethod(
      openApi,
      context,
      ({ path }) => reading(documentPath(path)),
      async (call, { path }) => {
        await check(call, documentPath(path));
        return { json: await discovery.openApi(call, path) };
      },
    ),
  ];
}

/** What the same question is over REST. */
function reading(path: string): RequestAttributes {
  return { verb: 'get', path, uri: path, resource: undefined, longRunning: false };
}

function documentPath(path: string): string {
  return `/openapi/v3/${path}`;
}
