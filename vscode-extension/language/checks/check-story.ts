/** For tests: what is said of a manifest, and what it becomes when a fix is taken. */
import { builtInModel } from '../schema/built-in.ts';
import type { SchemaModel } from '../schema/schema-model.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { checkDocument } from './check-document.ts';
import type { Problem, TextEdit } from './problem.ts';

const builtIn = builtInModel();

export function problemsOf(text: string, model: SchemaModel = builtIn): Problem[] {
  return checkDocument({ document: parseDocument(text), model, namespace: 'default' });
}

/** Each as `severity "underlined text" message`. */
export function told(text: string, model?: SchemaModel): string[] {
  return problemsOf(text, model).map(
    ({ range, severity, message }) =>
      `${severity} ${JSON.stringify(text.slice(range.start, range.end))} ${message}`,
  );
}

/** The text after the fix with this title was taken. */
export function fixed(text: string, title: string): string {
  const fixes = problemsOf(text).flatMap((problem) => problem.fixes ?? []);
  const fix = fixes.find((candidate) => candidate.title === title);
  if (fix === undefined)
    throw new Error(`No fix "${title}" among ${JSON.stringify(fixes.map((other) => other.title))}`);
  return applyEdits(text, fix.edits);
}

export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toSorted((a, b) => b.range.start - a.range.start)
    .reduce((done, { range, text: put }) => done.slice(0, range.start) + put + done.slice(range.end), text);
}

export const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: busybox
          resources:
            requests: { cpu: 50m, memory: 16Mi }
`;
