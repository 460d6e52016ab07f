import { describe, expect, test } from 'vitest';
import type { CertificateSigningRequestStatus } from '../../api/generated/certificates-v1.ts';
import { makePair } from '../../machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { forgottenAtMs } from './controller.ts';

const clock = new SteppedClock();
const hourMs = 3_600_000;
const madeMs = clock.now();
const decidedMs = madeMs + hourMs;

const endOf = (status: CertificateSigningRequestStatus) =>
  (forgottenAtMs({
    metadata: { name: 'a', creationTimestamp: timestamp(madeMs) },
    spec: { request: '', signerName: 'example.com/a' },
    status,
  }) -
    madeMs) /
  hourMs;
const condition = (type: string) => ({ type, status: 'True', lastUpdateTime: timestamp(decidedMs) });

describe('a request for a certificate is forgotten', () => {
  test('a day after nobody has decided, or nobody has signed', () => {
    expect(endOf({})).toBe(24);
    expect(endOf({ conditions: [condition('Approved')] })).toBe(1 + 24);
  });

  test('an hour after it was denied, has failed, or was signed', async () => {
    const { cert } = await makePair({ name: 'a', subject: 'CN=a', use: 'ca' }, clock);
    const certificate = cert.toString('base64');
    expect(endOf({ conditions: [condition('Denied')] })).toBe(2);
    expect(endOf({ conditions: [condition('Approved'), condition('Failed')] })).toBe(2);
    expect(endOf({ conditions: [condition('Approved')], certificate })).toBe(2);
  });

  test('when its certificate has ended', async () => {
    const past = new SteppedClock(madeMs - 3650 * 24 * hourMs + hourMs / 2);
    const { cert } = await makePair({ name: 'a', subject: 'CN=a', use: 'ca' }, past);
    expect(endOf({ conditions: [condition('Approved')], certificate: cert.toString('base64') })).toBe(0.5);
  });
});
