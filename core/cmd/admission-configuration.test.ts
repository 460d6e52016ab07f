import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatLevelVersion } from '../admission/pod-security/policy.ts';
import { readAdmission } from './admission-configuration.ts';

const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-admission-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const own = `
apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults:
  enforce: baseline
  enforce-version: v1.30
  warn: restricted
exemptions:
  usernames: [system:serviceaccount:kube-system:operator]
  namespaces: [kube-system]
  runtimeClasses: [walled]
`;
const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';
const within = `${head}plugins:\n- name: PodSecurity\n  configuration:\n${own.replaceAll(/^(?=.)/gm, '    ')}`;

const read = (path: string) => readAdmission({ 'admission-control-config-file': path });

describe('the file that sets up admission', () => {
  test.each([
    ['has what PodSecurity is to do', () => file('one.yaml', within)],
    [
      'names a file beside it that has that',
      () => {
        file('own.yaml', own);
        return file('two.yaml', `${head}plugins:\n- name: PodSecurity\n  path: own.yaml\n`);
      },
    ],
  ])('%s', (_, path) => {
    const configuration = read(path()).podSecurity;
    expect(
      Object.values(configuration?.defaults ?? {})
        .map(formatLevelVersion)
        .toSorted(),
    ).toEqual(['baseline:v1.30', 'privileged:latest', 'restricted:latest']);
    expect(configuration?.exemptions).toEqual({
      usernames: new Set(['system:serviceaccount:kube-system:operator']),
      namespaces: new Set(['kube-system']),
      runtimeClasses: new Set(['walled']),
    });
  });

  test('has what nobody takes of without a quota', () => {
    const text = `${head}plugins:
- name: ResourceQuota
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: ResourceQuotaConfiguration
    limitedResources:
    - resource: pods
      matchScopes: [{scopeName: PriorityClass, operator: In, values: [high]}]
    - apiGroup: apps
      resource: deployments
      matchContains: [count/]
`;
    expect(read(file('quota.yaml', text)).limitedResources).toEqual([
      {
        group: '',
        resource: 'pods',
        matchContains: [],
        matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
      },
      { group: 'apps', resource: 'deployments', matchContains: ['count/'], matchScopes: [] },
    ]);
    const wrong = text.replace('operator: In', 'operator: Of').replace('resource: deployments', 'kind: x');
    expect(() => read(file('wrong-quota.yaml', wrong))).toThrow(
      /limitedResources\[0\].matchScopes\[0\].operator: Unsupported value: "Of"; .*limitedResources\[1\].kind: unknown field; .*limitedResources\[1\].resource: Required value/,
    );
  });

  test('may say nothing', () => {
    const nothing = { podSecurity: undefined, limitedResources: [] };
    expect(read(file('empty.yaml', head))).toEqual(nothing);
    expect(readAdmission({})).toEqual(nothing);
  });

  test.each([
    ['of another kind', own, /apiVersion and kind must be "apiserver.config.k8s.io\/v1"/],
    [
      'for a plug-in that is not set up so',
      `${head}plugins: [{name: LimitRanger}]`,
      /Unsupported value: "LimitRanger"/,
    ],
    [
      'with a level that there is none of',
      within.replace('baseline', 'tight'),
      /defaults.enforce: Invalid value: "tight"/,
    ],
    [
      'with a version that there is none of',
      within.replace('v1.30', '1.31'),
      /enforce-version: Invalid value: 1.31/,
    ],
    ['with a misspelt field', within.replace('usernames', 'users'), /exemptions.users: unknown field/],
    [
      'with a namespace that can have no such name',
      within.replace('[kube-system]', '[A]'),
      /namespaces\[0\]: Invalid/,
    ],
    [
      'with a name given twice',
      within.replace('[walled]', '[a, a]'),
      /runtimeClasses\[1\]: Duplicate value: "a"/,
    ],
    ['that is not there', undefined, /ENOENT/],
  ])('%s is refused as a whole', (_, text, message) => {
    const path = text === undefined ? join(directory, 'absent.yaml') : file('wrong.yaml', text);
    expect(() => read(path)).toThrow(message);
  });

  test('and the flag do not both say what is enforced', () => {
    const path = file('both.yaml', within);
    expect(() =>
      readAdmission({ 'admission-control-config-file': path, 'pod-security': 'enforce=baseline' }),
    ).toThrow(/says already how PodSecurity is set up/);
    expect(readAdmission({ 'pod-security': 'enforce=baseline' }).podSecurity?.defaults.enforce.level).toBe(
      'baseline',
    );
  });
});
