import { certificateRequester } from '../admission/certificate-requester.ts';
import { AdmissionChain } from '../admission/chain.ts';
import type { AdmissionPlugin } from '../admission/chain.ts';
import { certificateSubjectRestriction } from '../admission/certificate-subject.ts';
import { ClaimResize } from '../admission/claim-resize.ts';
import { DefaultIngressClass } from '../admission/default-ingress-class.ts';
import { DefaultStorageClass } from '../admission/default-storage-class.ts';
import { defaultTolerationSeconds } from '../admission/default-toleration-seconds.ts';
import { denyServiceExternalIps } from '../admission/deny-service-external-ips.ts';
import { LimitRanger } from '../admission/limit-ranger.ts';
import { NamespaceLifecycle } from '../admission/namespace-lifecycle.ts';
import { PodSecurity } from '../admission/pod-security/pod-security.ts';
import { PodTopologyLabels } from '../admission/pod-topology-labels.ts';
import type { LimitedResource } from '../admission/limited-resources.ts';
import type { PodSecurityConfiguration } from '../admission/pod-security/configuration.ts';
import { PodSecurityMetrics } from '../admission/pod-security/metrics.ts';
import { PriorityAdmission } from '../admission/priority.ts';
import { ResourceQuotaAdmission } from '../admission/resource-quota.ts';
import type { WriteQuotaStatus } from '../admission/resource-quota.ts';
import { RuntimeClassAdmission } from '../admission/runtime-class.ts';
import { storageObjectInUseProtection } from '../admission/storage-protection.ts';
import { ServiceAccountAdmission } from '../admission/service-account.ts';
import { taintNodesByCondition } from '../admission/taint-nodes-by-condition.ts';
import type { DialService } from '../admission/webhooks/endpoint.ts';
import { createScheme } from '../api/kinds/scheme.ts';
import type { ResourceQuota } from '../api/generated/core-v1.ts';
import { resourcequotas } from '../api/generated/resources.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { Scheme } from '../api/scheme.ts';
import type { Verbs } from '../api/verbs.ts';
import type { Clock } from '../machinery/clock.ts';
import { deferred } from '../machinery/deferred.ts';
import type { MetricFamily } from '../machinery/metrics/metrics.ts';
import type { Random } from '../machinery/random.ts';
import { Registry } from '../registry/registry.ts';
import type { RegistryOptions } from '../registry/registry.ts';
import { ServiceAddresses, servicesKey } from '../registry/service/addresses.ts';
import { strategies } from '../registry/strategies.ts';
import { converterOf } from '../apiextensions/conversion.ts';
import { CustomResources } from '../apiextensions/custom-resources.ts';
import { trackedVerbs } from './audit/tracked-verbs.ts';
import type { SigningKeys } from './authn/jwt.ts';
import { BootstrapTokens } from './authn/bootstrap-tokens.ts';
import { CredentialEnds } from './authn/credential-end.ts';
import type { Issuer } from './authn/oidc/issuer.ts';
import { IssuedTokens } from './authn/oidc/issuers.ts';
import { ServiceAccountTokens, serviceAccountIssuer } from './authn/service-account-tokens.ts';
import { anyOf } from './authn/token-authenticator.ts';
import type { TokenAuthenticator } from './authn/token-authenticator.ts';
import { bootstrapPolicy } from './authz/bootstrap-policy.ts';
import { CertificateApproval, CertificateSigning } from './authz/certificate-decisions.ts';
import { RoleEscalation } from './authz/escalation.ts';
import { NodeAuthorizer } from './authz/node.ts';
import { NodeRestriction } from './authz/node-restriction.ts';
import { OwnerReferences } from './authz/owner-references.ts';
import { PolicyIndex } from './authz/policy-index.ts';
import { RbacAuthorizer } from './authz/rbac.ts';
import { UnionAuthorizer } from './authz/union.ts';
import { mastersOnly } from './handlers/authorize.ts';
import type { Authorizer } from './handlers/authorize.ts';
import { bootstrap } from './handlers/bootstrap.ts';
import { connectAdmission } from './streaming/connect-admission.ts';
import type { AdmitConnect } from './streaming/connect-admission.ts';
import type { SessionHub } from './streaming/session-hub.ts';
import { ConversionWebhooks } from './conversion-webhooks.ts';
import { serviceDialer } from './egress/service-dialer.ts';
import { ExtensionAdmission } from './extension-admission.ts';
import { bindings } from './handlers/bindings.ts';
import { componentStatuses } from './handlers/component-statuses.ts';
import { createHandlers } from './handlers/handlers.ts';
import { resourceMetrics } from './handlers/resource-metrics.ts';
import type { ReadUsage } from './handlers/resource-metrics.ts';
import { tokenSubresource } from './handlers/subresources/token.ts';
import { reviewResources } from './handlers/reviews.ts';
import type { VirtualResources } from './handlers/virtual.ts';
import { RegistryClient } from './handlers/registry-client.ts';

export interface ApiOptions {
  readonly store: RegistryOptions['store'];
  readonly clock: Clock;
  readonly random: Random;
  /** Every kind there is unless given. */
  readonly scheme?: Scheme | undefined;
  /** Roles and bindings decide, the default ones are made, and nobody grants what they do not have. */
  readonly rbac?: boolean | undefined;
  /** Without RBAC: only the cluster's masters unless given. */
  readonly authorizer?: Authorizer | undefined;
  /** With them, ServiceAccounts have tokens. */
  readonly serviceAccountKeys?: SigningKeys | undefined;
  /** Issuers outside the cluster whose tokens are believed; others may be later. */
  readonly issuers?: readonly Issuer[] | undefined;
  /** Told why the keys of one cannot be had, and what expressions of its rules come to. */
  readonly onIssuerError?: ((error: unknown) => void) | undefined;
  /** False when other processes write to the same store. */
  readonly soleWriter?: boolean | undefined;
  /** What nodes use; nothing is known unless given. */
  readonly readUsage?: ReadUsage | undefined;
  /** By whom the Pods behind users' webhooks are reached; at their addresses unless given. */
  readonly agents?: Pick<SessionHub, 'open'> | undefined;
  /** Where Services get their addresses: one range, or one of each family. */
  readonly serviceCidrs?: readonly string[] | undefined;
  /** What namespaces without labels hold their Pods to, and who is exempt; nothing and nobody unless given. */
  readonly podSecurity?: PodSecurityConfiguration | undefined;
  /** What nobody takes of without a quota that covers it; nothing unless given. */
  readonly limitedResources?: readonly LimitedResource[] | undefined;
  /** False: definitions are only stored, and nothing is served by them. */
  readonly customResources?: boolean | undefined;
  /** More admission plug-ins, which come after users' own. */
  readonly plugins?: readonly AdmissionPlugin[] | undefined;
  /** Names of admission plug-ins to leave out. */
  readonly withoutAdmission?: readonly string[] | undefined;
  readonly freeze?: ((object: KubernetesObject) => KubernetesObject) | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The API in one process, without a front end: what gRPC and REST serve, and what controllers call. */
export interface Api {
  readonly verbs: Verbs;
  readonly scheme: Scheme;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  /** Takes connections through admission. */
  readonly admitConnect: AdmitConnect;
  readonly dialService: DialService;
  /** Issues the tokens of ServiceAccounts; undefined without keys. */
  readonly tokens: ServiceAccountTokens | undefined;
  /** Knows every kind of bearer token. */
  readonly authenticator: TokenAuthenticator;
  /** Believes these issuers outside the cluster from now on, and no others. */
  readonly useIssuers: (issuers: readonly Issuer[]) => void;
  readonly credentialEnds: CredentialEnds;
  /** What its parts count. */
  readonly families: readonly MetricFamily[];
  /** What is done once, when it starts, by the names of upstream's hooks; whether it has been. */
  readonly postStartHooks: ReadonlyMap<string, () => boolean>;
  /** Keeps the watch caches up to date until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when everything can be read and what every cluster has is there; `run` must have been called. */
  ready(signal?: AbortSignal): Promise<void>;
}

const namespacesHook = 'start-system-namespaces-controller';
const rolesHook = 'rbac/bootstrap-roles';

export function createApi(options: ApiOptions): Api {
  const { store, clock, random, soleWriter, freeze, onError } = options;
  const scheme = options.scheme ?? createScheme();
  const registry = new Registry({ scheme, store, clock, random, strategies, soleWriter, freeze, onError });
  const lookup = new RegistryClient(scheme, registry, clock);
  const policy =
    options.rbac === true ? new PolicyIndex({ client: lookup, clock, random, onError }) : undefined;
  const authorizer =
    policy === undefined
      ? (options.authorizer ?? mastersOnly)
      : new UnionAuthorizer([mastersOnly, new NodeAuthorizer(lookup), new RbacAuthorizer(policy)]);
  const dialService = serviceDialer({ lookup, random, agents: options.agents });
  const extension = new ExtensionAdmission({
    scheme,
    lookup,
    authorizer,
    dial: dialService,
    clock,
    random,
    onError,
  });
  const podSecurityMetrics = new PodSecurityMetrics();
  const plugins = [
    ...admissionPlugins(lookup, clock, random),
    new PodSecurity(lookup, clock, options.podSecurity, podSecurityMetrics),
    ...(policy === undefined ? [] : authorizingPlugins(scheme, lookup, policy, authorizer)),
    ...extension.plugins,
    ...(options.plugins ?? []),
    // Last: what it counts must not be refused by anybody after it.
    new ResourceQuotaAdmission(lookup, quotaWriter(registry), options.limitedResources),
  ];
  const readable = deferred();
  const bootstrapped = deferred();
  const finishedHooks = new Set<string>();
  const hooks = [namespacesHook, ...(policy === undefined ? [] : [rolesHook])];
  const conversions = new ConversionWebhooks(clock, dialService);
  const conversion = { random, callWebhook: conversions.call };
  const customResources = new CustomResources({
    scheme,
    registry,
    clock,
    kindOptions: (definition) => ({ convert: converterOf(definition, conversion) }),
    onError,
  });
  // Not where a test declares a few kinds of its own.
  const servesCustom =
    options.customResources !== false &&
    scheme.byKind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition') !== undefined;
  const { serviceAccountKeys: keys } = options;
  const tokens =
    keys === undefined ? undefined : new ServiceAccountTokens({ keys, client: lookup, clock, random });
  const issued = new IssuedTokens({
    clock,
    audience: serviceAccountIssuer,
    onError: options.onIssuerError ?? (() => undefined),
  });
  issued.use(options.issuers ?? []);
  const authenticator = tokenAuthenticator(tokens, issued, lookup, options);
  const admission = new AdmissionChain(without(plugins, options.withoutAdmission ?? []));
  const handlers = createHandlers({
    scheme,
    registry,
    admission,
    authorizer,
    virtual: virtualResources(registry, authorizer, authenticator, options),
    subresources: tokens === undefined ? undefined : new Map([['token', tokenSubresource(tokens)]]),
    reservers: new Map([[servicesKey, new ServiceAddresses(registry, random, clock)]]),
    clock,
  });
  const verbs: Verbs = trackedVerbs(handlers);
  return {
    verbs,
    scheme,
    registry,
    authorizer,
    admitConnect: connectAdmission(admission, scheme),
    dialService,
    tokens,
    authenticator,
    useIssuers: (issuers) => issued.use(issuers),
    credentialEnds: new CredentialEnds({ client: lookup, clock, random }),
    families: podSecurityMetrics.families,
    postStartHooks: new Map(hooks.map((name) => [name, () => finishedHooks.has(name)])),
    async run(signal) {
      const following =
        policy === undefined ? undefined : bootstrapped.promise.then(() => policy.run(signal));
      const extending = readable.promise.then(() => extension.run(signal));
      await Promise.all([registry.run(signal), servesCustom ? customResources.run(signal) : undefined]);
      conversions.close();
      bootstrapped.resolve();
      readable.resolve();
      await Promise.all([following, extending]);
    },
    async ready(signal) {
      await registry.ready(signal);
      readable.resolve();
      await extension.synced;
      if (servesCustom) await customResources.synced;
      await bootstrap(verbs, options.serviceCidrs ?? defaultServiceCidrs, signal);
      finishedHooks.add(namespacesHook);
      if (policy === undefined) return;
      await bootstrapPolicy(verbs, signal);
      finishedHooks.add(rolesHook);
      bootstrapped.resolve();
      await policy.synced;
    },
  };
}

function tokenAuthenticator(
  tokens: ServiceAccountTokens | undefined,
  issued: IssuedTokens,
  client: RegistryClient,
  { clock }: ApiOptions,
): TokenAuthenticator {
  const audience = serviceAccountIssuer;
  return anyOf([
    ...(tokens === undefined ? [] : [tokens]),
    new BootstrapTokens({ client, clock, audience }),
    issued,
  ]);
}

function virtualResources(
  registry: Registry,
  authorizer: Authorizer,
  authenticator: TokenAuthenticator,
  { store, readUsage, clock }: ApiOptions,
): VirtualResources {
  const reviews = reviewResources(authorizer, (token, audiences) =>
    authenticator.authenticate(token, audiences),
  );
  const fine = () => Promise.resolve();
  const components = componentStatuses([
    // They run in this process, which answers.
    { name: 'scheduler', check: fine },
    { name: 'controller-manager', check: fine },
    { name: 'etcd-0', check: (signal) => store.health({ signal }) },
  ]);
  const usage = resourceMetrics(registry, readUsage ?? (() => Promise.resolve(undefined)));
  return new Map([
    ...reviews,
    ...usage,
    ['/componentstatuses', components],
    ['/bindings', bindings(registry, authorizer, clock)],
  ]);
}

export const defaultServiceCidrs: readonly string[] = ['10.96.0.0/16', 'fd00:10:96::/112'];

/** In upstream's order. To add a plug-in, write its file and name it here. */
function admissionPlugins(client: RegistryClient, clock: Clock, random: Random): readonly AdmissionPlugin[] {
  return [
    new NamespaceLifecycle(client),
    new LimitRanger(client),
    new ServiceAccountAdmission(client, clock, random),
    taintNodesByCondition,
    new PriorityAdmission(client),
    defaultTolerationSeconds,
    new DefaultStorageClass(client),
    storageObjectInUseProtection,
    new ClaimResize(client),
    new RuntimeClassAdmission(client),
    certificateRequester,
    certificateSubjectRestriction,
    new DefaultIngressClass(client),
    new PodTopologyLabels(client),
    denyServiceExternalIps,
  ];
}

/** A name that is misspelt must not leave a plug-in running that nobody wants. */
function without(plugins: readonly AdmissionPlugin[], names: readonly string[]): readonly AdmissionPlugin[] {
  // Upstream's storage of roles asks this, which nobody can leave out.
  const optional = plugins.filter((plugin) => !(plugin instanceof RoleEscalation));
  const unknown = names.find((name) => !optional.some((plugin) => plugin.name === name));
  if (unknown !== undefined)
    throw new Error(
      `Cannot leave out the admission plug-in "${unknown}": there are ${optional.map(({ name }) => name).join(', ')}`,
    );
  return plugins.filter(({ name }) => !names.includes(name));
}

/** Those that ask who may do what. */
function authorizingPlugins(
  scheme: Scheme,
  client: RegistryClient,
  policy: PolicyIndex,
  authorizer: Authorizer,
): readonly AdmissionPlugin[] {
  return [
    new NodeRestriction(client, authorizer),
    new RoleEscalation(policy, authorizer),
    new CertificateApproval(authorizer),
    new CertificateSigning(authorizer),
    new OwnerReferences(scheme, authorizer),
  ];
}

/** Below authorization and admission, which are what asks for it. */
function quotaWriter(registry: Registry): WriteQuotaStatus {
  return async ({ namespace, name }, next, signal) => {
    await registry.storeFor(resourcequotas).update(namespace, name, {
      signal,
      change: async ({ object }) => {
        const quota = object as ResourceQuota;
        return { ...quota, metadata: { ...quota.metadata }, status: next(quota) } as Mutable<ResourceQuota>;
      },
    });
  };
}
