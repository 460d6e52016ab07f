import type { KubernetesObject, Mutable } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { CustomKind, KindDeclaration } from '../../api/scheme.ts';
import type { Encoded, WatchEvent } from '../../api/verbs.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { RecentMap } from '../../machinery/recent-map.ts';
import { PlainObject, roomForShown, sizeOfShown } from './plain-object.ts';

/**
 * Shows the stored objects of a custom kind in the version that was asked for, and as its schema is now: without
 * what that does not know, and with its defaults. What is as it was stored is passed on with its bytes, and known for
 * that; what is not is worked out once for all who ask within moments, and no longer kept.
 */
class CustomForm {
  readonly #custom: CustomKind;
  readonly #version: string;
  readonly #apiVersion: string;
  readonly #asStored = new WeakSet<Encoded>();
  readonly #shown = new RecentMap<Encoded, Encoded>(roomForShown);

  constructor(declaration: KindDeclaration, custom: CustomKind) {
    this.#custom = custom;
    this.#version = declaration.version;
    this.#apiVersion = apiVersionOf(declaration);
  }

  async show(stored: Encoded, signal: AbortSignal | undefined): Promise<Encoded> {
    const [shown] = await this.showAll([stored], signal);
    return shown ?? stored;
  }

  /** All that must be converted is so in one go. */
  async showAll(stored: readonly Encoded[], signal: AbortSignal | undefined): Promise<readonly Encoded[]> {
    const shown = new Map<Encoded, Encoded>();
    const foreign: Encoded[] = [];
    for (const item of stored) {
      const known = this.#asStored.has(item) ? item : this.#shown.get(item);
      if (known !== undefined) shown.set(item, known);
      else if (item.object.apiVersion !== this.#apiVersion) foreign.push(item);
    }
    if (foreign.length > 0) {
      const converted = await this.#custom.convert(
        foreign.map(({ object }) => object),
        this.#version,
        signal,
      );
      foreign.forEach((item, index) => shown.set(item, this.#keep(item, converted[index] ?? item.object)));
    }
    return stored.map((item) => shown.get(item) ?? this.#keep(item, item.object));
  }

  async showEvents(
    events: readonly WatchEvent[],
    signal: AbortSignal | undefined,
  ): Promise<readonly WatchEvent[]> {
    const objects = events.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [event.object]));
    const shown = (await this.showAll(objects, signal)).values();
    const made = events.map((event) => {
      if (event.type === 'BOOKMARK') return event;
      const object = shown.next().value ?? event.object;
      return object === event.object ? event : { type: event.type, object };
    });
    // The same ones where nothing changed, so that what others make of them is shared.
    return made.every((event, index) => event === events[index]) ? events : made;
  }

  /** In the version that is stored. */
  async toStored(
    object: Mutable<KubernetesObject>,
    signal: AbortSignal | undefined,
  ): Promise<Mutable<KubernetesObject>> {
    const { storageVersion } = this.#custom;
    if (storageVersion === this.#version) return object;
    const [converted] = await this.#custom.convert([object], storageVersion, signal);
    return (converted ?? object) as Mutable<KubernetesObject>;
  }

  #keep(item: Encoded, object: KubernetesObject): Encoded {
    const given = object as unknown as JsonObject;
    const known = this.#custom.complete(this.#custom.prune(given));
    if (known === given && object === item.object) {
      this.#asStored.add(item);
      return item;
    }
    const shown = new PlainObject(known as unknown as KubernetesObject);
    this.#shown.set(item, shown, sizeOfShown(item));
    return shown;
  }
}

const forms = new WeakMap<CustomKind, CustomForm>();

/** Undefined for kinds that are not custom. */
export function customFormOf(declaration: KindDeclaration): CustomForm | undefined {
  const { custom } = declaration;
  if (custom === undefined) return undefined;
  const known = forms.get(custom);
  if (known !== undefined) return known;
  const form = new CustomForm(declaration, custom);
  forms.set(custom, form);
  return form;
}
