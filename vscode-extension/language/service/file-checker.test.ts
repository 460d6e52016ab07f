import { describe, expect, test } from 'vitest';
import { deployment } from '../checks/check-story.ts';
import { FileObjects } from '../references/object-index.ts';
import { builtInModel } from '../schema/built-in.ts';
import { withKinds } from '../schema/custom-kinds.ts';
import { FileChecker, maxFileLength } from './file-checker.ts';
import { Slices } from './slices.ts';

const model = builtInModel();
const settings = { model, namespace: 'default' };
const never = new AbortController().signal;
const slices = () => new Slices(() => 0);

const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: 1}\n';

describe('a file', () => {
  test('has the problems of its documents, each where it stands now', async () => {
    const file = new FileChecker('a.yaml');
    file.update(`${deployment}---\n${config}`);
    const [problem] = await file.check(settings, slices(), never);
    file.update(`# more\n${deployment}---\n${config}`);
    const [later] = await file.check(settings, slices(), never);
    expect(later?.range.start).toBe((problem?.range.start ?? 0) + 7);
    expect(later?.fixes?.[0]?.edits[0]?.range.start).toBe(later?.range.start);
  });

  test('is checked again where the schemas changed', async () => {
    const file = new FileChecker('a.yaml');
    file.update(config.replace('v1\n', 'example.com/v1\n'));
    expect(await file.check(settings, slices(), never)).toEqual([]);
    const [kind] = model.named('ConfigMap');
    const wider = withKinds(model, kind === undefined ? [] : [{ ...kind, group: 'example.com' }]);
    expect(await file.check({ ...settings, model: wider }, slices(), never)).toHaveLength(1);
  });

  test('tells of what is between its objects', async () => {
    const file = new FileChecker('a.yaml');
    file.update(`${config}---\n${config}`);
    const objects = await file.objects(settings, slices(), never);
    const known = { files: new FileObjects(), live: undefined };
    const found = await file.between({ settings, objects, known }, slices(), never);
    expect(found.map(({ code }) => code)).toEqual(['duplicate-object']);
  });

  test('is told of what is missing only when all files have been read, of which one may have it', async () => {
    const file = new FileChecker('a.yaml');
    file.update(
      deployment.replace('      containers:', '      serviceAccountName: builder\n      containers:'),
    );
    const objects = await file.objects(settings, slices(), never);
    const files = new FileObjects();
    const namesOf = () => new Set<string>();
    const known = { files, live: { namesOf, keysOf: () => undefined } };
    const missing = async () =>
      (await file.between({ settings, objects, known }, slices(), never)).map(({ code }) => code);
    const ends = [files.beginReading(), files.beginReading()];
    expect(await missing()).toEqual([]);
    ends[0]?.();
    ends[0]?.();
    expect(await missing()).toEqual([]);
    ends[1]?.();
    expect(await missing()).toEqual(['missing-object']);
  });

  test('keeps the kinds it defines while their definitions stay as they are', () => {
    const definition =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: a.b\n  names: {kind: C}\n  versions: [{name: v1, schema: {openAPIV3Schema: {type: object}}}]\n';
    const file = new FileChecker('a.yaml');
    file.update(`${definition}---\na: 1\n`);
    const [kind] = file.kinds();
    file.update(`${definition}---\na: 2\n`);
    expect(file.kinds()[0]).toBe(kind);
    expect(kind?.kind).toBe('C');
  });

  test('with a document on which a rule fails is checked all the same', async () => {
    const [kind] = model.named('Secret');
    const broken = withKinds(model, [
      {
        ...(kind as NonNullable<typeof kind>),
        rules: {
          nameProblems: () => [],
          validate: () => {
            throw new Error('oops');
          },
        },
      },
    ]);
    const file = new FileChecker('a.yaml');
    file.update(`apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\n${config}`);
    const problems = await file.check({ ...settings, model: broken }, slices(), never);
    expect(problems.map(({ code, message }) => [code, message.split(':')[0]])).toEqual([
      ['invalid', 'This document cannot be checked'],
      ['wrong-type', 'b must be a string, not the number 1'],
    ]);
  });

  test('that is far too long says so', async () => {
    const file = new FileChecker('a.yaml');
    file.update('#'.repeat(maxFileLength + 1));
    expect((await file.check(settings, slices(), never)).map(({ code }) => code)).toEqual(['too-long']);
  });
});

describe('a long check', () => {
  const text = Array.from({ length: 50 }, () => config).join('---\n');

  test('lets others go first between documents', async () => {
    let ms = 0;
    const file = new FileChecker('a.yaml');
    file.update(text);
    let turns = 0;
    const count = () => {
      turns++;
      if (turns < 100) setImmediate(count);
    };
    setImmediate(count);
    await file.check(settings, new Slices(() => (ms += 5)), never);
    expect(turns).toBeGreaterThan(10);
  });

  test('ends when it is overtaken', async () => {
    const overtaken = new AbortController();
    const file = new FileChecker('a.yaml');
    file.update(text);
    let ms = 0;
    const checking = file.check(settings, new Slices(() => (ms += 20)), overtaken.signal);
    overtaken.abort(new Error('typed on'));
    await expect(checking).rejects.toThrow('typed on');
  });
});
