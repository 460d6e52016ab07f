import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
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

test('what is left of a refused body is read for ten seconds, and for 16 MB', async () => {
  const serverClock = new SteppedClock();
  await using rest = await createRestApi({ serverClock });
  const head = `POST ${configMaps} HTTP/1.1\r\nhost: core\r\ncontent-type: application/json\r\n`;
  const slow = await connected(rest, rest.pki.admin);
  slow.write(`${head}content-length: 1000000000\r\n\r\n{`);
  expect(String((await once(slow, 'data'))[0])).toMatch(/^HTTP\/1.1 413 /);
  serverClock.advance(9_000);
  slow.write(' ');
  await expect.poll(() => (serverClock.advance(1_000), slow.destroyed)).toBe(true);

  const fast = await connected(rest, rest.pki.admin);
  const answered = once(fast, 'data');
  fast.write(`${head}transfer-encoding: chunked\r\n\r\n`);
  const chunk = `100000\r\n${' '.repeat(1024 * 1024)}\r\n`;
  const more = () => {
    while (fast.writable && fast.write(chunk));
  };
  fast.on('drain', more);
  more();
  expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 413 /);
  await expect.poll(() => fast.destroyed, { timeout: 20_000 }).toBe(true);
});

test('over HTTP/2 who sends too much is told to stop, and the stream is closed', async () => {
  await using rest = await createRestApi();
  const { serverCa, admin } = rest.pki;
  const session = connectHttp2(`https://${rest.address}`, { ca: serverCa.cert, ...admin });
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': configMaps,
      'content-type': 'application/json',
    });
    stream.on('error', () => undefined);
    stream.resume();
    stream.write(Buffer.alloc(4 * 1024 * 1024, ' '));
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    expect(headers[':status']).toBe(413);
    await expect.poll(() => stream.closed).toBe(true);
    expect(stream.rstCode).toBe(0);
    // The others of the connection go on.
    const next = session.request({ ':path': configMaps });
    const [answer] = (await once(next, 'response')) as [{ ':status'?: number }];
    expect(answer[':status']).toBe(200);
    next.close();
  } finally {
    session.destroy();
  }
});

async function connected({ address, pki }: RestApi, as: KeyPair): Promise<TLSSocket> {
  const [host = '', port = ''] = address.split(':');
  const ca = pki.serverCa.cert;
  const socket = connect({ host, port: Number(port), ca, ...as, ALPNProtocols: ['http/1.1'] });
  await once(socket, 'secureConnect');
  // What it sends when the server has hung up already.
  socket.on('error', () => undefined);
  return socket;
}

/** Begins a request whose body never ends; resolves with all that comes until the server hangs up. */
async function sendHalf(rest: RestApi, as: KeyPair): Promise<string> {
  const socket = await connected(rest, as);
  socket.write(
    `POST ${configMaps} HTTP/1.1\r\nhost: core\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  );
  return new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
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
    await once(stream, 'close');
    return text;
  } finally {
    session.destroy();
  }
}
