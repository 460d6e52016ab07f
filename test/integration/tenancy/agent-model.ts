import type { Answer, Asked } from './asking.ts';
import { expectedOf, isGranted, wouldCreate } from './model.ts';
import type { Addressed, Holding } from './model.ts';

/**
 * What must come of the requests of a node agent on whose node nothing runs, and whose node is none of those that are
 * asked about (KEP-279, KEP-4601 and the list of the node authorizer in upstream's documentation).
 */
export function expectedOfAgent(asked: Asked, addressed: Addressed): Answer {
  const { group, resource, subresource } = asked;
  const verb = asked.verb === 'apply' ? 'patch' : asked.verb;
  const here = `${group}/${resource}`;
  // Of a Pod that is gone it is told just that: it may have been its own.
  const isGone = here === '/pods' && verb === 'get' && subresource === undefined && !addressed.isThere;
  if (isGone && asked.namespace !== undefined) return 'absent';
  const may = granted[here]?.[subresource ?? '']?.includes(verb) === true;
  if (!may && !isGranted(nothing, { ...asked, verb })) return 'forbidden';
  const answer = expectedOf(everything, asked, addressed);
  if (answer !== 'done' || reading.includes(verb)) return answer;
  if (wouldCreate(asked, addressed) && granted[here]?.['']?.includes('create') !== true) return 'forbidden';
  return ofItsNode.has(here) ? 'not admitted' : answer;
}

const nothing: readonly Holding[] = [];
const everything: readonly Holding[] = [{ role: 'cluster-admin' }];
const reading = ['get', 'list', 'watch'];

/** By kind and part. */
const granted: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '/services': { '': reading },
  '/endpoints': { '': ['get'] },
  '/nodes': { '': ['create', 'update', 'patch'], status: ['update', 'patch'] },
  '/pods': { '': ['create', 'delete'], status: ['update', 'patch'], eviction: ['create'] },
  '/events': { '': ['create', 'update', 'patch'] },
  'certificates.k8s.io/certificatesigningrequests': { '': ['create', ...reading] },
  'storage.k8s.io/csidrivers': { '': reading },
  'storage.k8s.io/csinodes': { '': ['create'] },
  'node.k8s.io/runtimeclasses': { '': reading },
  'authentication.k8s.io/tokenreviews': { '': ['create'] },
  'authorization.k8s.io/subjectaccessreviews': { '': ['create'] },
  'authorization.k8s.io/localsubjectaccessreviews': { '': ['create'] },
};

/** What an agent writes of these is of its own node, or it is not admitted (NodeRestriction). */
const ofItsNode: ReadonlySet<string> = new Set(['/nodes', '/pods', 'storage.k8s.io/csinodes']);
