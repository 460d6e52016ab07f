import type { Range } from '../syntax/nodes.ts';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

export type ProblemCode =
  | 'yaml'
  | 'duplicate-key'
  | 'alias'
  | 'too-long'
  | 'template'
  | 'unknown-kind'
  | 'former-version'
  | 'deprecated'
  | 'unknown-field'
  | 'wrong-type'
  | 'required'
  | 'value'
  | 'invalid'
  | 'selector'
  | 'duplicate-object'
  | 'missing-object'
  | 'missing-key'
  | 'server';

/** Something to tell whoever writes a document. Offsets count from the document's beginning. */
export interface Problem {
  readonly range: Range;
  readonly severity: Severity;
  readonly code: ProblemCode;
  readonly message: string;
  /** What would mend it, the best first. */
  readonly fixes?: readonly Fix[];
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

export interface TextEdit {
  readonly range: Range;
  readonly text: string;
}
