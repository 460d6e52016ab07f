import { certificateSigningRequestStrategy } from './certificate-signing-request/strategy.ts';
import { customResourceDefinitionStrategy } from './custom-resource-definition/strategy.ts';
import { deploymentStrategy } from './deployment/strategy.ts';
import { eventStrategy } from './event/strategy.ts';
import { jobStrategy } from './job/strategy.ts';
import { namespaceStrategy } from './namespace/strategy.ts';
import { nodeStrategy } from './node/strategy.ts';
import { podStrategy } from './pod/strategy.ts';
import { secretStrategy } from './secret/strategy.ts';
import { serviceStrategy } from './service/strategy.ts';
import type { Strategy } from './strategy.ts';

/** Kinds since ResetObjectMetaForStatus (apimachinery/pkg/apis/meta/v1/helpers.go): their status is all there is to write. */
const statusAlone: Strategy = { statusChanges: [] };

/** The kinds that are more than generic, by "group/plural". */
export const strategies: ReadonlyMap<string, Strategy> = new Map([
  ['/events', eventStrategy],
  ['/namespaces', namespaceStrategy],
  ['/nodes', nodeStrategy],
  ['/pods', podStrategy],
  ['/secrets', secretStrategy],
  ['/services', serviceStrategy],
  ['admissionregistration.k8s.io/validatingadmissionpolicies', statusAlone],
  ['apiextensions.k8s.io/customresourcedefinitions', customResourceDefinitionStrategy],
  ['apiregistration.k8s.io/apiservices', statusAlone],
  ['apps/deployments', deploymentStrategy],
  ['batch/jobs', jobStrategy],
  ['certificates.k8s.io/certificatesigningrequests', certificateSigningRequestStrategy],
  ['flowcontrol.apiserver.k8s.io/flowschemas', statusAlone],
  ['flowcontrol.apiserver.k8s.io/prioritylevelconfigurations', statusAlone],
  ['networking.k8s.io/servicecidrs', statusAlone],
  ['storage.k8s.io/volumeattachments', statusAlone],
]);
