import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleProgram, PtyScreen } from '../terminal/testing/pty-screen.ts';

/** The promise. It is held against the quicker keys: what a shared machine's neighbours cost shows in the rest, printed. */
const boundMs = 16;

test('a keystroke is echoed within a frame, with ten thousand lines of history', async () => {
  const program = await bundleProgram('shell/terminal/testing/fake-shell.ts');
  const state = mkdtempSync(join(tmpdir(), 'terminal-latency-'));
  mkdirSync(join(state, 'wheelhouse'), { mode: 0o700 });
  const lines = Array.from({ length: 10_000 }, (_, index) => `"get pods -l app=web-${index} -o wide"\n`);
  writeFileSync(join(state, 'wheelhouse', 'history'), lines.join(''), { mode: 0o600 });
  const screen = new PtyScreen(process.execPath, [program], { columns: 100, env: { XDG_STATE_HOME: state } });
  try {
    await screen.shows('test:default>');
    const measured: number[] = [];
    const text =
      'get pods -l app=web-4711 and then something long enough to wrap over the edge of the screen, twice 日本語';
    for (let round = 0; round < 3; round += 1) {
      for (const character of text) {
        const startedMs = performance.now();
        const echoed = new Promise<void>((resolve) => {
          const stop = screen.onBytes(() => {
            stop();
            resolve();
          });
        });
        screen.type(character);
        await echoed;
        measured.push(performance.now() - startedMs);
      }
      screen.type('\x15');
      await screen.until('an empty line', () => screen.text().endsWith('test:default>'));
    }
    measured.sort((a, b) => a - b);
    const at = (share: number) => measured[Math.floor(measured.length * share)] ?? 0;
    console.log(
      `keystroke to echo, ${measured.length} keys: p10 ${at(0.1).toFixed(2)} ms, p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms`,
    );
    expect(at(0.1)).toBeLessThan(boundMs);
  } finally {
    screen.dispose();
    rmSync(state, { recursive: true, force: true });
    rmSync(program, { force: true });
  }
});
