import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RuntimeError } from '../runtime.ts';
import { pauseArchive } from './pause-image.ts';
import { pauseProgram } from './pause-program.ts';

const native = process.arch === 'x64' ? 'amd64' : 'arm64';
const runsHere = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

describe('the pause program', () => {
  test.each(['amd64', 'arm64'] as const)('is an executable of under 200 bytes for %s', (architecture) => {
    const program = pauseProgram(architecture);
    expect(program.length).toBeLessThan(200);
    expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(program.readUInt16LE(18)).toBe(architecture === 'amd64' ? 62 : 183);
    // The one segment is the whole file, and the entry point lies in it.
    expect(program.readBigUInt64LE(64 + 32)).toBe(BigInt(program.length));
    const entryOffset = Number(program.readBigUInt64LE(24) - program.readBigUInt64LE(64 + 16));
    expect(entryOffset).toBe(120);
  });

  test.runIf(runsHere)('sleeps with SIGCHLD ignored, and exits with 0 on SIGTERM and SIGINT', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runtime-pause-'));
    const path = join(folder, 'pause');
    await writeFile(path, pauseProgram(native), { mode: 0o755 });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = spawn(path);
      await once(child, 'spawn');
      await untilAsleep(child.pid ?? 0);
      expect(status(child.pid ?? 0, 'SigIgn') & (1n << 16n)).not.toBe(0n);
      child.kill('SIGWINCH');
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([0, null]);
    }
    await rm(folder, { recursive: true });
  });

  test('is packed as the one file of an archive that tar can read', () => {
    const listing = execFileSync('tar', ['-tvf', '-'], { input: pauseArchive('arm64'), encoding: 'utf8' });
    expect(listing).toMatch(/^-rwxr-xr-x .* 196 .* pause\n$/);
  });

  test('is refused for another processor by name', () => {
    expect(() => pauseArchive('riscv64')).toThrow(RuntimeError);
    expect(() => pauseArchive('riscv64')).toThrow(/no pause program for "riscv64"/);
  });
});

/** rt_sigtimedwait is where it goes once it is set up; the kernel then names the state S. */
async function untilAsleep(pid: number): Promise<void> {
  while (!/^State:\s+S/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')) || status(pid, 'SigIgn') === 0n) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function status(pid: number, field: string): bigint {
  const line = new RegExp(`^${field}:\\s+([0-9a-f]+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return BigInt(`0x${line?.[1] ?? '0'}`);
}
