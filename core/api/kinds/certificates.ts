import type { CertificateSigningRequest } from '../generated/certificates-v1.ts';
import { certificatesigningrequests } from '../generated/resources.ts';
import {
  validateSigningRequest,
  validateSigningRequestStatus,
  validateSigningRequestUpdate,
} from '../validation/certificates.ts';
import { declareKind } from './declare.ts';

export const certificateSigningRequestKind = declareKind(certificatesigningrequests, {
  validate: validateSigningRequest,
  validateUpdate: validateSigningRequestUpdate,
  validateStatus: validateSigningRequestStatus,
  selectableFields: { 'spec.signerName': ({ spec }: CertificateSigningRequest) => spec.signerName },
});
