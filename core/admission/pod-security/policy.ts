import type { FieldError } from '../../api/errors.ts';
import { invalidValue } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';

const levels = ['privileged', 'baseline', 'restricted'] as const;

/** From what allows everything to what allows least (Pod Security Standards). */
export type Level = (typeof levels)[number];

/** A level as it was defined in a release; `minor` counts releases 1.x, Infinity is "latest". */
export interface LevelVersion {
  readonly level: Level;
  readonly minor: number;
}

export const modes = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof modes)[number];

/** What a namespace holds its Pods to. */
export type Policy = Readonly<Record<Mode, LevelVersion>>;

const everything: LevelVersion = { level: 'privileged', minor: Infinity };
export const defaultPolicy: Policy = { enforce: everything, audit: everything, warn: everything };

const prefix = 'pod-security.kubernetes.io/';
const labelsPath = FieldPath.metadata.child('labels');

/**
 * The policy that a namespace's labels ask for, and what is wrong with them. Where enforcement cannot be read, the
 * strictest level holds; where the others cannot, nothing is said (pod-security-admission/api/helpers.go).
 */
export function policyOf(
  labels: Readonly<Record<string, string>> | undefined,
  defaults: Policy,
): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  if (labels === undefined) return { policy: defaults, errors: [] };
  const errors: FieldError[] = [];
  const read = (mode: Mode): LevelVersion => {
    let { level, minor } = defaults[mode];
    const [levelLabel, versionLabel] = [`${prefix}${mode}`, `${prefix}${mode}-version`];
    const [wantedLevel, wantedVersion] = [labels[levelLabel], labels[versionLabel]];
    if (wantedLevel !== undefined) {
      const known = parseLevel(wantedLevel);
      level = known ?? (mode === 'enforce' ? 'restricted' : 'privileged');
      if (known === undefined)
        errors.push(
          invalidValue(labelsPath.key(levelLabel), wantedLevel, `must be one of ${levels.join(', ')}`),
        );
    }
    if (wantedVersion !== undefined) {
      const known = parseVersion(wantedVersion);
      minor = known ?? Infinity;
      if (known === undefined)
        errors.push(invalidValue(labelsPath.key(versionLabel), wantedVersion, 'must be "latest" or "v1.x"'));
    }
    return { level, minor };
  };
  return { policy: { enforce: read('enforce'), audit: read('audit'), warn: read('warn') }, errors };
}

export function parseLevel(text: string): Level | undefined {
  return levels.find((level) => level === text);
}

/** The minor of "v1.x", Infinity for "latest". */
export function parseVersion(text: string): number | undefined {
  if (text === 'latest') return Infinity;
  const minor = /^v1\.(0|[1-9][0-9]{0,8})$/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

export function formatLevelVersion({ level, minor }: LevelVersion): string {
  return `${level}:${minor === Infinity ? 'latest' : `v1.${minor}`}`;
}

export function sameLevelVersion(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.minor === b.minor;
}

/** Whether the first level allows less than the second. */
export function isStricter(a: Level, b: Level): boolean {
  return levels.indexOf(a) > levels.indexOf(b);
}

/** As `enforce=baseline,warn=restricted:v1.30`; what is not named stays privileged. Throws where it makes no sense. */
export function parsePolicy(text: string): Policy {
  const policy: Record<Mode, LevelVersion> = { ...defaultPolicy };
  for (const part of text.split(',')) {
    const [, modeText, levelText = '', versionText = 'latest'] = /^(\w+)=(\w+)(?::(.+))?$/.exec(part) ?? [];
    const mode = modes.find((one) => one === modeText);
    const [level, minor] = [parseLevel(levelText), parseVersion(versionText)];
    if (mode === undefined || level === undefined || minor === undefined)
      throw new Error(
        `${text}: ${JSON.stringify(part)} must be enforce, audit or warn, = and ${levels.join(', ')}, such as enforce=baseline or warn=restricted:v1.30`,
      );
    policy[mode] = { level, minor };
  }
  return policy;
}
