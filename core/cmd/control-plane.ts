import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { createApi } from '../apiserver/api.ts';
import type { Api, ApiOptions } from '../apiserver/api.ts';
import type { Aggregator } from '../apiserver/aggregation/aggregator.ts';
import { createAggregation } from '../apiserver/aggregation/create.ts';
import { withRemotes } from '../apiserver/aggregation/remote-verbs.ts';
import type { Auditor } from '../apiserver/audit/auditor.ts';
import { ownUsers, ownVerbs } from '../apiserver/audit/own-verbs.ts';
import type { UserInfo, Verbs } from '../api/verbs.ts';
import { createDiscovery } from '../apiserver/discovery.ts';
import type { SigningKeys } from '../apiserver/authn/jwt.ts';
import type { Issuer } from '../apiserver/authn/oidc/issuer.ts';
import { TrustPublisher } from '../apiserver/authn/published-trust.ts';
import { createRequestIdentity } from '../apiserver/authn/request-identity.ts';
import { createFairness } from '../apiserver/fairness/create.ts';
import { createCallIdentity } from '../apiserver/grpc/caller.ts';
import { createGrpcServer } from '../apiserver/grpc/server.ts';
import type { GrpcServerOptions, GrpcServerTls } from '../apiserver/grpc/server.ts';
import { OpenApiDocuments } from '../apiserver/openapi.ts';
import { RequestPipeline } from '../apiserver/requests/pipeline.ts';
import { createRestServer } from '../apiserver/rest/server.ts';
import type { RestServer, RestServerOptions } from '../apiserver/rest/server.ts';
import { createContainerStreams } from '../apiserver/streaming/container-streams.ts';
import { SessionHub } from '../apiserver/streaming/session-hub.ts';
import { UsageReader } from '../apiserver/usage/usage-reader.ts';
import { kubernetesVersion } from '../api/schema/facts.ts';
import { QueuedEventRecorder } from '../client/events.ts';
import { createInformerFactory } from '../client/informer-factory.ts';
import type { Client } from '../client/client.ts';
import { createClient } from '../client/typed-client.ts';
import { createControllers } from '../controllers/controllers.ts';
import type { ControllerSettings } from '../controllers/controllers.ts';
import { LeaderElection } from '../controllers/runtime/leader-election.ts';
import { Manager } from '../controllers/runtime/manager.ts';
import type { Runnable } from '../controllers/runtime/manager.ts';
import type { RemoteKinds } from '../controllers/runtime/remote-kinds.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import type { MetricFamily } from '../machinery/metrics/metrics.ts';
import type { KeyPair } from '../machinery/pki/key-pair.ts';
import { uuid } from '../machinery/random.ts';
import type { Random } from '../machinery/random.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { runCompactor } from '../storage/compactor.ts';
import { measuredStore } from '../storage/measured-store.ts';
import type { KeyValueStore } from '../storage/storage.ts';
import { coreMetrics, StoreMetrics } from './metrics.ts';
import type { Working } from './metrics.ts';
import { clientIdentity } from './client-identity.ts';
import type { ClientIdentity } from './client-identity.ts';
import type { Pki } from './pki.ts';
import type { RequestHeaderOptions } from './request-header-options.ts';
import { healthChecks } from './health-checks.ts';
import { remoteKinds } from './remote-kinds.ts';

const wheelhouseVersion = '0.1.0';

export interface ControlPlaneOptions {
  readonly store: KeyValueStore;
  readonly soleWriter: boolean;
  /** Where Services get their addresses; the defaults unless given. */
  readonly serviceCidrs?: readonly string[] | undefined;
  /** Names of admission plug-ins that do not run. */
  readonly disabledAdmission?: readonly string[] | undefined;
  /** What namespaces without labels hold their Pods to, and who is exempt; nothing and nobody unless given. */
  readonly podSecurity?: ApiOptions['podSecurity'];
  readonly limitedResources?: ApiOptions['limitedResources'];
  /** host:port of gRPC; port 0 takes a free one. */
  readonly listen: string;
  /** host:port of REST, and the certificates that both front ends go by. */
  readonly rest: { readonly listen: string; readonly pki: Pki };
  /** With them, ServiceAccounts have tokens. */
  readonly serviceAccountKeys?: SigningKeys | undefined;
  /** Issuers of identities outside the cluster. */
  readonly issuers?: readonly Issuer[] | undefined;
  /** Which proxies may say who a user is; those of the cluster's own front-proxy authority unless given. */
  readonly requestHeaders?: RequestHeaderOptions | undefined;
  /** How many requests are served at once, long-running ones left out; upstream's number unless given. */
  readonly serverSeats?: number | undefined;
  /** Notes what is asked for; nothing is noted without. */
  readonly audit?: { readonly auditor: Auditor; readonly families: readonly MetricFamily[] } | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface ControlPlane {
  /** Where gRPC listens. */
  readonly address: string;
  /** Where REST listens. */
  readonly restAddress: string;
  readonly api: Api;
  /** Rejects when a part failed: the process should end and be started again. */
  readonly failed: Promise<never>;
  /** Ends calls with grace, then everything else. */
  stop(): Promise<void>;
}

const callGraceMs = 2_000;

/** Puts the control plane together: API, gRPC, scheduler and controllers over one store, in one process. */
export async function startControlPlane(given: ControlPlaneOptions): Promise<ControlPlane> {
  const storeMetrics = new StoreMetrics();
  const options = { ...given, store: measuredStore(given.store, storeMetrics.onCall) };
  const { store, soleWriter, listen, clock, random, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  // Every cache of every kind listens: many listeners are no leak here.
  setMaxListeners(0, signal);
  const onError = (error: unknown, doing: string) => {
    if (!signal.aborted) log.error(`Failed to ${doing}`, error);
  };

  const agents = new SessionHub({
    clock,
    instance: uuid(random),
    version: wheelhouseVersion,
    onNodeChange: (node, connected) =>
      log.info(`Agent ${connected ? 'connected' : 'disconnected'}`, { node }),
  });
  const usage = new UsageReader({ clock, source: agents });
  const api = createApi({
    store,
    clock,
    random,
    soleWriter,
    serviceCidrs: options.serviceCidrs,
    withoutAdmission: options.disabledAdmission,
    podSecurity: options.podSecurity,
    limitedResources: options.limitedResources,
    rbac: true,
    readUsage: (node) => usage.read(node),
    agents,
    serviceAccountKeys: options.serviceAccountKeys,
    issuers: options.issuers,
    // One that cannot be asked is the operator's business, and no fault of a request.
    onIssuerError: (error) => log.error('Cannot tell who the tokens of an issuer stand for', error),
    onError: (error) => onError(error, 'serve a request'),
  });
  const caching = api.run(signal);
  const compacting = runCompactor(
    { store, clock, onError: (error) => onError(error, 'compact the store') },
    signal,
  );
  await api.ready(signal);

  const version = { gitVersion: kubernetesVersion, wheelhouseVersion, store: storeName(store) };
  const openApi = new OpenApiDocuments(api.scheme);
  const containers = createContainerStreams({
    verbs: api.verbs,
    hub: agents,
    authorizer: api.authorizer,
    random,
    admit: api.admitConnect,
  });
  const aggregator = aggregatorOf(options, api, onError);
  aggregator.onChange(() => openApi.useRemotes(aggregator.openApi2));
  const aggregating = aggregator.run(signal);
  const clients = clientIdentity(options.rest.pki, options.requestHeaders, clock);
  const publishing = publishTrust(options, api, clients, onError, signal);
  const discovery = createDiscovery(api.scheme, openApi, version, aggregator);
  const turns = createFairness(api, {
    clock,
    random,
    serverSeats: options.serverSeats,
    onError: (error) => onError(error, 'keep flow schemas and priority levels'),
  });
  const takingTurns = turns.run(signal);
  const pipeline = new RequestPipeline({
    authorizer: api.authorizer,
    credentialEnds: api.credentialEnds,
    auditor: options.audit?.auditor,
    fairness: turns.fairness,
    clock,
  });
  const grpc = createGrpcServer({
    pipeline,
    authorizer: api.authorizer,
    verbs: withRemotes(api.verbs, aggregator, api.authorizer),
    discovery,
    streaming: { containers, agents },
    listen,
    ...grpcSecurity(options, api, clients),
    clock,
    onError,
  });
  const address = await grpc.start();
  const inProcess: Working = { parts: [], leads: false };
  const metrics = coreMetrics({
    api,
    store: storeMetrics,
    working: inProcess,
    version,
    others: [
      ...(options.audit?.families ?? []),
      ...turns.fairness.families,
      ...agents.families,
      ...api.families,
    ],
  });
  const parts = { discovery, openApi, containers, metrics, pipeline, aggregator };
  // Before the signal, so that whoever asks while the last requests are served is told.
  const draining = new AbortController();
  const rest = restServer(options, api, clients, parts, draining.signal, onError);
  const restAddress = await rest.start();
  onTlsChange(options, clients, (tls) => {
    grpc.useTls(tls);
    rest.useTls(tls);
  });

  const working = runControllers(api, { ...options, aggregator, restAddress }, inProcess, onError, signal);
  const failed = Promise.all([caching, working]).then(() => new Promise<never>(() => undefined));
  // Whoever does not wait for it still gets a clean stop.
  failed.catch(() => undefined);

  return {
    address,
    restAddress,
    api,
    failed,
    async stop() {
      draining.abort();
      await Promise.all([grpc.stop(callGraceMs), rest.stop(callGraceMs)]);
      stopping.abort();
      await Promise.allSettled([caching, compacting, working, takingTurns, aggregating, publishing]);
    },
  };
}

/** What both front ends show, and whose certificates may be shown to them. */
function tlsOf({ cert, key }: KeyPair, { trust }: ClientIdentity): Required<GrpcServerTls> {
  return { cert, key, clientCa: trust.bundle };
}

/** When one of that is replaced. */
function onTlsChange(
  { rest }: ControlPlaneOptions,
  clients: ClientIdentity,
  use: (tls: Required<GrpcServerTls>) => void,
): void {
  const { server } = rest.pki;
  const changed = () => use(tlsOf(server, clients));
  server.onReplaced(changed);
  clients.trust.onReplaced(changed);
}

function publishTrust(
  { clock, random, audit }: ControlPlaneOptions,
  { verbs }: Api,
  clients: ClientIdentity,
  onError: (error: unknown, doing: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const publisher = new TrustPublisher({
    verbs: ownVerbs(verbs, audit?.auditor, ownUsers.server),
    trust: clients.published,
    clock,
    random,
    onError: (error) => onError(error, 'publish whom to believe about who asks'),
  });
  clients.onChange(() => publisher.changed());
  return publisher.run(signal);
}

function grpcSecurity(
  { rest }: ControlPlaneOptions,
  { authenticator: tokens }: Api,
  clients: ClientIdentity,
): Pick<GrpcServerOptions, 'tls' | 'identify'> {
  const { certificates } = clients;
  return { tls: tlsOf(rest.pki.server, clients), identify: createCallIdentity({ tokens, certificates }) };
}

function aggregatorOf(
  { rest, clock, random }: ControlPlaneOptions,
  api: Api,
  onError: (error: unknown, doing: string) => void,
): Aggregator {
  return createAggregation(api, {
    clock,
    random,
    frontProxy: rest.pki.frontProxyClient,
    onError: (error) => onError(error, 'look after APIServices'),
  });
}

function restServer(
  { rest, store, clock }: ControlPlaneOptions,
  { verbs, scheme, registry, postStartHooks, authorizer, tokens, authenticator }: Api,
  clients: ClientIdentity,
  parts: Pick<
    RestServerOptions,
    'discovery' | 'openApi' | 'containers' | 'metrics' | 'pipeline' | 'aggregator'
  >,
  stopping: AbortSignal,
  onError: (error: unknown, doing: string) => void,
): RestServer {
  const { certificates } = clients;
  return createRestServer({
    verbs,
    scheme,
    ...parts,
    listen: rest.listen,
    tls: tlsOf(rest.pki.server, clients),
    identify: createRequestIdentity({ tokens: authenticator, certificates }),
    issuer: tokens,
    clock,
    authorizer,
    health: healthChecks({ store, registry, postStartHooks, stopping }),
    onError,
  });
}

/** At once where no other process writes to the store; elsewhere while this one is the leader of those that do. */
function runControllers(
  api: Api,
  options: ControlPlaneOptions & Pick<Dependencies, 'aggregator' | 'restAddress'>,
  inProcess: Working,
  onError: (error: unknown, doing: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log, soleWriter } = options;
  const run = async (until: AbortSignal) => {
    const manager = controllers(api, { ...options, onError, signal: until });
    inProcess.parts = manager.parts;
    inProcess.leads = true;
    await manager.run(until);
    inProcess.parts = [];
    inProcess.leads = false;
  };
  if (soleWriter) return run(signal);
  const election = new LeaderElection({
    client: clientOf(ownUsers.controllers, api.verbs, options.audit?.auditor),
    clock,
    random,
    lease: { namespace: 'kube-system', name: 'wheelhouse-controllers' },
    identity: `${hostname()}_${uuid(random)}`,
    onError,
  });
  return election.run(signal, async (leadership) => {
    log.info('Leads: runs scheduler and controllers', { term: leadership.term });
    await run(leadership.signal);
    log.info('No longer leads', { term: leadership.term });
  });
}

interface Dependencies extends ControlPlaneOptions {
  readonly aggregator: Aggregator;
  readonly restAddress: string;
  readonly onError: (error: unknown, doing: string) => void;
  readonly signal: AbortSignal;
}

/** Every controller and the scheduler, on shared informers over the API in process. */
function controllers(api: Api, options: Dependencies): Manager {
  const { clock, random, log, rest, aggregator, onError, signal } = options;
  const auditor = options.audit?.auditor;
  const client = clientOf(ownUsers.controllers, api.verbs, auditor);
  const informers = createInformerFactory({ client, clock, random, onError });
  const recorders: Runnable[] = [];
  const eventsOf = (component: string) => {
    const recorder = new QueuedEventRecorder({
      client,
      clock,
      component,
      instance: `${component}-${hostname()}`,
      onDrop: (event, why) => {
        if (!signal.aborted) log.warn(`Dropped an event: ${why}`, { reason: event.reason, component });
      },
    });
    recorders.push({ name: `events of ${component}`, run: (until) => recorder.run(until) });
    return recorder;
  };
  const dependencies = {
    client,
    informers,
    clock,
    random,
    scheme: api.scheme,
    remoteKinds: remoteKindsOf(api, aggregator, auditor),
    eventsOf,
    onError,
  };
  const working: readonly Runnable[] = [
    ...createControllers(dependencies, controllerSettings(rest.pki, options.restAddress)),
    new Scheduler({
      client: clientOf(ownUsers.scheduler, api.verbs, auditor),
      informers,
      clock,
      random,
      events: eventsOf('default-scheduler'),
      onError,
    }),
  ];
  return new Manager(informers, [...working, ...recorders]);
}

function remoteKindsOf(
  { verbs, authorizer }: Api,
  aggregator: Aggregator,
  auditor: Auditor | undefined,
): RemoteKinds {
  const remote = withRemotes(verbs, aggregator, authorizer);
  return remoteKinds(aggregator, clientOf(ownUsers.controllers, remote, auditor));
}

/** Of a part of this process: what it writes is its own, by the name that other clusters' parts have there. */
function clientOf(user: UserInfo, verbs: Verbs, auditor: Auditor | undefined): Client {
  return createClient(ownVerbs(verbs, auditor, user), { userAgent: user.name.replace('system:', '') });
}

function controllerSettings(pki: Pki, restAddress: string): ControllerSettings {
  // Every address of this machine is none that another could be told.
  const isEvery = /^(0\.0\.0\.0|\[::\]):/.test(restAddress);
  return {
    rootCertificates: pki.serverCa,
    ...(isEvery ? {} : { server: `https://${restAddress}` }),
    authorities: { clients: pki.clientCa, nodeServing: pki.nodeServingCa },
  };
}

function storeName(store: KeyValueStore): 'etcd' | 'embedded' | 'memory' {
  return store.name === 'etcd' || store.name === 'embedded' ? store.name : 'memory';
}
