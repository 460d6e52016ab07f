import { badRequest } from '../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { Conversion, KindDeclaration } from '../../api/scheme.ts';
import type { Encoded, WatchEvent } from '../../api/verbs.ts';
import { parseFieldSelector, escapeFieldValue } from '../../machinery/field-selector.ts';
import { SelectorError } from '../../machinery/label-selector.ts';
import { PlainObject } from './plain-object.ts';

/** Shows stored objects in the form that was asked for; each is converted once, however many ask. */
class Form {
  readonly #conversion: Conversion;
  readonly #shown = new WeakMap<Encoded, Encoded>();

  constructor(conversion: Conversion) {
    this.#conversion = conversion;
  }

  show(stored: Encoded): Encoded {
    const known = this.#shown.get(stored);
    if (known !== undefined) return known;
    const shown = new PlainObject(this.#conversion.fromStored(stored.object));
    this.#shown.set(stored, shown);
    return shown;
  }

  showEvents(events: readonly WatchEvent[]): readonly WatchEvent[] {
    return events.map((event) =>
      event.type === 'BOOKMARK' ? event : { type: event.type, object: this.show(event.object) },
    );
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
