import { createBootstrapSignerController } from './bootstrap-signer/controller.ts';
import { createCertificateApprovingController } from './certificate-approving/controller.ts';
import { createCertificateCleanerController } from './certificate-cleaner/controller.ts';
import { createCertificateSigningController } from './certificate-signing/controller.ts';
import type { Authorities } from './certificate-signing/controller.ts';
import { createClusterInfoController } from './cluster-info/controller.ts';
import { createClusterRoleAggregationController } from './cluster-role-aggregation/controller.ts';
import { createDeploymentController } from './deployment/controller.ts';
import { createDisruptionController } from './disruption/controller.ts';
import { createEndpointsController } from './endpoints/controller.ts';
import { createEndpointSliceController } from './endpointslice/controller.ts';
import { createEventExpiryController } from './event-expiry/controller.ts';
import { GarbageCollector } from './garbage-collector/collector.ts';
import { createKubernetesServiceController } from './kubernetes-service/controller.ts';
import { createNamespaceController } from './namespace/controller.ts';
import { createNodeLifecycleController } from './node-lifecycle/controller.ts';
import { createPodGarbageController } from './pod-garbage/controller.ts';
import { createPolicyStatusController } from './policy-status/controller.ts';
import { createReplicaSetController } from './replicaset/controller.ts';
import { createResourceQuotaController } from './resource-quota/controller.ts';
import { createRootCaController } from './root-ca/controller.ts';
import type { RootCertificates } from './root-ca/controller.ts';
import type { ControllerDependencies } from './runtime/dependencies.ts';
import type { Runnable } from './runtime/manager.ts';
import { createServiceAccountController } from './service-account/controller.ts';
import { createServiceAddressController } from './service-addresses/controller.ts';
import { createClaimProtectionController } from './storage-protection/claims.ts';
import { createClassProtectionController } from './storage-protection/classes.ts';
import { createVolumeProtectionController } from './storage-protection/volumes.ts';
import { createTaintEvictionController } from './taint-eviction/controller.ts';
import { createTokenCleanerController } from './token-cleaner/controller.ts';

export interface ControllerSettings {
  /** The certificates by which Pods know the API; nothing is published without. */
  readonly rootCertificates?: RootCertificates;
  /** Where REST answers, as machines that join are told; none is told without. */
  readonly server?: string;
  /** Whose certificates are given out; nothing is signed without. */
  readonly authorities?: Authorities;
}

/** Every controller of a cluster. To add one, write its folder and name it here. */
export function createControllers(
  dependencies: ControllerDependencies,
  { rootCertificates, server, authorities }: ControllerSettings = {},
): readonly Runnable[] {
  return [
    createDeploymentController(dependencies),
    createReplicaSetController(dependencies),
    createNamespaceController(dependencies),
    createNodeLifecycleController(dependencies),
    createTaintEvictionController(dependencies),
    createPodGarbageController(dependencies),
    createServiceAccountController(dependencies),
    createServiceAddressController(dependencies),
    createKubernetesServiceController(dependencies),
    createEndpointSliceController(dependencies),
    createEndpointsController(dependencies),
    createDisruptionController(dependencies),
    createResourceQuotaController(dependencies),
    createClaimProtectionController(dependencies),
    createVolumeProtectionController(dependencies),
    createClassProtectionController(dependencies),
    createPolicyStatusController(dependencies),
    createClusterRoleAggregationController(dependencies),
    createEventExpiryController(dependencies),
    createTokenCleanerController(dependencies),
    createBootstrapSignerController(dependencies),
    createCertificateApprovingController(dependencies),
    createCertificateCleanerController(dependencies),
    ...(authorities === undefined ? [] : [createCertificateSigningController(dependencies, authorities)]),
    ...(rootCertificates === undefined ? [] : [createRootCaController(dependencies, rootCertificates)]),
    ...(rootCertificates === undefined || server === undefined
      ? []
      : [createClusterInfoController(dependencies, { server, root: rootCertificates })]),
    new GarbageCollector(dependencies),
  ];
}
