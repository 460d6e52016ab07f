export type Remember = 'always' | 'session' | 'never';

/**
 * What may be remembered of a line. A leading space keeps it out altogether (as bash's ignorespace). A line that
 * carries a secret can be called back while this shell runs, so that a typo can be mended, but never reaches the disk:
 * writing it there with the value blanked would, when run again, store the blank as the secret.
 */
export function remember(line: string): Remember {
  if (/^\s/.test(line) || line.trim() === '') return 'never';
  return carriesSecret(line) ? 'session' : 'always';
}

/** Options whose value is a credential whatever the verb. */
const secretOptions =
  /(?:^|\s)--?(?:[\w-]*(?:token|password|passwd|passphrase|secret-key|api-?key|credential)s?)(?:=|\s+)(?!-)\S/i;

/** `NAME=value` where the name says what the value is, as in `set env deploy/x DB_PASSWORD=…`. */
const secretAssignments =
  /(?:^|[\s,'"{=])[\w.-]*(?:password|passwd|secret|token|api_?key|private_?key|credential)[\w.-]*["']?\s*[=:]\s*\S/i;

/** Verbs that put data into an object. `get secret` and `describe secret` carry nothing. */
const writesSecret =
  /^(?:kubectl\s+)?(?:\S+\s+)*?(?:create|patch|replace|apply|edit|set|run|annotate|label)\b[\s\S]*\bsecrets?\b/i;
const inlineData = /--from-literal|--docker-|\s-p\b|--patch\b|--overrides\b|<<|stringData|=/;

const bearer = /\b(?:bearer|basic)\s+[\w+/=.~-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{8,}\.[\w-]{8,}/i;

function carriesSecret(line: string): boolean {
  if (secretOptions.test(line) || secretAssignments.test(line) || bearer.test(line)) return true;
  return writesSecret.test(line) && inlineData.test(line);
}
