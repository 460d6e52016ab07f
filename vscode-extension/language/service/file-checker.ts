import { checkDocument } from '../checks/check-document.ts';
import { objectsOf } from '../checks/manifest-objects.ts';
import type { Problem } from '../checks/problem.ts';
import { l10n } from '../l10n.ts';
import { duplicateProblems, referenceProblems, type KnownObjects } from '../references/check-references.ts';
import { podSelectorOf, selectorProblems, type PodSelector } from '../references/check-selectors.ts';
import { fileObjects, type FileObject } from '../references/object-index.ts';
import { referencesOf, type Reference } from '../references/references.ts';
import { kindsOfDefinition } from '../schema/custom-kinds.ts';
import type { KindInfo, SchemaModel } from '../schema/schema-model.ts';
import { ManifestFile, type PlacedDocument } from '../syntax/manifest-file.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';
import { reasonOf } from '../../session/reason.ts';
import type { Slices } from './slices.ts';

/** What a file is checked against. */
export interface CheckSettings {
  readonly model: SchemaModel;
  /** Where objects go that name no namespace. */
  readonly namespace: string;
}

/** What the references of a file are looked up in. */
export interface Between {
  readonly settings: CheckSettings;
  /** Of the file itself. */
  readonly objects: readonly FileObject[];
  readonly known: KnownObjects;
}

/** Longer files are left alone; the editor itself gives up not far above. */
export const maxFileLength = 16 * 1024 * 1024;
const maxProblems = 1_000;

interface Checked {
  readonly settings: CheckSettings;
  readonly problems: readonly Problem[];
  readonly references: readonly Reference[];
  readonly selectors: readonly PodSelector[];
}

/** One file as it changes. What is known of a document is kept while neither it nor what it is checked against changes. */
export class FileChecker {
  readonly name: string;
  readonly #file = new ManifestFile();
  #checked = new WeakMap<ParsedDocument, Checked>();
  #length = 0;

  constructor(name: string) {
    this.name = name;
  }

  update(text: string): void {
    this.#length = text.length;
    this.#file.update(text.length > maxFileLength ? '' : text);
  }

  get documents(): readonly PlacedDocument[] {
    return this.#file.documents;
  }

  documentAt(offset: number): PlacedDocument | undefined {
    return this.#file.documentAt(offset);
  }

  /** Parses all of the file, in slices; the objects it has. */
  async objects(settings: CheckSettings, slices: Slices, signal: AbortSignal): Promise<FileObject[]> {
    const objects: FileObject[] = [];
    for (const document of this.documents) {
      await slices.next(signal);
      objects.push(...fileObjects(this.name, [document], settings));
    }
    return objects;
  }

  /** Kinds that its CustomResourceDefinitions add; the same ones as long as those stay the same. */
  kinds(): KindInfo[] {
    return this.documents.flatMap(({ parsed }) => definedKinds(parsed));
  }

  /** What is wrong with each document by itself. Places count from the beginning of the file. */
  async check(settings: CheckSettings, slices: Slices, signal: AbortSignal): Promise<Problem[]> {
    if (this.#length > maxFileLength) return [this.#tooLong()];
    const problems: Problem[] = [];
    for (const document of this.documents) {
      await slices.next(signal);
      const { problems: found } = this.#check(document.parsed, settings);
      problems.push(...found.map((problem) => moved(problem, document.start)));
      if (problems.length >= maxProblems) break;
    }
    return problems.slice(0, maxProblems);
  }

  /** What is wrong between objects. `check` has been called with the same settings. */
  async between(
    { settings, objects, known }: Between,
    slices: Slices,
    signal: AbortSignal,
  ): Promise<Problem[]> {
    const problems = duplicateProblems(objects);
    // What seems to be missing may be in a file that is still to be read.
    if (!known.files.isComplete) return problems.slice(0, maxProblems);
    for (const { parsed, start } of this.documents) {
      if (problems.length >= maxProblems) break;
      await slices.next(signal);
      const { references, selectors } = this.#check(parsed, settings);
      const found = [
        ...referenceProblems(references, known),
        ...selectorProblems(selectors, objects, known.files),
      ];
      problems.push(...found.map((problem) => moved(problem, start)));
    }
    return problems.slice(0, maxProblems);
  }

  #check(document: ParsedDocument, settings: CheckSettings): Checked {
    const known = this.#checked.get(document);
    if (known?.settings.model === settings.model && known.settings.namespace === settings.namespace)
      return known;
    let checked: Checked;
    try {
      checked = checkedBy(settings, document);
    } catch (error) {
      // A rule that fails must not silence everything that is said of the other documents.
      checked = { settings, problems: [cannotCheck(document, error)], references: [], selectors: [] };
    }
    this.#checked.set(document, checked);
    return checked;
  }

  #tooLong(): Problem {
    const message = l10n.t(
      'This file has {0} characters and is not checked: at most {1} are',
      this.#length,
      maxFileLength,
    );
    return { range: { start: 0, end: 1 }, severity: 'information', code: 'too-long', message };
  }
}

function checkedBy(settings: CheckSettings, document: ParsedDocument): Checked {
  const context = { document, ...settings };
  const broken = document.problems.some(({ code }) => code === 'yaml');
  // Of what is half-typed, names are too.
  const objects = broken ? [] : objectsOf(document.root);
  return {
    settings,
    problems: checkDocument(context),
    references: objects.flatMap((object) => referencesOf(object, context)),
    selectors: objects.flatMap((object) => podSelectorOf(object, settings.namespace) ?? []),
  };
}

function cannotCheck({ text }: ParsedDocument, error: unknown): Problem {
  const start = text.length - text.trimStart().length;
  const why = reasonOf(error);
  return {
    range: { start, end: Math.min(start + 3, text.length) },
    severity: 'information',
    code: 'invalid',
    message: l10n.t('This document cannot be checked: {0}', why),
  };
}

const definitions = new WeakMap<ParsedDocument, KindInfo[]>();

function definedKinds(document: ParsedDocument): KindInfo[] {
  const known = definitions.get(document);
  if (known !== undefined) return known;
  const kinds = document.template
    ? []
    : objectsOf(document.root)
        .filter(({ kind }) => kind === 'CustomResourceDefinition')
        .flatMap(({ value }) => kindsOfDefinition(value));
  definitions.set(document, kinds);
  return kinds;
}

/** A problem of a document, placed in its file. */
export function moved(problem: Problem, by: number): Problem {
  if (by === 0) return problem;
  const move = ({ start, end }: Problem['range']) => ({ start: start + by, end: end + by });
  return {
    ...problem,
    range: move(problem.range),
    ...(problem.fixes === undefined
      ? {}
      : {
          fixes: problem.fixes.map(({ title, edits }) => ({
            title,
            edits: edits.map(({ range, text }) => ({ range: move(range), text })),
          })),
        }),
  };
}
