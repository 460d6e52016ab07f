import { issuerOfFlags } from '../apiserver/authn/oidc/flag-issuer.ts';
import { AuthenticationFile } from './authentication-file.ts';
import { systemClock } from '../machinery/clock.ts';
import { jsonLogger } from '../machinery/logger.ts';
import { releaseMemoryWhenIdle } from '../machinery/process/idle-memory.ts';
import { bindLightly } from '../machinery/process/light-bind.ts';
import { systemRandom } from '../machinery/random.ts';
import { startControlPlane } from './control-plane.ts';
import { join } from 'node:path';
import { openEncryption } from './encryption.ts';
import { openAudit } from './open-audit.ts';
import { openStore } from './open-store.ts';
import { readAuthority } from './authorities.ts';
import type { AuthorityName } from './authorities.ts';
import { writeAuthoritiesInUse } from './authorities-in-use.ts';
import { watchDirectory } from './directory-changes.ts';
import { parseOptions, usage } from './options.ts';
import type { CoreOptions } from './options.ts';
import { runPkiRenewal } from './pki-renewal.ts';
import { ensurePki } from './pki.ts';
import type { PkiAuthorities } from './pki.ts';
import { ensureServiceAccountKeys, rotateServiceAccountKey } from './service-account-keys.ts';

const log = jsonLogger((line) => process.stderr.write(line), systemClock);

/** What core does besides running; each needs code that a running core does without. */
const commands: ReadonlyMap<string, (args: readonly string[]) => Promise<string>> = new Map([
  ['issue-user', async (args) => (await import('./issue-user.ts')).issueUser(args)],
  ['rotate-service-account-key', (args) => Promise.resolve(rotateServiceAccountKey(args, systemClock))],
  ['rotate-authorities', async (args) => (await import('./rotate-authorities.ts')).rotateAuthorities(args)],
  ['forget-authorities', async (args) => (await import('./rotate-authorities.ts')).forgetAuthorities(args)],
  [
    'rotate-encryption-key',
    async (args) => (await import('./rotate-encryption-key.ts')).rotateEncryptionKey(args),
  ],
]);

try {
  const args = process.argv.slice(2);
  const command = commands.get(args[0] ?? '');
  if (command !== undefined) process.stdout.write(await command(args.slice(1)));
  else {
    const options = parseOptions(args);
    if (options === 'help') process.stdout.write(usage);
    else await run(options);
  }
} catch (error) {
  log.error('core cannot go on', error);
  // The supervisor starts it again, so nothing half-working is left behind.
  process.exit(1);
}

async function run(options: CoreOptions): Promise<void> {
  bindLightly();
  const stop = untilSignalled();
  const pkiDirectory = join(options.dataDirectory, 'pki');
  const readPki = (authorities?: PkiAuthorities) =>
    ensurePki(pkiDirectory, systemClock, options.localNodes, authorities);
  const [opened, pki] = await Promise.all([openStore(options, systemClock, log), readPki()]);
  const { soleWriter } = opened;
  const encryption = openEncryption(
    opened.store,
    join(options.dataDirectory, 'encryption'),
    systemClock,
    log,
  );
  const { store } = encryption;
  const { authenticationConfig, oidc } = options;
  const authentication =
    authenticationConfig === undefined ? undefined : new AuthenticationFile(authenticationConfig);
  const issuers = authentication?.read() ?? (oidc === undefined ? [] : [issuerOfFlags(oidc)]);
  const audit = openAudit(options.audit, systemClock, systemRandom, log);
  const controlPlane = await startControlPlane({
    store,
    soleWriter,
    listen: options.listen,
    rest: { listen: options.restListen, pki },
    serviceAccountKeys: ensureServiceAccountKeys(pkiDirectory),
    serviceCidrs: options.serviceCidrs,
    issuers,
    requestHeaders: options.requestHeaders,
    disabledAdmission: options.disabledAdmission,
    podSecurity: options.podSecurity,
    limitedResources: options.limitedResources,
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
  const ending = new AbortController();
  const encrypting = encryption.run(ending.signal);
  const authorities = authoritiesOf(pki);
  const inUse =
    opened.authority === undefined ? authorities : { ...authorities, 'etcd-ca': opened.authority };
  writeAuthoritiesInUse(pkiDirectory, inUse);
  const renewing = runPkiRenewal(
    {
      async ensure() {
        await opened.renewCertificates?.();
        const { server, frontProxyClient } = await readPki(pki);
        return { server, frontProxyClient };
      },
      pairs: { server: pki.server, frontProxyClient: pki.frontProxyClient },
      authorities: { live: authorities, read: (name) => readAuthority(pkiDirectory, name as AuthorityName) },
      serviceAccountKeys: {
        read: () => ensureServiceAccountKeys(pkiDirectory),
        use: (keys) => controlPlane.api.tokens?.useKeys(keys),
      },
      changes: watchDirectory(pkiDirectory, ending.signal),
      onTakenUp: () => writeAuthoritiesInUse(pkiDirectory, inUse),
      clock: systemClock,
      log,
    },
    ending.signal,
  );
  const following = authentication?.follow(
    (found) => controlPlane.api.useIssuers(found),
    { clock: systemClock, log },
    ending.signal,
  );
  const releasing = releaseMemoryWhenIdle(systemClock, ending.signal);
  const why = await Promise.race([stop, controlPlane.failed, encrypting.then(() => stop)]);
  log.info('core stops', { signal: why });
  ending.abort();
  await Promise.allSettled([controlPlane.stop(), encrypting, renewing, following, releasing]);
  await audit?.close();
  await opened.close();
}

function authoritiesOf({ serverCa, clientCa, nodeServingCa, frontProxyCa }: PkiAuthorities) {
  return {
    'server-ca': serverCa,
    'client-ca': clientCa,
    'node-serving-ca': nodeServingCa,
    'front-proxy-ca': frontProxyCa,
  };
}

function untilSignalled(): Promise<NodeJS.Signals> {
  // A terminal that closes does not end a daemon.
  process.on('SIGHUP', () => undefined);
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
