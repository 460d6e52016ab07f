import type { WebSocket } from 'ws';
import type { Status } from '../../../api/generated/meta-v1.ts';
import { terminalSize } from './command.ts';
import type { CommandPeer, PeerMessage } from './command.ts';
import { messagesOf, sendMessage } from './websocket.ts';

/**
 * Subprotocols of exec and attach, the best first (upstream: remotecommand/websocket.go). The first byte of every
 * message is its channel. v5 can close a channel; before v4 the error channel is plain text; "base64" has digits
 * for channels and base64 for data.
 */
export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const;

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export function websocketPeer(socket: WebSocket, protocol: string | undefined): CommandPeer {
  const base64 = protocol?.includes('base64') === true;
  const encode = (channel: number, data: Buffer) =>
    base64
      ? Buffer.from(`${channel}${data.toString('base64')}`, 'latin1')
      : Buffer.concat([Buffer.of(channel), data]);
  return {
    messages: peerMessages(messagesOf(socket), base64),
    send: (output, data) => sendMessage(socket, encode(channels[output], data)),
    async finish(status) {
      await sendMessage(socket, encode(channels.error, errorText(status, protocol)));
      socket.close(1000);
    },
  };
}

function errorText(status: Status, protocol = ''): Buffer {
  if (/^v[45]\./.test(protocol)) return Buffer.from(JSON.stringify(status));
  return Buffer.from(status.status === 'Success' ? '' : (status.message ?? ''));
}

async function* peerMessages(messages: AsyncIterable<Buffer>, base64: boolean): AsyncGenerator<PeerMessage> {
  for await (const message of messages) {
    const channel = base64 ? (message[0] ?? 0) - 0x30 : message[0];
    const data = base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
    if (channel === channels.stdin) yield { kind: 'stdin', data };
    else if (channel === channels.close && data[0] === channels.stdin) yield { kind: 'stdin-closed' };
    else if (channel === channels.resize) {
      const size = terminalSize(data.toString('utf8'));
      if (size !== undefined) yield { kind: 'resize', ...size };
    }
  }
}
