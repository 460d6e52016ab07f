import { startControlPlane } from '../../core/cmd/control-plane.ts';
import type { ControlPlane } from '../../core/cmd/control-plane.ts';
import { ensurePki } from '../../core/cmd/pki.ts';
import type { Pki } from '../../core/cmd/pki.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { jsonLogger } from '../../core/machinery/logger.ts';
import type { LogLevel } from '../../core/machinery/logger.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import type { KeyValueStore } from '../../core/storage/storage.ts';

/**
 * Core in this process as core/cmd/main.ts starts it, on ports of its own, with certificates in `directory`. What it has
 * to say of that level and above goes to stderr.
 */
export async function startCore(
  store: KeyValueStore,
  directory: string,
  level: LogLevel = 'warn',
): Promise<{ readonly core: ControlPlane; readonly pki: Pki }> {
  const pki = await ensurePki(directory, systemClock);
  const core = await startControlPlane({
    store,
    soleWriter: true,
    listen: '127.0.0.1:0',
    rest: { listen: '127.0.0.1:0', pki },
    clock: systemClock,
    random: systemRandom,
    log: jsonLogger((line) => process.stderr.write(line), systemClock, level),
  });
  return { core, pki };
}
