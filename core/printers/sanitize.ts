/**
 * Text from the cluster is data. Whatever could move the cursor, change the terminal, reverse reading order or hide is
 * taken out before it reaches a screen: names, messages and labels may be written by anyone who may create an object.
 */

const plain = /^[\x20-\x7e]*$/;
const plainLines = /^[\x20-\x7e\n\t]*$/;

/** Escape sequences as a whole (CSI, OSC/DCS/SOS/PM/APC with their text, two-byte ones), 7-bit and 8-bit forms. */
const escapeSequences =
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g;

/** C0 but tab and newline, DEL, C1. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Bidirectional marks, embeddings, overrides and isolates (Unicode TR9); invisible characters that make two names look
 * alike; interlinear and tag characters; variation selectors beyond the two that pick text or emoji form.
 */
const invisible =
  /[\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\u17b4|\u17b5|\u180b|\u180c|\u180d|\u180e|\u180f|[\u{e0000}-\u{e01ef}]/gu;

const loneSurrogates = /\p{Surrogate}/gu;

/** More marks than any script stacks on one character: they would smear over neighbouring rows. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu;

/** One line of harmless text: line breaks and tabs become spaces. */
export function sanitizeLine(text: string): string {
  if (plain.test(text)) return text;
  return strip(text).replace(/[\n\t\u2028\u2029]+/g, ' ');
}

/** Harmless text that keeps its lines and tabs (logs, describe, YAML). `\r\n` becomes `\n`. */
export function sanitizeText(text: string): string {
  if (plainLines.test(text)) return text;
  return strip(text.replaceAll('\r\n', '\n')).replace(/[\u2028\u2029]/g, '\n');
}

function strip(text: string): string {
  return text
    .replace(loneSurrogates, '\ufffd')
    .replace(escapeSequences, '')
    .replace(controls, '')
    .replace(invisible, '')
    .replace(stackedMarks, '$1');
}
