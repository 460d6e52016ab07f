import type { CertificateSigningRequest } from '../api/generated/certificates-v1.ts';
import { certificatesigningrequests } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';

/** Writes down who asks for a certificate; nobody asks in another's name (registry/certificates/certificates/strategy.go). */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  handles: (request: AdmissionRequest) => isCreationOf(request, certificatesigningrequests),
  mutate({ object, user }: AdmissionRequest) {
    const { spec } = object as Mutable<CertificateSigningRequest>;
    spec.username = user?.name ?? 'system:apiserver';
    spec.groups = [...(user?.groups ?? ['system:masters'])];
    if (user?.uid === undefined) delete spec.uid;
    else spec.uid = user.uid;
    if (user?.extra === undefined) delete spec.extra;
    else
      spec.extra = Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]));
  },
};
