import type { Scheme } from '../api/scheme.ts';
import { Attributes } from './attributes.ts';
import type { AdmissionRequest } from './chain.ts';
import { Evaluation } from './evaluation.ts';
import type { AskAuthorizer } from './evaluation.ts';
import type { Lookup } from './lookup.ts';
import { namespaceOf } from './matching.ts';
import type { NamespaceOf } from './matching.ts';

/** One request, as all webhooks or policies that have a say in it see it. */
export interface Subject {
  readonly attributes: Attributes;
  readonly namespaceOf: NamespaceOf;
  readonly evaluation: Evaluation;
}

export interface SubjectOptions {
  readonly scheme: Scheme;
  readonly lookup: Lookup;
  readonly ask: AskAuthorizer;
}

export function subjectOf(request: AdmissionRequest, { scheme, lookup, ask }: SubjectOptions): Subject {
  const attributes = new Attributes(request, scheme);
  const namespace = namespaceOf(lookup, request);
  return { attributes, namespaceOf: namespace, evaluation: new Evaluation(attributes, namespace, ask) };
}
