import type { SchemaModel } from '../schema/schema-model.ts';
import type { Range } from '../syntax/nodes.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';

/** What every check of a document is given. */
export interface CheckContext {
  readonly document: ParsedDocument;
  readonly model: SchemaModel;
  /** Where objects go that name no namespace. */
  readonly namespace: string;
}

/** Whether any of the range becomes something else when a template engine renders it. */
export function isRendered({ actions }: ParsedDocument, { start, end }: Range): boolean {
  return actions.some((action) => action.start < Math.max(end, start + 1) && start < action.end);
}
