import { createPublicKey } from 'node:crypto';
import { dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { CertificateSigningRequest } from '../generated/certificates-v1.ts';
import { checkEach } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateImmutable } from './object-meta.ts';

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const shortestSeconds = 600;

/** ValidateCertificateSigningRequestCreate (pkg/apis/certificates/validation). */
export function validateSigningRequest({ spec }: CertificateSigningRequest): Errors {
  const path = FieldPath.spec;
  const { signerName, request, expirationSeconds } = spec;
  const errors = validateRequest(request, path.child('request'));
  if ((spec.usages ?? []).length === 0) errors.push(required(path.child('usages'), 'usages is required'));
  const seen = new Set<string>();
  errors.push(
    ...checkEach(spec.usages, path.child('usages'), (usage, at) => {
      if (!usages.includes(usage)) return [notSupported(at, usage, usages)];
      if (seen.has(usage)) return [duplicate(at, usage)];
      seen.add(usage);
      return [];
    }),
    ...validateSignerName(signerName, path.child('signerName')),
  );
  if (expirationSeconds !== undefined && expirationSeconds < shortestSeconds)
    errors.push(
      invalidValue(
        path.child('expirationSeconds'),
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  return errors;
}

/** A PEM block of PKCS #10. What it asks for is looked at by whoever signs it. */
function validateRequest(base64: string, path: FieldPath): Errors {
  if (base64 === '') return [required(path)];
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const body =
    /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s+([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/.exec(
      pem,
    )?.[1];
  if (body === undefined) return [invalidValue(path, base64, 'PEM block type must be CERTIFICATE REQUEST')];
  return hasPublicKey(Buffer.from(body, 'base64'))
    ? []
    : [invalidValue(path, base64, 'asn1: the certificate request is malformed')];
}

/** CertificationRequestInfo ::= SEQUENCE { version, subject, subjectPKInfo, attributes } (RFC 2986). */
function hasPublicKey(der: Buffer): boolean {
  try {
    const info = contentOf(contentOf(der, 0).bytes, 0);
    const version = contentOf(info.bytes, 0);
    const subject = contentOf(info.bytes, version.end);
    const key = contentOf(info.bytes, subject.end);
    createPublicKey({ key: info.bytes.subarray(subject.end, key.end), format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}

/** The content of the DER value at an offset, and where the next one begins. */
function contentOf(der: Buffer, at: number): { bytes: Buffer; end: number } {
  const first = der.readUInt8(at + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  const start = at + 2 + lengthBytes;
  if (start + length > der.length) throw new RangeError('Cannot read DER: it is cut off');
  return { bytes: der.subarray(start, start + length), end: start + length };
}

function validateSignerName(name: string, path: FieldPath): Errors {
  if (name === '') return [required(path)];
  const [domain = '', ...rest] = name.split('/');
  const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
  if (rest.length !== 1 || !domain.includes('.') || dns1123SubdomainProblems(domain).length > 0)
    return [invalidValue(path, name, form)];
  const problems = (rest[0] ?? '').split('.').flatMap((part) => dns1123SubdomainProblems(part));
  return problems.length === 0 ? [] : [invalidValue(path, name, form)];
}

/** What is asked for stays; an approval or a denial is for good. */
export function validateSigningRequestUpdate(
  now: CertificateSigningRequest,
  old: CertificateSigningRequest,
): Errors {
  return [...validateImmutable(now.spec, old.spec, FieldPath.spec), ...validateConditions(now, old)];
}

export function validateSigningRequestStatus(
  now: CertificateSigningRequest,
  old: CertificateSigningRequest,
): Errors {
  const errors = validateConditions(now, old);
  const path = FieldPath.status.child('certificate');
  const before = old.status?.certificate ?? '';
  if (before !== '') return [...errors, ...validateImmutable(now.status?.certificate, before, path)];
  const certificate = Buffer.from(now.status?.certificate ?? '', 'base64').toString('latin1');
  if (certificate !== '' && !certificate.includes('-----BEGIN CERTIFICATE-----'))
    errors.push(invalidValue(path, '<certificate data>', 'must contain at least one CERTIFICATE PEM block'));
  return errors;
}

const decisions = ['Approved', 'Denied', 'Failed'];

function validateConditions({ status }: CertificateSigningRequest, old: CertificateSigningRequest): Errors {
  const path = FieldPath.status.child('conditions');
  const conditions = status?.conditions ?? [];
  const types = new Set(conditions.map(({ type }) => type));
  const errors = checkEach(conditions, path, ({ type, status: value }, at) => {
    if (type === '') return [required(at.child('type'))];
    if (decisions.includes(type) && value !== 'True')
      return [notSupported(at.child('status'), value, ['True'])];
    return [];
  });
  if (types.has('Approved') && types.has('Denied'))
    errors.push(invalidValue(path, 'Denied', 'Approved and Denied conditions are mutually exclusive'));
  for (const { type } of old.status?.conditions ?? [])
    if (decisions.includes(type) && !types.has(type))
      errors.push(forbiddenField(path, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  return errors;
}
