import { parseApiVersion } from '../resource.ts';
import { groupFacts, typeFactsByName } from '../schema/facts.ts';

/** Of every version of a group, such as DeleteOptions. */
const inAnyGroup = new Map<string, string>();
const byKind = new Map<string, string>();

/** The type of a kind as it names itself, such as "core/v1.Pod" for "v1" and "Pod". */
export function typeOfKind(apiVersion: string, kind: string): string | undefined {
  if (byKind.size === 0) index();
  const { group, version } = parseApiVersion(apiVersion);
  return byKind.get(`${group}/${version}/${kind}`) ?? inAnyGroup.get(kind);
}

function index(): void {
  for (const [type, { gvk = [], gvkAnyGroup = false, proto }] of Object.entries(typeFactsByName)) {
    if (proto === false || groupFacts[type.slice(0, type.indexOf('.'))]?.proto === undefined) continue;
    for (const { group, version, kind } of gvk) {
      byKind.set(`${group}/${version}/${kind}`, type);
      if (gvkAnyGroup) inAnyGroup.set(kind, type);
    }
  }
}
