import type { Completion } from '../repl/command-line.ts';
import type { CompletionRequest } from './command.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';

/** Names offered at once; a menu of thousands helps nobody. */
const mostNames = 200;

/** Completes a type, then live names of it; `pod/` completes names too. */
export async function completeTargets(request: CompletionRequest): Promise<readonly Completion[]> {
  const { words, word, session, signal } = request;
  const index = await session.resources(signal);
  if (word.includes('/')) {
    const [type = ''] = word.split('/');
    const resource = index.lookUp(type);
    return resource === undefined ? [] : names(request, resource, `${type}/`);
  }
  const [type] = words;
  if (type === undefined) return types(index.all, word);
  const resource = index.lookUp(type);
  return resource === undefined || type.includes('/') ? [] : names(request, resource, '');
}

/** Completes live names of one kind, for verbs whose bare argument is a Pod or a node. */
export async function completeNames(
  request: CompletionRequest,
  type: string,
): Promise<readonly Completion[]> {
  const index = await request.session.resources(request.signal);
  const resource = index.lookUp(type);
  return resource === undefined ? [] : names(request, resource, '');
}

function types(resources: readonly ServedResource[], word: string): readonly Completion[] {
  const seen = new Set<string>();
  return resources
    .filter(
      ({ verbs, plural }) =>
        verbs.includes('get') && plural.startsWith(word) && !seen.has(plural) && seen.add(plural),
    )
    .map(({ plural, kind, shortNames }) => ({
      text: plural,
      description: shortNames.length === 0 ? kind : `${kind} (${shortNames.join(', ')})`,
    }));
}

async function names(
  { word, words, session, signal }: CompletionRequest,
  resource: ServedResource,
  prefix: string,
): Promise<readonly Completion[]> {
  const namespace = resource.namespaced ? session.namespace : undefined;
  const list = await session.cluster.client.list(resource, { namespace, limit: mostNames, signal });
  const taken = new Set(words);
  return list.items
    .map((item) => `${prefix}${item.metadata.name}`)
    .filter((name) => name.startsWith(word) && !taken.has(name))
    .map((name) => ({ text: name }));
}
