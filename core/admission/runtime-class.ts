import { forbidden, isNotFound } from '../api/errors.ts';
import type { Pod, Toleration } from '../api/generated/core-v1.ts';
import type { RuntimeClass } from '../api/generated/node-v1.ts';
import { pods, runtimeclasses } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import { deepEqual } from '../machinery/json.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';
import type { Lookup } from './lookup.ts';

const otherOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/**
 * A Pod costs what its runtime costs besides its containers, and goes where that runtime is (KEP-688, KEP-894;
 * plugin/pkg/admission/runtimeclass).
 */
export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #lookup: Pick<Lookup, 'get'>;

  constructor(lookup: Pick<Lookup, 'get'>) {
    this.#lookup = lookup;
  }

  handles(request: AdmissionRequest): boolean {
    return isCreationOf(request, pods);
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const { spec } = request.object as unknown as Mutable<Pod>;
    const runtimeClass = await this.#classOf(request);
    if (runtimeClass === undefined) return;
    setOverhead(request, spec, runtimeClass);
    setScheduling(request, spec, runtimeClass);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { overhead } = (request.object as unknown as Pod).spec;
    const wanted = (await this.#classOf(request))?.overhead;
    if (wanted === undefined) {
      if (overhead === undefined) return;
      throw refuse(
        request,
        'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
      );
    }
    if (overhead === undefined || !deepEqual(overhead, wanted.podFixed ?? {}))
      throw refuse(request, otherOverhead);
  }

  async #classOf(request: AdmissionRequest): Promise<RuntimeClass | undefined> {
    const { runtimeClassName: name } = (request.object as unknown as Pod).spec;
    if (name === undefined) return undefined;
    try {
      return await this.#lookup.get(runtimeclasses, { name }, { signal: request.signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    }
  }
}

function setOverhead(
  request: AdmissionRequest,
  spec: Mutable<Pod['spec']>,
  { overhead }: RuntimeClass,
): void {
  if (overhead === undefined) return;
  const fixed = overhead.podFixed ?? {};
  if (spec.overhead !== undefined && !deepEqual(spec.overhead, fixed)) throw refuse(request, otherOverhead);
  spec.overhead = { ...fixed };
}

function setScheduling(
  request: AdmissionRequest,
  spec: Mutable<Pod['spec']>,
  { scheduling }: RuntimeClass,
): void {
  if (scheduling === undefined) return;
  const nodeSelector = { ...scheduling.nodeSelector };
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    const wanted = nodeSelector[key];
    if (wanted !== undefined && wanted !== value)
      throw refuse(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${wanted}; pod.spec.nodeSelector[${key}] = ${value}`,
      );
    nodeSelector[key] = value;
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = nodeSelector;
  if ((scheduling.tolerations?.length ?? 0) > 0)
    spec.tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations ?? []);
}

/** Both lists without what another toleration covers; of equal ones the first stays (pkg/util/tolerations). */
function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  all.forEach((toleration, at) => {
    if (merged.some((kept) => covers(kept, toleration))) return;
    const later = all.slice(at + 1);
    if (later.some((other) => !deepEqual(other, toleration) && covers(other, toleration))) return;
    merged.push(toleration);
  });
  return merged;
}

function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  const [wideKey, narrowKey] = [wide.key ?? '', narrow.key ?? ''];
  if (narrowKey !== wideKey && (wideKey !== '' || wide.operator !== 'Exists')) return false;
  const wideEffect = wide.effect ?? '';
  if ((narrow.effect ?? '') !== wideEffect && wideEffect !== '') return false;
  if (wideEffect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    const { tolerationSeconds } = narrow;
    if (tolerationSeconds === undefined || tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  const operatorOf = ({ operator = 'Equal' }: Toleration) => operator;
  return (
    operatorOf(wide) === 'Equal' &&
    operatorOf(narrow) === 'Equal' &&
    (narrow.value ?? '') === (wide.value ?? '')
  );
}

function refuse({ declaration, name }: AdmissionRequest, why: string) {
  return forbidden(declaration, name, why);
}
