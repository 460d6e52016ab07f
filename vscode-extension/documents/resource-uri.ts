import * as vscode from 'vscode';
import type { ObjectName } from '../../core/api/object.ts';

/** The kind of an object, as far as an address tells it. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** What the address of an object says. */
export interface ObjectAddress extends ResourcePath {
  readonly context: string;
  readonly name: ObjectName;
}

/** Objects of a cluster as files: `wheelhouse://CONTEXT/GROUP/VERSION/PLURAL/NAMESPACE/NAME.yaml`, "-" for none. */
export const resourceScheme = 'wheelhouse';

export function resourceUri(context: string, resource: ResourcePath, name: ObjectName): vscode.Uri {
  return addressUri(resourceScheme, context, resource, name, 'yaml');
}

export function addressUri(
  scheme: string,
  context: string,
  { group, version, plural }: ResourcePath,
  { namespace, name }: ObjectName,
  extension: string,
): vscode.Uri {
  const path = ['', group || '-', version, plural, namespace ?? '-', `${name}.${extension}`].join('/');
  // Contexts may have any name; authorities are lower case, so what is in them is encoded.
  return vscode.Uri.from({ scheme, authority: Buffer.from(context).toString('hex'), path });
}

/** Undefined for what is no address of an object. */
export function parseResourceUri(uri: vscode.Uri): ObjectAddress | undefined {
  const [, group, version, plural, namespace, file] = uri.path.split('/');
  if (group === undefined || version === undefined || plural === undefined || namespace === undefined)
    return undefined;
  const name = file?.replace(/\.(yaml|txt)$/, '');
  if (name === undefined || name === '') return undefined;
  return {
    context: Buffer.from(uri.authority, 'hex').toString(),
    group: group === '-' ? '' : group,
    version,
    plural,
    name: { namespace: namespace === '-' ? undefined : namespace, name },
  };
}
