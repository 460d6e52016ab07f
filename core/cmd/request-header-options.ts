import { readFileSync } from 'node:fs';
import { standardRequestHeaders } from '../apiserver/authn/request-headers.ts';
import type { RequestHeaderNames } from '../apiserver/authn/request-headers.ts';
import { certificatesOf } from '../machinery/pki/certificate-bundle.ts';

/** Which proxies may say who a user is, and how they say it. */
export interface RequestHeaderOptions {
  /** PEM: who signs the certificates of proxies; undefined for the cluster's own front-proxy authority. */
  readonly authorities: Buffer | undefined;
  /** Common names of proxies; any of those authorities' certificates where there is none. */
  readonly proxyNames: readonly string[];
  readonly headers: RequestHeaderNames;
}

/** What core itself calls itself before users' API servers. */
export const ownProxyName = 'front-proxy-client';

/** Under upstream's names. */
export const requestHeaderFlags = {
  'requestheader-client-ca-file': { type: 'string' },
  'requestheader-allowed-names': { type: 'string' },
  'requestheader-username-headers': { type: 'string' },
  'requestheader-uid-headers': { type: 'string' },
  'requestheader-group-headers': { type: 'string' },
  'requestheader-extra-headers-prefix': { type: 'string' },
} as const;

export const requestHeaderUsage = `\
  --requestheader-client-ca-file=PATH       PEM: whose client certificates make a proxy that says in headers who a
                             user is; they must be signed by it directly (default: the cluster's own front-proxy CA)
  --requestheader-allowed-names=NAME,NAME   common names of proxies (default front-proxy-client; with a CA of one's
                             own, any that it signed)
  --requestheader-username-headers, --requestheader-uid-headers, --requestheader-group-headers=NAME,NAME
                             (default X-Remote-User, X-Remote-Uid and X-Remote-Group)
  --requestheader-extra-headers-prefix=PREFIX,PREFIX   (default X-Remote-Extra-)
`;

type Values = Readonly<Partial<Record<keyof typeof requestHeaderFlags, string | undefined>>>;

/** Throws with one line that names the flag when something is wrong. */
export function readRequestHeaderOptions(values: Values): RequestHeaderOptions {
  const file = values['requestheader-client-ca-file'];
  const names = values['requestheader-allowed-names'];
  const { username, uid, group, extraPrefix } = standardRequestHeaders;
  const list = (flag: keyof Values, standard: readonly string[]) =>
    values[flag] === undefined ? standard : headerNames(flag, values[flag]);
  return {
    authorities: file === undefined ? undefined : authorities(file),
    proxyNames: names === undefined ? (file === undefined ? [ownProxyName] : []) : listed(names),
    headers: {
      username: list('requestheader-username-headers', username),
      uid: list('requestheader-uid-headers', uid),
      group: list('requestheader-group-headers', group),
      extraPrefix: list('requestheader-extra-headers-prefix', extraPrefix),
    },
  };
}

function listed(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

/** Those that say something else already would make whoever sends them somebody else. */
const taken = /^(authorization|host|cookie|impersonate-.*|x-forwarded-.*|:.*)$/i;

function headerNames(flag: string, text: string): readonly string[] {
  const names = listed(text);
  for (const name of names)
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || taken.test(name))
      throw new Error(`--${flag}=${text}: ${JSON.stringify(name)} cannot name a header of an identity`);
  return names;
}

function authorities(path: string): Buffer {
  try {
    const pem = readFileSync(path);
    if (certificatesOf(pem).length === 0) throw new Error('it holds no certificate');
    return pem;
  } catch (cause) {
    throw new Error(`--requestheader-client-ca-file=${path}: ${(cause as Error).message}`, { cause });
  }
}
