import { ipFamilyOf, parseCidr } from '../../machinery/ip.ts';
import { dns1123LabelProblems, dns1123SubdomainProblems } from '../../machinery/names.ts';
import { parseDurationMs } from '../../machinery/duration.ts';

type Check = (text: string) => boolean;

const hex = (digits: string) =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${digits}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');
const uuid4 = /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i;
const uuid5 = /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i;
const isbn10: Check = (text) => {
  const digits = text.replaceAll(/[- ]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = Array.from(digits).reduce(
    (all, digit, at) => all + (10 - at) * (digit === 'X' ? 10 : Number(digit)),
    0,
  );
  return sum % 11 === 0;
};
const isbn13: Check = (text) => {
  const digits = text.replaceAll(/[- ]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  const sum = Array.from(digits).reduce((all, digit, at) => all + (at % 2 === 0 ? 1 : 3) * Number(digit), 0);
  return sum % 10 === 0;
};

/** The formats of texts that are checked; upstream passes over all others (go-openapi/strfmt, the registry's names). */
const checks: Readonly<Record<string, Check>> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: (text) => URL.canParse(text) || /^\/[^\s]*$/.test(text),
  email: matches(/^[^\s@<>()[\]\\,;:"]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i),
  hostname: (text) =>
    text.length <= 255 &&
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i.test(text),
  ipv4: (text) => ipFamilyOf(text) === 'IPv4',
  ipv6: (text) => ipFamilyOf(text) === 'IPv6',
  cidr: (text) => parseCidr(text) !== undefined,
  mac: matches(
    /^([0-9a-f]{2}[:-]){5}([0-9a-f]{2})$|^([0-9a-f]{2}[:-]){7}([0-9a-f]{2})$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i,
  ),
  uuid: matches(hex('[0-9a-f]')),
  uuid3: matches(hex('3')),
  uuid4: matches(uuid4),
  uuid5: matches(uuid5),
  isbn: (text) => isbn10(text) || isbn13(text),
  isbn10,
  isbn13,
  creditcard: (text) => isCreditCard(text.replaceAll(/[- ]/g, '')),
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: matches(
    /^rgb\(\s*(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])\s*,\s*(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])\s*,\s*(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])\s*\)$/,
  ),
  byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  password: () => true,
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isDate(text),
  duration: isDuration,
  datetime: (text) =>
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$/.test(text) &&
    isDate(text.slice(0, 10)),
  k8sshortname: (text) => dns1123LabelProblems(text).length === 0,
  k8slongname: (text) => dns1123SubdomainProblems(text).length === 0,
};

/** Whether a text is of the format; of a format that nobody knows, every text is. */
export function hasFormat(format: string, text: string): boolean {
  // Formats are compared without their dashes, as upstream does: "date-time" is "datetime".
  const name = format.replaceAll('-', '');
  return Object.hasOwn(checks, name) ? (checks[name] as Check)(text) : true;
}

function matches(pattern: RegExp): Check {
  return (text) => pattern.test(text);
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const longestDuration = 64;

function isDuration(text: string): boolean {
  if (text.length > longestDuration) return false;
  try {
    parseDurationMs(text);
    return true;
  } catch {
    return /^\d+\s*(ns|us|µs|ms|s|m|h|hour|hours|day|days|d|w|week|weeks|minute|minutes|second|seconds)$/.test(
      text,
    );
  }
}

function isCreditCard(digits: string): boolean {
  if (!/^\d{12,19}$/.test(digits)) return false;
  const sum = Array.from(digits)
    .toReversed()
    .reduce((all, digit, at) => {
      const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
      return all + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}
