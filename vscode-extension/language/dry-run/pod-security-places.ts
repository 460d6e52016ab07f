import type { SyntaxNode } from '../syntax/nodes.ts';
import type { Path } from '../syntax/paths.ts';
import { containerPlaces, itemPlaces, podSpecPath, within } from './pod-places.ts';
import type { PlacedText } from './placed-text.ts';

const text = '"(?:[^"\\\\]|\\\\.)*"';
/** `privileged (container "web" must not set securityContext.privileged=true)` */
const violation = new RegExp(`(?:^|, )((?:[^",()]|${text})+) \\(((?:[^"()]|${text})*)\\)(?=, |$)`, 'g');
const named = new RegExp(`\\b(container|volume)s? (${text}(?:, ${text})*)`, 'g');

/** What PodSecurity objects to (pod-security-admission/policy), each at the container, volume or setting it names. */
export function podSecurityPlaces(message: string, root: SyntaxNode): PlacedText[] {
  const [, intro, list] = /^(.*violates? PodSecurity "[^"]*": )(.*)$/s.exec(message) ?? [];
  const spec = podSpecPath(root);
  if (intro === undefined || list === undefined || spec === undefined) return [];
  const violations = [...list.matchAll(violation)];
  // Nothing of it may be lost.
  if (violations.map(([whole]) => whole).join('') !== list) return [];
  return violations.flatMap(([, reason = '', detail = '']) =>
    detail
      .split('; ')
      .flatMap((clause) =>
        placesOf(clause, root, spec).map((steps) => ({ steps, message: `${intro}${reason} (${clause})` })),
      ),
  );
}

function placesOf(clause: string, root: SyntaxNode, spec: Path): readonly Path[] {
  const field = /\bsecurityContext(?:\.\w+)+/.exec(clause)?.[0].split('.') ?? [];
  const items = [...clause.matchAll(named)].flatMap(([, what, names = '']) => {
    const wanted = new Set(
      [...names.matchAll(new RegExp(text, 'g'))].map(([name]) => JSON.parse(name) as string),
    );
    const there = what === 'volume' ? itemPlaces(root, [...spec, 'volumes']) : containerPlaces(root);
    const inside = what === 'volume' ? [] : /hostPort/.test(clause) ? ['ports'] : field;
    return there.filter(({ name }) => wanted.has(name)).map(({ path }) => within(root, path, inside));
  });
  const ofPod = /^pod (?!or\b)/.test(clause) ? [[...spec, ...field]] : [];
  const settings = [...clause.matchAll(/\b(host\w+)=true/g)].map(([, name = '']) => [...spec, name]);
  const places = [...ofPod, ...items, ...settings];
  return places.length === 0 ? [spec] : places;
}
