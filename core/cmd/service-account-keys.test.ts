import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectEventually } from '../../test/expectations/eventually.ts';
import { TokenSigner } from '../apiserver/authn/jwt.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { runPkiRenewal } from './pki-renewal.ts';
import { ensureServiceAccountKeys, rotateServiceAccountKey, sameKeys } from './service-account-keys.ts';

const dayMs = 24 * 3_600_000;
let directory: string;
let clock: SteppedClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wheelhouse-keys-'));
  clock = new SteppedClock();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = () => ensureServiceAccountKeys(join(directory, 'pki'));
const rotate = () => rotateServiceAccountKey([`--data-dir=${directory}`], clock);

describe('the key of ServiceAccount tokens', () => {
  test('is made once', () => {
    expect(sameKeys(read(), read())).toBe(true);
  });

  test('that was replaced verifies what it has signed, and signs no more', () => {
    const before = new TokenSigner(read());
    const token = before.sign({ sub: 'a' });
    rotate();
    const after = new TokenSigner(read());
    expect(after.verify(token)).toEqual({ sub: 'a' });
    expect(before.verify(after.sign({ sub: 'b' }))).toBeUndefined();
    expect(after.jwks().keys).toHaveLength(2);
    // Its private half is gone.
    expect(readdirSync(join(directory, 'pki')).filter((file) => file.endsWith('.key'))).toEqual(['sa.key']);
  });

  test('is forgotten when nothing it has signed can hold any longer', () => {
    const token = new TokenSigner(read()).sign({ sub: 'a' });
    rotate();
    clock.advance(dayMs);
    rotate();
    expect(new TokenSigner(read()).verify(token)).toEqual({ sub: 'a' });
    clock.advance(dayMs + 1);
    rotate();
    expect(new TokenSigner(read()).verify(token)).toBeUndefined();
  });

  test('is taken up while core runs', async () => {
    const used: unknown[] = [];
    const stop = new AbortController();
    read();
    const running = runPkiRenewal(
      {
        ensure: () => Promise.resolve({}),
        pairs: {},
        serviceAccountKeys: { read, use: (keys) => used.push(keys) },
        clock,
        log: { info: () => undefined, error: () => undefined },
      },
      stop.signal,
    );
    await clock.advanceAsync(600_000);
    expect(used).toEqual([]);
    rotate();
    await expectEventually(clock, () => expect(used).toHaveLength(1), 700_000);
    stop.abort();
    await running;
  });

  test('is not replaced where nobody says of which cluster', () => {
    expect(() => rotateServiceAccountKey([], clock)).toThrow('--data-dir is required');
  });
});
