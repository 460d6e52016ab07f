import { systemClock } from '../machinery/clock.ts';
import { jsonLogger } from '../machinery/logger.ts';
import { systemRandom } from '../machinery/random.ts';
import { startControlPlane } from './control-plane.ts';
import { join } from 'node:path';
import { openAudit } from './open-audit.ts';
import { openStore } from './open-store.ts';
import { parseOptions, usage } from './options.ts';
import type { CoreOptions } from './options.ts';
import { ensurePki } from './pki.ts';
import { ensureServiceAccountKeys } from './service-account-keys.ts';

const log = jsonLogger((line) => process.stderr.write(line), systemClock);

try {
  const args = process.argv.slice(2);
  const options = args[0] === 'issue-user' ? 'issue-user' : parseOptions(args);
  if (options === 'help') process.stdout.write(usage);
  else if (options === 'issue-user') {
    // Needs code that a running core does without.
    const { issueUser } = await import('./issue-user.ts');
    process.stdout.write(await issueUser(args.slice(1)));
  } else await run(options);
} catch (error) {
  log.error('core cannot go on', error);
  // The supervisor starts it again, so nothing half-working is left behind.
  process.exit(1);
}

async function run(options: CoreOptions): Promise<void> {
  const stop = untilSignalled();
  const [opened, pki] = await Promise.all([
    openStore(options, systemClock, log),
    ensurePki(join(options.dataDirectory, 'pki'), systemClock, options.localNodes),
  ]);
  const { store, soleWriter } = opened;
  const audit = openAudit(options.audit, systemClock, systemRandom, log);
  const controlPlane = await startControlPlane({
    store,
    soleWriter,
    listen: options.listen,
    rest: { listen: options.restListen, pki },
    serviceAccountKeys: ensureServiceAccountKeys(join(options.dataDirectory, 'pki')),
    serviceCidrs: options.serviceCidrs,
    oidc: options.oidc,
    disabledAdmission: options.disabledAdmission,
    podSecurity: options.podSecurity,
    audit,
    serverSeats: options.serverSeats,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  log.info('core is ready', {
    grpc: controlPlane.address,
    rest: controlPlane.restAddress,
    store: store.name,
  });
  const why = await Promise.race([stop, controlPlane.failed]);
  log.info('core stops', { signal: why });
  await controlPlane.stop();
  await audit?.close();
  await opened.close();
}

function untilSignalled(): Promise<NodeJS.Signals> {
  // A terminal that closes does not end a daemon.
  process.on('SIGHUP', () => undefined);
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
