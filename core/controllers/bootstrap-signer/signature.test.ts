import { expect, test } from 'vitest';
import { detachedSignature } from './signature.ts';

const token = { id: 'joshua', secret: '0123456789abcdef' };

test('a signature is the one that kubeadm makes of the same text', () => {
  // The cases of cluster-bootstrap/token/jws/jws_test.go.
  const content = 'Hello from the other side. I must have called a thousand times.';
  const secret = 'my voice is my passcode';
  expect(detachedSignature(content, { id: 'joshua', secret })).toBe(
    'eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8',
  );
});

test('another text, token or id has another', () => {
  const signature = detachedSignature('text', token);
  expect(detachedSignature('text', token)).toBe(signature);
  expect(detachedSignature('texts', token)).not.toBe(signature);
  expect(detachedSignature('text', { ...token, secret: '0123456789abcdeg' })).not.toBe(signature);
  expect(detachedSignature('text', { ...token, id: 'other' })).not.toBe(signature);
});
