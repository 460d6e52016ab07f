import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const subjectAlternativeName = '2.5.29.17';

/** What somebody wants a certificate for (PKCS #10, RFC 2986). */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** DER, as the request has it. */
  readonly subject: ArrayBuffer;
  /** DER: SubjectPublicKeyInfo. */
  readonly publicKey: ArrayBuffer;
}

/** Throws where the text is no PEM of a request, it is not signed with its own key, or its name has two meanings. */
export async function readCertificateRequest(pem: string): Promise<CertificateRequest> {
  const request = parse(pem);
  // Whoever cannot sign with the key would be given a certificate for somebody else's.
  if (!(await request.verify().catch(() => false)))
    throw new Error('Cannot read a certificate request: its signature is not of the key it shows');
  const { subjectName } = request;
  const [commonName = '', ...more] = subjectName.getField('CN');
  // Readers differ in which one they take.
  if (more.length > 0) throw new Error('Cannot read a certificate request: it has more than one common name');
  const names = request
    .getExtensions(subjectAlternativeName)
    .flatMap(({ rawData }) => new x509.SubjectAlternativeNameExtension(rawData).names.items);
  const named = (type: x509.GeneralNameType) =>
    names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName,
    organizations: subjectName.getField('O'),
    dnsNames: named('dns'),
    ipAddresses: named('ip'),
    emailAddresses: named('email'),
    uris: named('url'),
    subject: subjectName.toArrayBuffer(),
    publicKey: request.publicKey.rawData,
  };
}

/** What a request says, whoever has signed it. */
export function organizationsOf(pem: string): readonly string[] {
  return parse(pem).subjectName.getField('O');
}

/** As `organizationsOf`. More than one has no single meaning. */
export function commonNamesOf(pem: string): readonly string[] {
  return parse(pem).subjectName.getField('CN');
}

function parse(pem: string): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(x509.PemConverter.decodeFirst(pem));
  } catch (error) {
    throw new Error(`Cannot read a certificate request: ${(error as Error).message}`, { cause: error });
  }
}
