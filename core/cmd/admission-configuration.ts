import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readLimitedResources } from '../admission/limited-resources.ts';
import type { LimitedResource } from '../admission/limited-resources.ts';
import { noExemptions, readPodSecurityConfiguration } from '../admission/pod-security/configuration.ts';
import type { PodSecurityConfiguration } from '../admission/pod-security/configuration.ts';
import { parsePolicy } from '../admission/pod-security/policy.ts';
import { arrayOf, membersOf } from '../machinery/given-values.ts';
import { readDocuments } from '../machinery/yaml.ts';

export const admissionFlags = {
  'pod-security': { type: 'string' },
  'admission-control-config-file': { type: 'string' },
} as const;

export const admissionUsage = `  --admission-control-config-file=FILE       how plug-ins are set up, as an AdmissionConfiguration: of PodSecurity
                             the defaults and who is exempt, of ResourceQuota what nobody takes of without one
  --pod-security=MODE=LEVEL,MODE=LEVEL       or just what namespaces that say nothing enforce, audit and warn of,
                             such as enforce=baseline,warn=restricted (default privileged for all)
`;

interface AdmissionFlagValues {
  readonly 'pod-security'?: string | undefined;
  readonly 'admission-control-config-file'?: string | undefined;
}

/** What the administrator says about plug-ins. */
export interface AdmissionSettings {
  /** Undefined where nothing is said of it. */
  readonly podSecurity: PodSecurityConfiguration | undefined;
  /** Of ResourceQuota: what nobody takes of without one. */
  readonly limitedResources: readonly LimitedResource[];
}

/** Throws with all that is wrong. */
export function readAdmission(values: AdmissionFlagValues): AdmissionSettings {
  const { 'pod-security': text, 'admission-control-config-file': path } = values;
  const configured = path === undefined ? { podSecurity: undefined, limitedResources: [] } : readFile(path);
  if (text === undefined) return configured;
  if (configured.podSecurity !== undefined)
    throw new Error(`--pod-security=${text}: "${path}" says already how PodSecurity is set up`);
  try {
    return { ...configured, podSecurity: { defaults: parsePolicy(text), exemptions: noExemptions } };
  } catch (error) {
    throw new Error(`--pod-security=${(error as Error).message}`, { cause: error });
  }
}

function readFile(path: string): AdmissionSettings {
  try {
    return readAdmissionConfiguration(documentOf(path), (beside) =>
      documentOf(resolve(dirname(path), beside)),
    );
  } catch (cause) {
    throw new Error(`--admission-control-config-file=${path}: ${(cause as Error).message}`, { cause });
  }
}

function documentOf(path: string): unknown {
  const documents = readDocuments(readFileSync(path, 'utf8'));
  if (documents.length !== 1) throw new Error(`"${path}" has ${documents.length} documents instead of one`);
  return documents[0]?.value;
}

const apiVersions = ['apiserver.config.k8s.io/v1', 'apiserver.k8s.io/v1alpha1'];

/**
 * Reads an AdmissionConfiguration (apiserver/pkg/admission/config.go). A plug-in's own configuration stands in it, or
 * in the file that its `path` names.
 * @param read reads another file
 */
function readAdmissionConfiguration(value: unknown, read: (path: string) => unknown): AdmissionSettings {
  const problems: string[] = [];
  const given = membersOf(value, '', ['apiVersion', 'kind', 'plugins'], problems);
  if (!apiVersions.includes(String(given['apiVersion'])) || given['kind'] !== 'AdmissionConfiguration')
    problems.push(
      `apiVersion and kind must be "${apiVersions[0]}" and "AdmissionConfiguration", not ${JSON.stringify(given['apiVersion'])} and ${JSON.stringify(given['kind'])}`,
    );
  let podSecurity: PodSecurityConfiguration | undefined;
  let limitedResources: readonly LimitedResource[] = [];
  const names = new Set<unknown>();
  for (const [index, plugin] of arrayOf(given['plugins'], 'plugins', problems).entries()) {
    const at = `plugins[${index}]`;
    const { name, path, configuration } = membersOf(plugin, at, ['name', 'path', 'configuration'], problems);
    if (names.has(name)) problems.push(`${at}.name: Duplicate value: ${JSON.stringify(name)}`);
    names.add(name);
    // What is set up in vain would be believed to hold.
    if (name !== 'PodSecurity' && name !== 'ResourceQuota') {
      problems.push(
        `${at}.name: Unsupported value: ${JSON.stringify(name)}: of all plug-ins PodSecurity and ResourceQuota are set up so`,
      );
      continue;
    }
    const isHere = configuration !== undefined && configuration !== null;
    if (!isHere && (typeof path !== 'string' || path === '')) continue;
    const own = isHere ? configuration : read(path as string);
    const place = isHere ? `${at}.configuration` : (path as string);
    if (name === 'PodSecurity') podSecurity = readPodSecurityConfiguration(own, place, problems);
    else limitedResources = readLimitedResources(own, place, problems);
  }
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { podSecurity, limitedResources };
}
