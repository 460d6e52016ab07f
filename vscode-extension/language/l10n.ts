/** Texts that people read go through here, so that the editor can put them in other words. */

/** A text with places such as `{0}`, and what stands there. */
export type Translate = (message: string, ...args: readonly (string | number)[]) => string;

let translate: Translate = fill;

/** Every text from now on is translated by this; undefined goes back to the texts as they are written. */
export function useTranslation(given: Translate | undefined): void {
  translate = given ?? fill;
}

/** Called `l10n.t`, which is what the editor's tools look for when they collect the texts. */
export const l10n = {
  t: (message: string, ...args: readonly (string | number)[]): string => translate(message, ...args),
};

function fill(message: string, ...args: readonly (string | number)[]): string {
  return message.replace(/\{(\d+)\}/g, (place, index: string) => String(args[Number(index)] ?? place));
}
