import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';
import type { RestApi } from '../../environment/rest.ts';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

test.each([
  ['HTTP/1.1', sendHalf],
  ['HTTP/2', sendHalfOverHttp2],
])(
  'a client that never ends its body over %s gets 504 after a minute, and others its turn',
  async (_, send) => {
    const serverClock = new SteppedClock();
    await using rest = await createRestApi({ fairness: { serverSeats: 20 }, serverClock });
    const [ann, bob] = await Promise.all([
      clientPair(rest.pki.clientCa, 'CN=ann'),
      clientPair(rest.pki.clientCa, 'CN=bob'),
    ]);
    // All the seats there are for those that are nobody in particular.
    const slow = [send(rest, ann), send(rest, ann)];
    await expect.poll(() => executing(rest)).toBe(2);
    serverClock.advance(59_000);
    expect(await executing(rest)).toBe(2);
    const waiting = rest.send('GET', configMaps, { as: bob });
    serverClock.advance(1_000);
    for (const answer of slow) expect(await answer).toMatch(/504 [^]*"reason":"Timeout"/);
    // Who may do nothing is told so when it is their turn.
    expect((await waiting).code).toBe(403);
    await expect.poll(() => executing(rest)).toBe(0);
  },
);

/** Requests of people that are under way. */
async function executing(rest: RestApi): Promise<number> {
  const { text } = await rest.send('GET', '/metrics');
  const line =
    /^apiserver_flowcontrol_current_executing_requests\{.*priority_level="global-default",.*\} (\d+)$/m;
  return Number(line.exec(text)?.[1] ?? 0);
}

/** Begins a request whose body never ends; resolves with all that comes until the server hangs up. */
function sendHalf({ address, pki }: RestApi, as: KeyPair): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({
    host,
    port: Number(port),
    ca: pki.serverCa.cert,
    ...as,
    ALPNProtocols: ['http/1.1'],
  });
  socket.write(
    `POST ${configMaps} HTTP/1.1\r\nhost: core\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  );
  return new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.on('error', reject);
    socket.once('close', () => resolve(text));
  });
}

/** The same as a stream of HTTP/2. */
async function sendHalfOverHttp2({ address, pki }: RestApi, as: KeyPair): Promise<string> {
  const session = connectHttp2(`https://${address}`, { ca: pki.serverCa.cert, ...as });
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': configMaps,
      'content-type': 'application/json',
    });
    stream.write('{');
    let text = '';
    stream.on('response', (headers) => (text += `${headers[':status']} `));
    stream.on('data', (data: Buffer) => (text += data.toString()));
    await once(stream, 'end');
    return text;
  } finally {
    session.destroy();
  }
}
