import type { Discovery } from '../../api/discovery.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import { unaryMethod, type MethodContext, type ServedMethod } from './methods.ts';

export function discoveryService(discovery: Discovery, context: MethodContext): readonly ServedMethod[] {
  const { version, resources, openApi } = wire.Discovery;
  return [
    unaryMethod(version, context, (call) => discovery.version(call)),
    unaryMethod(resources, context, async (call) => ({ json: await discovery.resources(call) })),
    unaryMethod(openApi, context, async (call, { path }) => ({ json: await discovery.openApi(call, path) })),
  ];
}
