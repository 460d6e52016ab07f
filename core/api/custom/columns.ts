import type { CustomResourceDefinitionVersion } from '../generated/apiextensions-v1.ts';
import type { CustomColumn } from '../scheme.ts';

/** The columns that a version of a definition declares beyond the name. */
export function columnsOfVersion({
  additionalPrinterColumns = [],
}: CustomResourceDefinitionVersion): readonly CustomColumn[] {
  return additionalPrinterColumns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
    jsonPath: column.jsonPath,
  }));
}
