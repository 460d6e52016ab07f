import { X509Certificate } from 'node:crypto';

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in its order and each once. Throws where one of them is none. */
export function certificatesOf(pem: Buffer | string): readonly X509Certificate[] {
  const blocks = pem.toString().match(block) ?? [];
  const all = new Map(
    blocks.map((text) => new X509Certificate(text)).map((one) => [one.fingerprint256, one]),
  );
  return [...all.values()];
}
