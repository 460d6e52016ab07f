import * as wire from '../../api/generated/wheelhouse.ts';
import type { SessionHub } from '../streaming/session-hub.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { duplexMethod, type MessageInput, type MethodContext, type ServedMethod } from './methods.ts';

/** Where node agents call in. */
export function agentsService(
  hub: Pick<SessionHub, 'serve'>,
  context: MethodContext,
): readonly ServedMethod[] {
  return [
    duplexMethod(wire.Agents.connect, context, opening, async ({ user, signal, tracker }, { input }, out) => {
      tracker?.started(200);
      const ended = new AbortController();
      // An agent's stream has no end of its own, so it ends when the server does.
      using over = linkSignals(signal, ended.signal, context.stopping);
      await hub.serve({
        user,
        over: over.signal,
        send: (message) => out.send(message),
        onFrame: (listener) => {
          input.on('end', () => ended.abort());
          input.on('data', listener);
        },
      });
    }),
  ];
}

function opening<Message>(input: MessageInput<Message>) {
  const { path } = wire.Agents.connect;
  return { input, attributes: { verb: 'post', path, uri: path, resource: undefined, longRunning: true } };
}
