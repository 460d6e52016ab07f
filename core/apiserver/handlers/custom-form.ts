import type { KubernetesObject, Mutable } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { CustomKind, KindDeclaration } from '../../api/scheme.ts';
import type { Encoded, WatchEvent } from '../../api/verbs.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { PlainObject } from './plain-object.ts';

/**
 * Shows the stored objects of a custom kind in the version that was asked for, and as its schema is now: without
 * what that does not know, and with its defaults. Each is worked out once, however many ask; what is as it was
 * stored is passed on with its bytes.
 */
class CustomForm {
  readonly #custom: CustomKind;
  readonly #version: string;
  readonly #apiVersion: string;
  readonly #shown = new WeakMap<Encoded, Encoded>();

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
    const foreign = stored.filter(
      (item) => !this.#shown.has(item) && item.object.apiVersion !== this.#apiVersion,
    );
    if (foreign.length > 0) {
      const converted = await this.#custom.convert(
        foreign.map(({ object }) => object),
        this.#version,
        signal,
      );
      foreign.forEach((item, index) => this.#keep(item, converted[index] ?? item.object));
    }
    return stored.map((item) => this.#shown.get(item) ?? this.#keep(item, item.object));
  }

  async showEvents(
    events: readonly WatchEvent[],
    signal: AbortSignal | undefined,
  ): Promise<readonly WatchEvent[]> {
    const objects = events.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [event.object]));
    const shown = (await this.showAll(objects, signal)).values();
    return events.map((event) => {
      if (event.type === 'BOOKMARK') return event;
      const object = shown.next().value ?? event.object;
      // The same event where nothing changed, so that its encoding is shared.
      return object === event.object ? event : { type: event.type, object };
    });
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
    const shown =
      known === given && object === item.object
        ? item
        : new PlainObject(known as unknown as KubernetesObject);
    this.#shown.set(item, shown);
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
