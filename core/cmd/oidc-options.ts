import { readFileSync } from 'node:fs';
import type { SignatureAlgorithm } from '../apiserver/authn/jws.ts';
import { issuerOfFlags } from '../apiserver/authn/oidc/flag-issuer.ts';
import type { OidcOptions } from '../apiserver/authn/oidc/flag-issuer.ts';

/** Under upstream's names. */
export const oidcFlags = {
  'oidc-issuer-url': { type: 'string' },
  'oidc-client-id': { type: 'string' },
  'oidc-username-claim': { type: 'string' },
  'oidc-username-prefix': { type: 'string' },
  'oidc-groups-claim': { type: 'string' },
  'oidc-groups-prefix': { type: 'string' },
  'oidc-required-claim': { type: 'string', multiple: true, default: [] as string[] },
  'oidc-signing-algs': { type: 'string' },
  'oidc-ca-file': { type: 'string' },
} as const;

export const oidcUsage = `\
  --oidc-issuer-url=URL      let in whom this issuer of OpenID Connect vouches for; https
  --oidc-client-id=ID        the audience that its tokens must be for
  --oidc-username-claim, --oidc-username-prefix=TEXT   what names a user (default sub) and goes before it
                             (default: the issuer and "#"; "-" for nothing)
  --oidc-groups-claim, --oidc-groups-prefix=TEXT       what names the groups of a user, and goes before them
  --oidc-required-claim=CLAIM=VALUE         what a token must say besides; may be given again
  --oidc-signing-algs=NAME,NAME             what tokens may be signed with (default RS256)
  --oidc-ca-file=PATH        PEM: whose certificates the issuer may show; the system's unless given
  --authentication-config=FILE   in place of all --oidc flags: any number of issuers, with rules in CEL, as an
                             AuthenticationConfiguration of apiserver.config.k8s.io/v1; read anew when it changes
`;

interface OidcValues {
  readonly 'oidc-issuer-url'?: string | undefined;
  readonly 'oidc-client-id'?: string | undefined;
  readonly 'oidc-username-claim'?: string | undefined;
  readonly 'oidc-username-prefix'?: string | undefined;
  readonly 'oidc-groups-claim'?: string | undefined;
  readonly 'oidc-groups-prefix'?: string | undefined;
  readonly 'oidc-required-claim': readonly string[];
  readonly 'oidc-signing-algs'?: string | undefined;
  readonly 'oidc-ca-file'?: string | undefined;
}

/** Undefined without an issuer. Throws with one line that names the flag when something is wrong. */
export function readOidcOptions(values: OidcValues): OidcOptions | undefined {
  const issuerUrl = values['oidc-issuer-url'];
  const required = values['oidc-required-claim'];
  if (issuerUrl === undefined) {
    const lonely = Object.entries(values).find(
      ([name, value]) => name in oidcFlags && (value as string | undefined)?.length,
    );
    if (lonely !== undefined) throw new Error(`--${lonely[0]}: it is of no use without --oidc-issuer-url`);
    return undefined;
  }
  const options: OidcOptions = {
    issuerUrl,
    clientId: values['oidc-client-id'] ?? '',
    usernameClaim: values['oidc-username-claim'],
    usernamePrefix: values['oidc-username-prefix'],
    groupsClaim: values['oidc-groups-claim'],
    groupsPrefix: values['oidc-groups-prefix'],
    requiredClaims: Object.fromEntries(required.map(claimAndValue)),
    signingAlgorithms: values['oidc-signing-algs']?.split(',') as SignatureAlgorithm[] | undefined,
    ca: authorities(values['oidc-ca-file']),
  };
  issuerOfFlags(options);
  return options;
}

function claimAndValue(text: string): readonly [claim: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--oidc-required-claim=${text}: it must be CLAIM=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function authorities(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`--oidc-ca-file=${path}: ${(cause as Error).message}`, { cause });
  }
}
