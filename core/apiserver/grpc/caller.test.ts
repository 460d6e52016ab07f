import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { callerOf, identifyLoopback } from './caller.ts';

const from = (peer: string) =>
  callerOf({ metadata: new Metadata(), getPeer: () => peer, getAuthContext: () => null });

test.each(['127.0.0.1:40000', '127.8.8.8:1', '::1:40000', '::ffff:127.0.0.1:40000'])(
  'a caller from %s is the administrator',
  (peer) => {
    expect(identifyLoopback(from(peer))).toMatchObject({ user: { name: 'system:admin' } });
  },
);

// A connection that is gone has no address any more: that must not look like this machine.
test.each(['10.0.0.1:40000', '::ffff:10.0.0.1:1', 'fe80::1:40000', '127.0.0.1.example:1', 'unknown'])(
  'a caller from %s is refused',
  (peer) => {
    expect(() => identifyLoopback(from(peer))).toThrow('only loopback is let in');
  },
);
