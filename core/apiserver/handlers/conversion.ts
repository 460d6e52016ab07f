import { badRequest } from '../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { Conversion, KindDeclaration } from '../../api/scheme.ts';
import type { Encoded, WatchEvent } from '../../api/verbs.ts';
import { parseFieldSelector, escapeFieldValue } from '../../machinery/field-selector.ts';
import { RecentMap } from '../../machinery/recent-map.ts';
import { SelectorError } from '../../machinery/label-selector.ts';
import { PlainObject, roomForShown, sizeOfShown } from './plain-object.ts';

/**
 * Shows stored objects in the form that was asked for. Each is converted once for all who ask within moments, and no
 * longer kept: whoever lists ten thousand of them would leave them all in memory.
 */
class Form {
  readonly #conversion: Conversion;
  readonly #shown = new RecentMap<Encoded, Encoded>(roomForShown);
  /** Those who watch the same are handed the same array, so that they share what is made of it. */
  readonly #events = new RecentMap<readonly WatchEvent[], readonly WatchEvent[]>(roomForShown);

  constructor(conversion: Conversion) {
    this.#conversion = conversion;
  }

  show(stored: Encoded): Encoded {
    const known = this.#shown.get(stored);
    if (known !== undefined) return known;
    const shown = new PlainObject(this.#conversion.fromStored(stored.object));
    this.#shown.set(stored, shown, sizeOfShown(stored));
    return shown;
  }

  showEvents(events: readonly WatchEvent[]): readonly WatchEvent[] {
    const known = this.#events.get(events);
    if (known !== undefined) return known;
    let size = 0;
    const shown = events.map((event): WatchEvent => {
      if (event.type === 'BOOKMARK') return event;
      size += sizeOfShown(event.object);
      return { type: event.type, object: this.show(event.object) };
    });
    // Bookmarks are as they are in any form.
    if (size === 0) return events;
    this.#events.set(events, shown, size);
    return shown;
  }

  toStored(object: KubernetesObject): Mutable<KubernetesObject> {
    return this.#conversion.toStored(object) as Mutable<KubernetesObject>;
  }

  /** The options with fields called as the stored form calls them. */
  translate<O extends { readonly fieldSelector?: string }>(options: O): O {
    const { fieldSelector = '' } = options;
    const { fieldLabels } = this.#conversion;
    if (fieldSelector === '' || fieldLabels === undefined) return options;
    try {
      const terms = parseFieldSelector(fieldSelector).requirements.map(
        ({ field, operator, value }) =>
          `${Object.hasOwn(fieldLabels, field) ? fieldLabels[field] : field}${operator}${escapeFieldValue(value)}`,
      );
      return { ...options, fieldSelector: terms.join(',') };
    } catch (error) {
      if (error instanceof SelectorError) throw badRequest(error.message, { cause: error });
      throw error;
    }
  }
}

const forms = new WeakMap<Conversion, Form>();

/** Undefined where the kind is stored as it is served. */
export function formOf({ conversion }: KindDeclaration): Form | undefined {
  if (conversion === undefined) return undefined;
  const known = forms.get(conversion);
  if (known !== undefined) return known;
  const form = new Form(conversion);
  forms.set(conversion, form);
  return form;
}
