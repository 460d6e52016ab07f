import { connect } from 'node:http2';
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  configMaps,
  createHostileScene,
  deployments,
  expectHealthy,
  tooLarge,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';

let rest: RestApi;
let http2: ClientHttp2Session;
beforeAll(async () => {
  rest = await createHostileScene();
  const { serverCa, admin } = rest.pki;
  http2 = connect(`https://${rest.address}`, { ca: serverCa.cert, servername: 'localhost', ...admin });
});
afterAll(async () => {
  http2.destroy();
  await rest[Symbol.asyncDispose]();
});

const hundredMegabytes = 100 * 1024 * 1024;
const fourMegabytes = 4 * 1024 * 1024;

interface Answer {
  readonly code: number;
  readonly text: string;
}
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  /** What the head says; nothing unless given. */
  readonly announced?: number;
  readonly body: Buffer;
}

/** By either protocol, without an end of the body: only a server that does not wait for one answers. */
async function sendOver(protocol: 'HTTP/1.1' | 'HTTP/2', sent: Sent): Promise<Answer> {
  const { method, path, contentType, announced, body } = sent;
  const headers: OutgoingHttpHeaders = {
    'content-type': contentType,
    ...(announced === undefined ? {} : { 'content-length': announced }),
  };
  const chunks: Buffer[] = [];
  if (protocol === 'HTTP/1.1') {
    const length = announced === undefined ? { 'content-length': body.length } : {};
    const message = await rest.open(method, path, { body, contentType, headers: { ...headers, ...length } });
    const { socket } = message;
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    // The server would take the next request for the rest of this one.
    socket.destroy();
    return { code: message.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
  }
  const stream = http2.request({ ':method': method, ':path': path, ...headers }, { endStream: false });
  return new Promise((resolve, reject) => {
    let code = 0;
    stream.setTimeout(20_000, () => stream.destroy(new Error('no answer within 20 s')));
    stream.on('response', (head) => (code = head[':status'] ?? 0));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      resolve({ code, text: Buffer.concat(chunks).toString() });
      stream.destroy();
    });
    stream.once('error', reject);
    stream.write(body);
  });
}

function expectTooLarge({ code, text }: Answer): void {
  expect(code).toBe(413);
  expect(JSON.parse(text)).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    ...tooLarge,
    message: expect.stringMatching(/limit|large/i) as string,
  });
}

const protobuf = 'application/vnd.kubernetes.protobuf';
const beginnings = {
  'application/json': '{"metadata":{"name":"large"},"data":{"a":"',
  'application/yaml': 'metadata: {name: large}\ndata:\n  a: "',
  [protobuf]: 'k8s\0',
};
const bodies = Object.entries(beginnings);
const targets = [
  ['POST', configMaps],
  ['PUT', `${configMaps}/there`],
  ['DELETE', `${configMaps}/there`],
  ['DELETE', configMaps],
] as const;
const patches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const patched = `${deployments}/web?fieldManager=hostile`;
const everything = [
  ...targets.flatMap(([method, path]) =>
    bodies.map(([contentType, beginning]) => ({ method, path, contentType, beginning })),
  ),
  ...patches.map((contentType) => ({ method: 'PATCH', path: patched, contentType, beginning: '{' })),
];

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('over %s, a body is refused as too large', (protocol) => {
  test.for(everything)(
    'that says so: $method $path, $contentType',
    async ({ method, path, contentType, beginning }) => {
      const body = Buffer.from(beginning);
      expectTooLarge(
        await sendOver(protocol, { method, path, contentType, announced: hundredMegabytes, body }),
      );
      await expectHealthy(rest);
    },
  );

  test.for(bodies)('that goes on after the limit: %s', async ([contentType, beginning]) => {
    const body = Buffer.alloc(fourMegabytes, 'x');
    body.write(beginning, 'latin1');
    expectTooLarge(await sendOver(protocol, { method: 'POST', path: configMaps, contentType, body }));
    await expectHealthy(rest);
  });
});

describe('a patch of more than anybody could store', () => {
  const items = JSON.stringify(Array.from({ length: 60_000 }, (_, n) => ({ name: `e${n}` })));
  const change = `"spec":{"template":{"spec":{"containers":[{"name":"main","image":"web:1","env":${items}}]}}}`;
  const applied = '"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}';

  test.for([
    ['application/merge-patch+json', `{${change}}`],
    ['application/strategic-merge-patch+json', `{${change}}`],
    ['application/apply-patch+yaml', `{${applied},${change}}`],
  ] as const)('fits into a request as %s, and is refused in few words', async ([contentType, body]) => {
    const before = (await rest.send('GET', `${deployments}/web`)).text;
    const { code, text } = await rest.send(
      'PATCH',
      `${patched}${contentType.includes('apply') ? '&force=true' : ''}`,
      { contentType, body },
    );
    expectTooLarge({ code, text });
    expect(text.length).toBeLessThan(1_000);
    expect((await rest.send('GET', `${deployments}/web`)).text).toBe(before);
    await expectHealthy(rest);
  });
});
