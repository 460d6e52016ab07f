import { CelCompileError, selects } from '../../../cel/index.ts';
import type { CelProgram } from '../../../cel/index.ts';
import { arrayOf, membersOf, textOf, textsOf } from '../../../machinery/given-values.ts';
import type { JsonObject } from '../../../machinery/json.ts';
import { dns1123SubdomainProblems } from '../../../machinery/names.ts';
import { certificatesOf } from '../../../machinery/pki/certificate-bundle.ts';
import { signatureAlgorithms } from '../jws.ts';
import { compileClaimRule, compileMapping, compileUserRule, userByRules } from './claim-rules.ts';
import type { ClaimRules, Mapping, Rule } from './claim-rules.ts';
import type { Issuer } from './issuer.ts';

const group = 'apiserver.config.k8s.io';
const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `${group}/${version}`);
const mostIssuers = 64;

/**
 * Reads an AuthenticationConfiguration as the file has it (KEP-3331), which may name no issuer at all. Throws with
 * everything that is wrong, each with its path, in upstream's words (apiserver/validation/validation.go).
 */
export function readAuthenticationConfiguration(
  value: unknown,
  disallowedIssuers: readonly string[],
): readonly Issuer[] {
  const problems: string[] = [];
  const { apiVersion, kind, jwt, anonymous } = membersOf(
    value,
    '',
    ['apiVersion', 'kind', 'jwt', 'anonymous'],
    problems,
  );
  if (!versions.includes(String(apiVersion)) || kind !== 'AuthenticationConfiguration')
    problems.push(
      `apiVersion and kind must be "${versions[0]}" and "AuthenticationConfiguration", not ${JSON.stringify(apiVersion)} and ${JSON.stringify(kind)}`,
    );
  if (anonymous !== undefined)
    problems.push('anonymous: cannot be set here: whoever shows nothing is told health and version only');
  const given = arrayOf(jwt, 'jwt', problems);
  if (given.length > mostIssuers)
    problems.push(`jwt: Too many: ${given.length}: must have at most ${mostIssuers} items`);
  const issuers = given
    .slice(0, mostIssuers)
    .map((one, index) => readIssuer(one, `jwt[${index}]`, disallowedIssuers, problems));
  unlikeEach(
    issuers.map(({ url }) => url),
    (index) => `jwt[${index}].issuer.url`,
    problems,
  );
  unlikeEach(
    issuers.map(({ discoveryUrl }) => discoveryUrl),
    (index) => `jwt[${index}].issuer.discoveryURL`,
    problems,
  );
  if (problems.length > 0) throw new Error(problems.join('; '));
  return issuers;
}

function readIssuer(value: unknown, at: string, disallowed: readonly string[], problems: string[]): Issuer {
  const known = ['issuer', 'claimValidationRules', 'claimMappings', 'userValidationRules'];
  const given = membersOf(value, at, known, problems);
  const about = membersOf(
    given['issuer'] ?? {},
    `${at}.issuer`,
    ['url', 'discoveryURL', 'certificateAuthority', 'audiences', 'audienceMatchPolicy', 'egressSelectorType'],
    problems,
  );
  const text = (name: string) => textOf(about[name], `${at}.issuer.${name}`, problems) || undefined;
  const [url, discoveryUrl] = [text('url'), text('discoveryURL')];
  if (url === undefined) problems.push(`${at}.issuer.url: Required value`);
  else checkUrl(url, `${at}.issuer.url`, disallowed, problems);
  if (discoveryUrl !== undefined) {
    if (url !== undefined && withoutSlash(url) === withoutSlash(discoveryUrl))
      problems.push(
        invalid(`${at}.issuer.discoveryURL`, discoveryUrl, 'discoveryURL must be different from URL'),
      );
    checkUrl(discoveryUrl, `${at}.issuer.discoveryURL`, [], problems);
  }
  if (text('egressSelectorType') !== undefined)
    problems.push(`${at}.issuer.egressSelectorType: there are no egress selectors here`);
  const rules = readRules(given, at, problems);
  return {
    url: url ?? '',
    discoveryUrl,
    audiences: audiencesOf(about, `${at}.issuer`, problems),
    // Upstream takes all that sign with a private key; the issuer says which of its keys does what.
    signingAlgorithms: signatureAlgorithms,
    ca: authorityOf(text('certificateAuthority'), `${at}.issuer.certificateAuthority`, problems),
    identity: JSON.stringify(value),
    userOf: (claims) => userByRules(rules, claims),
  };
}

function checkUrl(url: string, at: string, disallowed: readonly string[], problems: string[]): void {
  if (disallowed.includes(url))
    problems.push(
      invalid(at, url, `URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`),
    );
  if (!URL.canParse(url)) {
    problems.push(invalid(at, url, 'must be a URL'));
    return;
  }
  const { protocol, username, password, search, hash } = new URL(url);
  if (protocol !== 'https:') problems.push(invalid(at, url, 'URL scheme must be https'));
  if (username !== '' || password !== '')
    problems.push(invalid(at, url, 'URL must not contain a username or password'));
  if (search !== '') problems.push(invalid(at, url, 'URL must not contain a query'));
  if (hash !== '') problems.push(invalid(at, url, 'URL must not contain a fragment'));
}

function audiencesOf(about: JsonObject, at: string, problems: string[]): readonly string[] {
  const audiences = textsOf(about['audiences'], `${at}.audiences`, problems);
  if (audiences.length === 0)
    problems.push(`${at}.audiences: Required value: at least one ${at}.audiences is required`);
  for (const [index, audience] of audiences.entries())
    if (audience === '') problems.push(`${at}.audiences[${index}]: Required value`);
  unlikeEach(audiences, (index) => `${at}.audiences[${index}]`, problems);
  const policy = textOf(about['audienceMatchPolicy'], `${at}.audienceMatchPolicy`, problems) ?? '';
  const isEmpty = policy === '' && audiences.length <= 1;
  if (policy !== 'MatchAny' && !isEmpty)
    problems.push(
      invalid(
        `${at}.audienceMatchPolicy`,
        policy,
        audiences.length > 1
          ? 'audienceMatchPolicy must be MatchAny for multiple audiences'
          : 'audienceMatchPolicy must be empty or MatchAny for single audience',
      ),
    );
  return audiences;
}

function authorityOf(pem: string | undefined, at: string, problems: string[]): Buffer | undefined {
  if (pem === undefined) return undefined;
  try {
    if (certificatesOf(pem).length === 0) throw new Error('data does not contain any valid certificates');
  } catch (error) {
    problems.push(invalid(at, '<omitted>', (error as Error).message));
  }
  return Buffer.from(pem);
}

function readRules(given: JsonObject, at: string, problems: string[]): ClaimRules {
  const path = `${at}.claimMappings`;
  const mappings = membersOf(
    given['claimMappings'] ?? {},
    path,
    ['username', 'groups', 'uid', 'extra'],
    problems,
  );
  const emails = { used: false, checked: false };
  const note = (expression: string) => {
    emails.checked ||= selects(expression, 'claims', 'email_verified');
  };
  const username = readMapping(mappings['username'], `${path}.username`, true, problems, (expression) => {
    emails.used ||= selects(expression, 'claims', 'email');
    note(expression);
  });
  if (username === undefined && mappings['username'] === undefined)
    problems.push(`${path}.username: Required value: claim or expression is required`);
  const groups = readMapping(mappings['groups'], `${path}.groups`, true, problems);
  const uid = readMapping(mappings['uid'], `${path}.uid`, false, problems);
  const extra = readExtra(mappings['extra'], `${path}.extra`, problems, note);
  const claims = readClaimRules(given['claimValidationRules'], `${at}.claimValidationRules`, problems, note);
  if (emails.used && !emails.checked)
    problems.push(
      `${path}.username.expression: Invalid value: claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression`,
    );
  return {
    username: username ?? { kind: 'claim', claim: '', prefix: '' },
    groups,
    uid,
    extra,
    ...claims,
    userRules: readUserRules(given['userValidationRules'], `${at}.userValidationRules`, problems),
  };
}

/** Undefined where nothing is said, and where what is said is wrong. */
function readMapping(
  value: unknown,
  at: string,
  isPrefixed: boolean,
  problems: string[],
  note: (expression: string) => void = () => undefined,
): Mapping | undefined {
  if (value === undefined || value === null) return undefined;
  const members = isPrefixed ? ['claim', 'prefix', 'expression'] : ['claim', 'expression'];
  const given = membersOf(value, at, members, problems);
  const text = (name: string) => textOf(given[name], `${at}.${name}`, problems);
  const [claim = '', prefix, expression = ''] = [text('claim'), text('prefix'), text('expression')];
  if (claim !== '' && expression !== '') {
    problems.push(invalid(at, '', "claim and expression can't both be set"));
    return undefined;
  }
  if (expression !== '') {
    if (prefix !== undefined)
      problems.push(invalid(`${at}.prefix`, prefix, 'may not be specified when expression is set'));
    const program = compiled(expression, `${at}.expression`, compileMapping, problems, note);
    return program && { kind: 'expression', program };
  }
  if (claim === '') {
    if (at.endsWith('.username')) problems.push(`${at}: Required value: claim or expression is required`);
    return undefined;
  }
  if (isPrefixed && prefix === undefined)
    problems.push(
      `${at}.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing`,
    );
  return { kind: 'claim', claim, prefix: prefix ?? '' };
}

function readExtra(
  value: unknown,
  at: string,
  problems: string[],
  note: (expression: string) => void,
): ClaimRules['extra'] {
  const given = arrayOf(value, at, problems).map((one, index) => {
    const path = `${at}[${index}]`;
    const members = membersOf(one, path, ['key', 'valueExpression'], problems);
    const text = (name: string) => textOf(members[name], `${path}.${name}`, problems) ?? '';
    const [key, expression] = [text('key'), text('valueExpression')];
    checkExtraKey(key, `${path}.key`, problems);
    if (expression === '') problems.push(`${path}.valueExpression: Required value`);
    const program =
      expression === ''
        ? undefined
        : compiled(expression, `${path}.valueExpression`, compileMapping, problems, note);
    return { key, program };
  });
  unlikeEach(
    given.map(({ key }) => key),
    (index) => `${at}[${index}].key`,
    problems,
  );
  return given.flatMap(({ key, program }) => (program === undefined ? [] : [{ key, program }]));
}

function checkExtraKey(key: string, at: string, problems: string[]): void {
  const [domain = '', ...rest] = key.split('/');
  const path = rest.join('/');
  if (key === '') problems.push(`${at}: Required value`);
  else if (path === '')
    problems.push(invalid(at, key, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else {
    for (const problem of dns1123SubdomainProblems(domain)) problems.push(invalid(at, domain, problem));
    if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path))
      problems.push(
        invalid(at, path, `Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`),
      );
  }
  if (key !== key.toLowerCase()) problems.push(invalid(at, key, 'must be lowercase'));
  if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain) && path !== '')
    problems.push(
      invalid(at, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'),
    );
}

function readClaimRules(
  value: unknown,
  at: string,
  problems: string[],
  note: (expression: string) => void,
): Pick<ClaimRules, 'required' | 'claimRules'> {
  const required: { claim: string; value: string }[] = [];
  const claimRules: Rule[] = [];
  const seen: (string | undefined)[][] = [[], []];
  for (const [index, one] of arrayOf(value, at, problems).entries()) {
    const path = `${at}[${index}]`;
    const members = membersOf(one, path, ['claim', 'requiredValue', 'expression', 'message'], problems);
    const text = (name: string) => textOf(members[name], `${path}.${name}`, problems) ?? '';
    const [claim, expression, message] = [text('claim'), text('expression'), text('message')];
    const requiredValue = text('requiredValue');
    seen[0]?.push(claim || undefined);
    seen[1]?.push(expression || undefined);
    if (claim !== '' && expression !== '')
      problems.push(invalid(path, claim, "claim and expression can't both be set"));
    else if (claim !== '') {
      if (message !== '')
        problems.push(invalid(`${path}.message`, message, 'may not be specified when claim is set'));
      required.push({ claim, value: requiredValue });
    } else if (expression !== '') {
      if (requiredValue !== '')
        problems.push(
          invalid(`${path}.requiredValue`, requiredValue, 'may not be specified when expression is set'),
        );
      const program = compiled(expression, `${path}.expression`, compileClaimRule, problems, note);
      if (program !== undefined) claimRules.push({ program, expression, message });
    } else problems.push(`${path}: Required value: claim or expression is required`);
  }
  unlikeEach(seen[0] ?? [], (index) => `${at}[${index}].claim`, problems);
  unlikeEach(seen[1] ?? [], (index) => `${at}[${index}].expression`, problems);
  return { required, claimRules };
}

function readUserRules(value: unknown, at: string, problems: string[]): readonly Rule[] {
  const given = arrayOf(value, at, problems).map((one, index): Rule | string | undefined => {
    const path = `${at}[${index}]`;
    const members = membersOf(one, path, ['expression', 'message'], problems);
    const text = (name: string) => textOf(members[name], `${path}.${name}`, problems) ?? '';
    const [expression, message] = [text('expression'), text('message')];
    if (expression === '') {
      problems.push(`${path}.expression: Required value`);
      return undefined;
    }
    const program = compiled(expression, `${path}.expression`, compileUserRule, problems);
    return program === undefined ? expression : { program, expression, message };
  });
  unlikeEach(
    given.map((rule) => (typeof rule === 'object' ? rule.expression : rule)),
    (index) => `${at}[${index}].expression`,
    problems,
  );
  return given.flatMap((rule) => (typeof rule === 'object' ? [rule] : []));
}

function compiled(
  expression: string,
  at: string,
  compile: (expression: string) => CelProgram,
  problems: string[],
  note: (expression: string) => void = () => undefined,
): CelProgram | undefined {
  try {
    const program = compile(expression);
    note(expression);
    return program;
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error;
    problems.push(invalid(at, expression, error.message));
    return undefined;
  }
}

function unlikeEach(
  values: readonly (string | undefined)[],
  at: (index: number) => string,
  problems: string[],
): void {
  for (const [index, value] of values.entries())
    if (value !== undefined && value !== '' && values.indexOf(value) < index)
      problems.push(`${at(index)}: Duplicate value: ${JSON.stringify(value)}`);
}

function invalid(at: string, value: string, why: string): string {
  return `${at}: Invalid value: ${JSON.stringify(value)}: ${why}`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
