import { arrayOf, membersOf, textsOf } from '../../machinery/given-values.ts';
import { dns1123LabelProblems, dns1123SubdomainProblems } from '../../machinery/names.ts';
import { defaultPolicy, modes, parseLevel, parseVersion } from './policy.ts';
import type { LevelVersion, Policy } from './policy.ts';

/** Whose Pods, or which, are not looked at. */
export interface Exemptions {
  readonly usernames: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly runtimeClasses: ReadonlySet<string>;
}

/** What the administrator of a cluster says about the security of its Pods. */
export interface PodSecurityConfiguration {
  /** Of namespaces that say nothing. */
  readonly defaults: Policy;
  readonly exemptions: Exemptions;
}

export const noExemptions: Exemptions = {
  usernames: new Set(),
  namespaces: new Set(),
  runtimeClasses: new Set(),
};

export const defaultConfiguration: PodSecurityConfiguration = {
  defaults: defaultPolicy,
  exemptions: noExemptions,
};

const apiVersions = ['v1', 'v1beta1', 'v1alpha1'].map(
  (version) => `pod-security.admission.config.k8s.io/${version}`,
);

/**
 * Reads a PodSecurityConfiguration as a file has it; what is wrong joins `problems`
 * (pod-security-admission/admission/api/validation).
 */
export function readPodSecurityConfiguration(
  value: unknown,
  at: string,
  problems: string[],
): PodSecurityConfiguration {
  const given = membersOf(value, at, ['apiVersion', 'kind', 'defaults', 'exemptions'], problems);
  if (!apiVersions.includes(String(given['apiVersion'])) || given['kind'] !== 'PodSecurityConfiguration')
    problems.push(
      `${at}: apiVersion and kind must be "${apiVersions[0]}" and "PodSecurityConfiguration", not ${JSON.stringify(given['apiVersion'])} and ${JSON.stringify(given['kind'])}`,
    );
  return {
    defaults: readDefaults(given['defaults'] ?? {}, `${at}.defaults`, problems),
    exemptions: readExemptions(given['exemptions'] ?? {}, `${at}.exemptions`, problems),
  };
}

function readDefaults(value: unknown, at: string, problems: string[]): Policy {
  const given = membersOf(
    value,
    at,
    modes.flatMap((mode) => [mode, `${mode}-version`]),
    problems,
  );
  const policy: Record<string, LevelVersion> = {};
  for (const mode of modes) {
    const { [mode]: levelText = 'privileged', [`${mode}-version`]: versionText = 'latest' } = given;
    const [level, minor] = [parseLevel(String(levelText)), parseVersion(String(versionText))];
    if (level === undefined)
      problems.push(
        `${at}.${mode}: Invalid value: ${JSON.stringify(levelText)}: must be one of privileged, baseline, restricted`,
      );
    if (minor === undefined)
      problems.push(
        `${at}.${mode}-version: Invalid value: ${JSON.stringify(versionText)}: must be "latest" or "v1.x"`,
      );
    policy[mode] = { level: level ?? 'restricted', minor: minor ?? Infinity };
  }
  return policy as Policy;
}

function readExemptions(value: unknown, at: string, problems: string[]): Exemptions {
  const given = membersOf(value, at, ['usernames', 'namespaces', 'runtimeClasses'], problems);
  const read = (name: string, problemsOf: (text: string) => readonly string[]) => {
    const found = new Set<string>();
    arrayOf(given[name], `${at}.${name}`, problems);
    for (const [index, text] of textsOf(given[name], `${at}.${name}`, []).entries()) {
      const wrong = problemsOf(text);
      const place = `${at}.${name}[${index}]`;
      if (wrong.length > 0)
        problems.push(`${place}: Invalid value: ${JSON.stringify(text)}: ${wrong.join(', ')}`);
      else if (found.has(text)) problems.push(`${place}: Duplicate value: ${JSON.stringify(text)}`);
      found.add(text);
    }
    return found;
  };
  return {
    usernames: read('usernames', (name) => (name === '' ? ['must not be empty'] : [])),
    namespaces: read('namespaces', dns1123LabelProblems),
    runtimeClasses: read('runtimeClasses', dns1123SubdomainProblems),
  };
}
