/**
 * The formats of names, labels and keys, with upstream's messages (apimachinery/pkg/util/validation and
 * pkg/api/validate/content). Each function returns what is wrong with the value; an empty list means valid.
 */

const dns1123Label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dns1123Subdomain = `${dns1123Label}(\\.${dns1123Label})*`;
const dns1035Label = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedName})?`;
const envVarName = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const configMapKey = '[-._a-zA-Z0-9]+';

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const qualifiedNameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** The largest sum of the lengths of all annotation keys and values of an object, in bytes. */
export const maxAnnotationsBytes = 256 * 1024;

export const dns1123LabelProblems = checker({
  pattern: dns1123Label,
  maxLength: 63,
  rule: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  examples: ['my-name', '123-abc'],
  instead: { pattern: dns1123Subdomain, message: 'must not contain dots' },
});

export const dns1123SubdomainProblems = checker({
  pattern: dns1123Subdomain,
  maxLength: 253,
  rule: subdomainRule,
  examples: ['example.com'],
});

export const wildcardDns1123SubdomainProblems = checker({
  pattern: `\\*\\.${dns1123Subdomain}`,
  maxLength: 253,
  rule: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  examples: ['*.example.com'],
});

export const dns1035LabelProblems = checker({
  pattern: dns1035Label,
  maxLength: 63,
  rule: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  examples: ['my-name', 'abc-123'],
});

export const labelValueProblems = checker({
  pattern: labelValue,
  maxLength: 63,
  rule: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  examples: ['MyValue', 'my_value', '12345'],
});

const nameSegmentProblems = checker({
  pattern: qualifiedName,
  maxLength: 63,
  rule: qualifiedNameRule,
  examples: ['MyName', 'my.name', '123-abc'],
});

const envVarNameFormatProblems = checker({
  pattern: envVarName,
  rule: "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
  examples: ['my.env-name', 'MY_ENV.NAME', 'MyEnvName1'],
});

const configMapKeyFormatProblems = checker({
  pattern: configMapKey,
  maxLength: 253,
  rule: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  examples: ['key.name', 'KEY_NAME', 'key-name'],
});

/** A name with an optional DNS prefix, such as "example.com/MyName": label keys, finalizers, resource names. */
export function qualifiedNameProblems(value: string): string[] {
  const parts = value.split('/', 3);
  if (parts.length > 2) {
    const rule = withPattern(qualifiedNameRule, qualifiedName, ['MyName', 'my.name', '123-abc']);
    return [
      `a qualified name ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.pop() as string;
  const prefix = parts.pop();
  const problems: string[] = [];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined)
    problems.push(...dns1123SubdomainProblems(prefix).map((text) => `prefix part ${text}`));
  if (name === '') problems.push('name part must be non-empty');
  problems.push(...nameSegmentProblems(name).map((text) => `name part ${text}`));
  return problems;
}

export const labelKeyProblems = qualifiedNameProblems;

/** Annotation keys are checked in lower case, so their prefix may have capitals. Their values are free. */
export function annotationKeyProblems(key: string): string[] {
  return qualifiedNameProblems(key.toLowerCase());
}

/** RFC 6335 service names in lower case: the names of container and Service ports. */
export function portNameProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 15) problems.push(tooLong(15));
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function portNumberProblems(port: number): string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65535
    ? []
    : ['must be between 1 and 65535, inclusive'];
}

/** Since upstream relaxed the rule, any printable ASCII but '='; `strict` asks for the older C-like form. */
export function envVarNameProblems(value: string, strict = false): string[] {
  if (strict) return [...envVarNameFormatProblems(value), ...parentFolderProblems(value)];
  if (value === '') return ['environment variable name must be non-empty'];
  if (/^[ -<>-~]*$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function configMapKeyProblems(value: string): string[] {
  return [...configMapKeyFormatProblems(value), ...parentFolderProblems(value)];
}

/** "10%" and the like. */
export const percentProblems = checker({
  pattern: '[0-9]+%',
  rule: "a valid percent string must be a numeric string followed by an ending '%'",
  examples: ['1%', '93%'],
});

/** A user or a group as a certificate's subject names it without quoting (RFC 4514), and that can name a file. */
export const certificateNameProblems = checker({
  pattern: '[A-Za-z0-9][A-Za-z0-9:@._-]*',
  maxLength: 63,
  rule: "a name in a certificate must consist of alphanumeric characters, ':', '@', '.', '_' or '-', and must start with an alphanumeric character",
  examples: ['ann', 'ann@example.com', 'team:developers'],
});

/** A name that becomes one segment of a URL path or of a file path. */
export function pathSegmentNameProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((text) => value.includes(text)).map((text) => `may not contain '${text}'`);
}

interface Rule {
  readonly pattern: string;
  readonly maxLength?: number;
  readonly rule: string;
  readonly examples: readonly string[];
  /** Said in place of the rule when the value is of this other form. */
  readonly instead?: { readonly pattern: string; readonly message: string };
}

function checker({ pattern, maxLength, rule, examples, instead }: Rule): (value: string) => string[] {
  const anchored = new RegExp(`^${pattern}$`);
  const other = instead && new RegExp(`^${instead.pattern}$`);
  const broken = withPattern(rule, pattern, examples);
  return (value) => {
    const problems: string[] = [];
    if (maxLength !== undefined && value.length > maxLength) {
      problems.push(tooLong(maxLength));
      // What is longer by far is hardly a slip in the format; do not scan a hostile megabyte for one.
      if (value.length > 4 * maxLength) return problems;
    }
    if (!anchored.test(value))
      problems.push(instead !== undefined && other?.test(value) ? instead.message : broken);
    return problems;
  };
}

function parentFolderProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

function tooLong(maxLength: number): string {
  return `must be no more than ${maxLength} bytes`;
}

function withPattern(rule: string, pattern: string, examples: readonly string[]): string {
  return `${rule} (e.g. ${examples.map((text) => `'${text}'`).join(',  or ')}, regex used for validation is '${pattern}')`;
}
