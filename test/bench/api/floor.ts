import { createSecureServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ensurePki } from '../../../core/cmd/pki.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { serveCalls } from './child.ts';
import { watchLoop } from './loop-watch.ts';

/** Bare HTTP/2 over TLS: as many bytes as the path says, and streams that all get the same. Nothing behind it. */
const [directory = ''] = process.argv.slice(2);
const report = watchLoop();
const { server: pair, clientCa } = await ensurePki(directory, systemClock);
const piece = Buffer.alloc(256 * 1024, 'x');
const following = new Set<ServerHttp2Stream>();
const server = createSecureServer({
  cert: pair.cert,
  key: pair.key,
  ca: clientCa.cert,
  requestCert: true,
  minVersion: 'TLSv1.2',
  maxSessionMemory: 256,
  settings: { maxConcurrentStreams: 1_000 },
});
server.on('stream', (stream, headers) => {
  stream.on('error', () => undefined);
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  if (headers[':path'] === '/follow') {
    following.add(stream);
    stream.once('close', () => following.delete(stream));
    stream.write('\n');
    return;
  }
  const total = Number(headers[':path']?.slice(1));
  if (total <= piece.length) {
    stream.end(piece.subarray(0, total));
    return;
  }
  let sent = 0;
  const go = () => {
    for (let more = true; more && sent < total; sent += piece.length)
      more = stream.write(piece.subarray(0, total - sent));
    if (sent < total) stream.once('drain', go);
    else stream.end();
  };
  go();
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});

serveCalls(
  {
    address: () => `127.0.0.1:${(server.address() as AddressInfo).port}`,
    report,
    /** To everybody who follows. */
    send: (bytes: number) => {
      const whole = Buffer.alloc(bytes, 'x');
      for (const stream of following) stream.write(whole);
    },
  },
  () => Promise.resolve(),
);
