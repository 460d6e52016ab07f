import type { WebSocket } from 'ws';
import type { Status } from '../../../api/generated/meta-v1.ts';
import { terminalSize } from './command.ts';
import type { CommandPeer, CommandQuery, PeerMessage } from './command.ts';
import { WebSocketChannels } from './websocket-channels.ts';
import type { ChannelMessage } from './websocket-channels.ts';

/**
 * Subprotocols of exec and attach, the best first (upstream: remotecommand/websocket.go). v5 can close a channel;
 * before v4 the error channel is plain text, and silent after a success.
 */
export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const;

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export function websocketPeer(
  socket: WebSocket,
  protocol: string | undefined,
  query: Pick<CommandQuery, 'stdout' | 'stderr'>,
): CommandPeer {
  const connection = new WebSocketChannels(socket, protocol);
  // Upstream's sign that the connection is there: nothing, on the first channel that says anything.
  const first = query.stdout ? channels.stdout : query.stderr ? channels.stderr : channels.error;
  void connection.send(first, Buffer.alloc(0));
  return {
    messages: peerMessages(connection.messages(), protocol === commandProtocols[0]),
    send: (output, data) => connection.send(channels[output], data),
    async finish(status) {
      const text = errorText(status, protocol);
      if (text !== undefined) await connection.send(channels.error, Buffer.from(text));
      connection.close();
    },
  };
}

function errorText(status: Status, protocol = ''): string | undefined {
  if (/^v[45]\./.test(protocol)) return JSON.stringify(status);
  return status.status === 'Success' ? undefined : (status.message ?? '');
}

async function* peerMessages(
  messages: AsyncIterable<ChannelMessage>,
  canClose: boolean,
): AsyncGenerator<PeerMessage> {
  for await (const { channel, data } of messages) {
    if (channel === channels.stdin) yield { kind: 'stdin', data };
    else if (canClose && channel === channels.close && data[0] === channels.stdin)
      yield { kind: 'stdin-closed' };
    else if (channel === channels.resize) {
      const size = terminalSize(data.toString('utf8'));
      if (size !== undefined) yield { kind: 'resize', ...size };
    }
  }
}
