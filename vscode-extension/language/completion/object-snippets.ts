import { apiVersionOf } from '../../../core/api/resource.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { fieldSnippet } from './field-snippet.ts';
import { access } from './snippets/access.ts';
import { extensions } from './snippets/extensions.ts';
import { network, networkOfClusters } from './snippets/network.ts';
import type { ObjectSnippet } from './snippets/parts.ts';
import { policies } from './snippets/policies.ts';
import { storage, storageOfClusters } from './snippets/storage.ts';
import { plainWorkloads, workloads } from './snippets/workloads.ts';

const written: readonly ObjectSnippet[] = [
  ...workloads,
  ...network,
  ...storage,
  ...access,
  ...policies,
  ...extensions,
  ...networkOfClusters,
  ...storageOfClusters,
  ...plainWorkloads,
];

/**
 * Of the kinds that are served: those people write most first, then those of administrators, then what the schemas of
 * all others require.
 */
export function objectSnippets(kinds: readonly KindInfo[]): ObjectSnippet[] {
  const infos = new Map(kinds.map((info) => [`${apiVersionOf(info)}/${info.kind}`, info]));
  const served = written.filter(({ apiVersion, kind }) => infos.delete(`${apiVersion}/${kind}`));
  const others = [...infos.values()].map((info): ObjectSnippet => ({
    apiVersion: apiVersionOf(info),
    kind: info.kind,
    lines: bareLines(info),
  }));
  return [...served, ...others];
}

function bareLines({ schema }: KindInfo): string[] {
  const spec = schema.fields.get('spec');
  if (spec === undefined) return ['metadata:', '  name: ${1:my-name}'];
  // Its own stops come after that of the name.
  const below = fieldSnippet(spec, { column: 0, flow: false }).replace(
    /\$(\{?)(\d+)/g,
    (_, brace: string, stop: string) => `$${brace}${Number(stop) + 1}`,
  );
  return ['metadata:', '  name: ${1:my-name}', ...below.split('\n')];
}
