import { X509Certificate } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { systemClock } from '../../machinery/clock.ts';
import { makePair } from '../../machinery/pki/make-certificate.ts';
import { callerOf } from './caller.ts';

const from = (peer: string) =>
  callerOf({ metadata: new Metadata(), getPeer: () => peer, getAuthContext: () => null });

// A connection that is gone has no address any more: that must not look like this machine.
test.each([
  ['127.0.0.1:40000', '127.0.0.1'],
  ['::1:40000', '::1'],
  ['::ffff:10.0.0.1:1', '::ffff:10.0.0.1'],
  ['unknown', 'unknown'],
])('a caller from %s has the address %s', (peer, address) => {
  expect(from(peer).address).toBe(address);
});

test('the certificate of a connection is read once, and not that of another one', async () => {
  const reads: string[] = [];
  const shown = new Map<string, Buffer>();
  for (const name of ['a', 'b']) {
    const pair = await makePair({ name, subject: `CN=${name}`, use: 'ca' }, systemClock);
    shown.set(name, new X509Certificate(pair.cert).raw);
  }
  const on = (session: object, name: string) => {
    const getAuthContext = () => {
      reads.push(name);
      return { sslPeerCertificate: { raw: shown.get(name) ?? Buffer.alloc(0) } };
    };
    const call = { metadata: new Metadata(), getPeer: () => 'unknown', getAuthContext };
    return callerOf(Object.assign(call, { call: { stream: { session } } })).certificate()?.subject;
  };
  const [one, two] = [{}, {}];
  expect([on(one, 'a'), on(one, 'a'), on(two, 'b'), on(one, 'a')]).toEqual(['CN=a', 'CN=a', 'CN=b', 'CN=a']);
  expect(reads).toEqual(['a', 'b']);
});

test('where the connection is not found the certificate is read for every call', () => {
  let reads = 0;
  const getAuthContext = () => {
    reads++;
    return {};
  };
  const caller = callerOf({ metadata: new Metadata(), getPeer: () => 'unknown', getAuthContext });
  expect([caller.certificate(), caller.certificate()]).toEqual([undefined, undefined]);
  expect(reads).toBe(2);
});
