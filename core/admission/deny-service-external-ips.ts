import { forbidden } from '../api/errors.ts';
import type { Service } from '../api/generated/core-v1.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';

/**
 * Whoever may write Services could otherwise take traffic to any address (CVE-2020-8554); those that a Service has
 * already may stay (plugin/pkg/admission/network/denyserviceexternalips).
 */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',

  handles: ({ operation, declaration, subresource }: AdmissionRequest): boolean =>
    (operation === 'CREATE' || operation === 'UPDATE') &&
    declaration.plural === 'services' &&
    declaration.group === '' &&
    subresource === '',

  validate({ object, old, declaration, name }: AdmissionRequest): void {
    const { externalIPs = [] } = (object as unknown as Service).spec;
    const present: readonly string[] = (old as Service | undefined)?.spec.externalIPs ?? [];
    if (externalIPs.every((address) => present.includes(address))) return;
    throw forbidden(declaration, name, 'Use of external IPs is denied by admission control.');
  },
};
