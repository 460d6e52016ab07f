import * as wire from '../../api/generated/wheelhouse.ts';
import type { SessionHub } from '../streaming/session-hub.ts';
import { duplexMethod, type MethodContext, type ServedMethod } from './methods.ts';

/** Where node agents call in. */
export function agentsService(
  hub: Pick<SessionHub, 'serve'>,
  context: MethodContext,
): readonly ServedMethod[] {
  return [
    duplexMethod(wire.Agents.connect, context, ({ user, signal }, input, out) => {
      const ended = new AbortController();
      return hub.serve({
        user,
        over: AbortSignal.any([signal, ended.signal]),
        send: (message) => out.send(message),
        onFrame: (listener) => {
          input.on('end', () => ended.abort());
          input.on('data', listener);
        },
      });
    }),
  ];
}
