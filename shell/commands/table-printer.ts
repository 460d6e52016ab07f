import type { CustomResourceDefinition } from '../../core/api/generated/apiextensions-v1.ts';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { columnsOfVersion } from '../../core/api/custom/columns.ts';
import { customPrinter } from '../../core/printers/custom.ts';
import { hasPrinter, printerFor } from '../../core/printers/printers.ts';
import type { TablePrinter } from '../../core/printers/table.ts';
import type { Session } from './session.ts';

/** The table of a kind: of a custom one as its definition says, where whoever asks may read that. */
export async function tablePrinterOf(
  session: Session,
  { group, version, plural, kind }: ServedResource,
  signal: AbortSignal,
): Promise<TablePrinter> {
  const plain = printerFor(group, version, kind);
  // Groups of custom kinds are domains.
  if (!group.includes('.') || hasPrinter(group, version, kind)) return plain;
  try {
    const name = `${plural}.${group}`;
    const definition: CustomResourceDefinition = await session.cluster.client.get(
      customresourcedefinitions,
      { name },
      { signal },
    );
    const declared = definition.spec.versions.find((each) => each.name === version);
    return declared === undefined ? plain : customPrinter(columnsOfVersion(declared));
  } catch {
    // A kind of the server itself, or a definition that is not for everybody: names and ages will do.
    signal.throwIfAborted();
    return plain;
  }
}
