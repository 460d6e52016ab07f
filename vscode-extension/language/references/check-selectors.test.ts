import { describe, expect, test } from 'vitest';
import { applyEdits, deployment } from '../checks/check-story.ts';
import { objectsOf } from '../checks/manifest-objects.ts';
import { builtInModel } from '../schema/built-in.ts';
import { ManifestFile } from '../syntax/manifest-file.ts';
import { podSelectorOf, selectorProblems } from './check-selectors.ts';
import { FileObjects, fileObjects } from './object-index.ts';

const settings = { model: builtInModel(), namespace: 'default' };

/** What is said of selectors in a file that has the Deployment "web", whose Pods are labelled app=web. */
function look(text: string, others = '') {
  const files = new FileObjects();
  const whole = `${text}---\n${deployment}`;
  const documents = new ManifestFile().update(whole);
  const own = fileObjects('a.yaml', documents, settings);
  files.update('a.yaml', own);
  files.update('b.yaml', fileObjects('b.yaml', new ManifestFile().update(others), settings));
  // The first document begins where the file does.
  const selectors = objectsOf(documents[0]?.parsed.root).flatMap(
    (object) => podSelectorOf(object, settings.namespace) ?? [],
  );
  const problems = selectorProblems(selectors, own, files);
  return problems.map(({ range, message, fixes = [] }) => ({
    at: whole.slice(range.start, range.end),
    message,
    fixed: applyEdits(whole, fixes[0]?.edits ?? []).split('---\n')[0],
  }));
}

const service = (selector: string, namespace = 'default') =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: ${namespace}}\nspec: {selector: {${selector}}}\n`;

describe('a selector', () => {
  test('that misses the workload beside it by a letter is told of, and mended', () => {
    expect(look(service('app: wbe'))).toEqual([
      {
        at: 'wbe',
        message: 'Selects no Pods of these files; did you mean "web", as Deployment "web" has it?',
        fixed: service('app: web'),
      },
    ]);
    expect(look(service('apps: web'))).toMatchObject([{ at: 'apps', fixed: service('app: web') }]);
  });

  test('of a budget or a network policy is looked at as well', () => {
    const budget = `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: 1, selector: {matchLabels: {app: webb}}}\n`;
    const policy = `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {matchLabels: {app: webb}}}\n`;
    expect(look(budget)).toMatchObject([{ at: 'webb' }]);
    expect(look(policy)).toMatchObject([{ at: 'webb' }]);
  });

  test.each([
    ['finds the Pods', service('app: web')],
    ['means something else', service('app: database')],
    ['means the next of several', service('app: web2')],
    ['is about another namespace', service('app: wbe', 'shop')],
    ['selects everything', service('')],
    ['is rendered from values', service('app: "{{ .Values.app }}"')],
  ])('that %s is not told of', (_, text) => expect(look(text)).toEqual([]));

  test('that another file answers is not told of', () => {
    const other = deployment.replaceAll('web', 'wbe');
    expect(look(service('app: wbe'), other)).toEqual([]);
  });
});
