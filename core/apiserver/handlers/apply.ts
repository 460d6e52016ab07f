import { conflict, isAlreadyExists, isNotFound, StatusError } from '../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { Call, Encoded, ObjectTarget, Patch, PatchOptions } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { ownForm, wished } from './asked-form.ts';
import { checkNames, decodeBody } from './body.ts';
import type { DecodeOptions } from './body.ts';
import { notAllowed } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { resetFields } from '../../registry/updates.ts';
import { applied, setEntries } from './ownership.ts';
import { readConfiguration } from './patches.ts';
import { writeRequestOf } from './write-request.ts';
import { isAbsent } from './writes.ts';
import type { Writes } from './writes.ts';

const maxAttempts = 5;
/** For objects made from what is stored or was read before: their fields were reported then. */
const quiet: DecodeOptions = { fieldValidation: 'Ignore' };

/** Server-side apply (KEP-555): creates what is not there, for who may (`mayCreate` rejects for the others). */
export async function serverSideApply(
  writes: Writes,
  mayCreate: () => Promise<void>,
  clock: Clock,
  call: Call,
  target: ObjectTarget,
  endpoint: Endpoint,
  patch: Patch,
  options: PatchOptions,
): Promise<Encoded> {
  const { declaration, subresource } = endpoint;
  const handler = subresource?.handler;
  if (handler !== undefined && handler.change === undefined)
    throw new StatusError(
      'UnsupportedMediaType',
      `apply is not supported on ${target.resource}/${target.subresource}`,
    );
  const kind = handler?.kind ?? declaration;
  const read = readConfiguration(declaration, kind, patch, target, options, call.warn);
  const configuration = handler?.configuration?.(endpoint, read) ?? read;
  const request = { ...writeRequestOf(call, endpoint, options), ownersKnown: true };
  const { manager } = request;
  const resets = resetFields({ declaration, strategy: endpoint.store.strategy }, request.subresource);
  const writer = { manager, subresource: request.subresource, resets, nowMs: clock.now() };
  const next = (old: Encoded | undefined): Mutable<KubernetesObject> => {
    const live = old === undefined ? undefined : ownForm(endpoint, old).object;
    const result = applied(declaration, writer, configuration, live, options.force === true);
    const decoded = decodeBody(declaration, { value: result.object, duplicates: [] }, quiet);
    checkNames(declaration, decoded, target);
    // What was applied to another form of the object can have changed no more than that form shows.
    const narrows = old !== undefined && handler?.configuration === undefined;
    const changed = (narrows ? handler?.change?.(endpoint, old, decoded) : undefined) ?? decoded;
    setEntries(changed, result.managedFields);
    return changed;
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await writes.update(request, endpoint, target, (old) => wished(endpoint, next(old)));
    } catch (error) {
      if (!isNotFound(error) || subresource !== undefined || !(await isAbsent(call, endpoint, target)))
        throw error;
      if (declaration.custom?.terminating === true) throw notAllowed(declaration, 'create');
    }
    // Whoever knows its uid means one that was there (upstream: handlers/patch.go).
    const { uid } = configuration['metadata'] as KubernetesObject['metadata'];
    if (uid !== undefined && uid !== '')
      throw conflict(
        declaration,
        target.name,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    await mayCreate();
    try {
      return await writes.create(request, endpoint, next(undefined));
    } catch (error) {
      // Somebody was faster: then there is something to update.
      if (!isAlreadyExists(error) || attempt === maxAttempts) throw error;
    }
  }
}
