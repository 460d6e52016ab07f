import { Quantity } from '../../../core/machinery/quantity.ts';
import type { SyntaxNode } from '../syntax/nodes.ts';
import { locate, type Path } from '../syntax/paths.ts';
import { containerPlaces, valueAt, within } from './pod-places.ts';
import type { PlacedText } from './placed-text.ts';

/**
 * What a ResourceQuota or a LimitRange objects to (plugin/pkg/admission/resourcequota and limitranger), at the amount
 * that it speaks of.
 */
export function quotaPlaces(message: string, root: SyntaxNode): PlacedText[] {
  const [, requested] = /exceeded quota: \S+, requested: (\S+), used: /.exec(message) ?? [];
  if (requested !== undefined) {
    const amounts = requested.split(',').map((amount) => amount.slice(0, amount.lastIndexOf('=')));
    const [steps] = amounts.flatMap((name) => amountPlaces(name, root));
    return steps === undefined ? [] : [{ steps, message }];
  }
  const [, missing] = /failed quota: \S+: must specify (.*)$/s.exec(message) ?? [];
  if (missing !== undefined) return missingPlaces(missing, root).map((steps) => ({ steps, message }));
  return limitPlaces(message, root);
}

/** Where an object asks for what a quota counts, such as `limits.cpu`; how many objects there are is asked nowhere. */
function amountPlaces(name: string, root: SyntaxNode): readonly Path[] {
  if (/(^|\/)requests\.storage$/.test(name)) return there(root, ['spec', 'resources', 'requests', 'storage']);
  if (name.startsWith('services.')) return there(root, ['spec', 'type']);
  const [of, resource] = ofContainer(name);
  return containerPlaces(root).flatMap(({ path }) => {
    const given = givenAmount(root, path, of, resource);
    return given === undefined ? [] : [given];
  });
}

function ofContainer(name: string): readonly [of: 'requests' | 'limits', resource: string] {
  return name.startsWith('limits.')
    ? ['limits', name.slice('limits.'.length)]
    : ['requests', name.replace(/^requests\./, '')];
}

/** `limits.cpu for: a,b; requests.memory for: a` */
function missingPlaces(missing: string, root: SyntaxNode): readonly Path[] {
  const places = missing.split('; ').flatMap((each) => {
    const [name = '', containers = ''] = each.split(' for: ');
    const silent = new Set(containers.split(','));
    return containerPlaces(root)
      .filter((container) => silent.has(container.name))
      .map(({ path }) => within(root, path, ['resources', ofContainer(name)[0]]));
  });
  return [...new Map(places.map((path) => [path.join('\n'), path])).values()];
}

const bound =
  /(?:maximum|minimum) (\S+) usage per (Container|Pod|PersistentVolumeClaim) is [^\s,]+?(?:\. {2}No (?:request|limit) is specified|, but (request|limit) is ([^\s,\]]+))|(\S+) max limit to request ratio per (Container|Pod) is [^\s,]+, but [^,\]]+/g;

function limitPlaces(message: string, root: SyntaxNode): PlacedText[] {
  const matches = [...message.matchAll(bound)];
  const intro = message.slice(0, matches[0]?.index ?? 0).replace(/\[$/, '');
  const placed = matches.map(([said, usage, per, asked, amount, ratioOf]): PlacedText | undefined => {
    const resource = usage ?? ratioOf ?? '';
    const of = asked === 'request' ? 'requests' : 'limits';
    const steps =
      per === 'PersistentVolumeClaim'
        ? there(root, ['spec', 'resources', 'requests', resource])[0]
        : containerOf(root, [of, resource], amount, per === 'Container');
    return steps && { steps, message: `${intro}${said}` };
  });
  return placed.every((place) => place !== undefined) ? placed : [];
}

/** The amount of the container that has just that much, or of the first that has one. */
function containerOf(
  root: SyntaxNode,
  [of, resource]: readonly ['requests' | 'limits', string],
  amount: string | undefined,
  exact: boolean,
): Path | undefined {
  const containers = containerPlaces(root).map(({ path }) => ({
    path,
    given: givenAmount(root, path, of, resource),
  }));
  const given = containers.flatMap((container) => (container.given === undefined ? [] : [container.given]));
  if (amount !== undefined)
    return exact ? given.find((path) => isAmount(valueAt(root, path), amount)) : given[0];
  const silent = containers.find((container) => container.given === undefined);
  return silent === undefined ? given[0] : within(root, silent.path, ['resources', of]);
}

/** What is not requested is requested as much as it is limited to. */
function givenAmount(
  root: SyntaxNode,
  container: Path,
  of: 'requests' | 'limits',
  resource: string,
): Path | undefined {
  const places = of === 'requests' ? ['requests', 'limits'] : ['limits'];
  return places
    .map((place) => [...container, 'resources', place, resource])
    .find((path) => locate(root, path).depth === path.length);
}

function isAmount(value: unknown, amount: string): boolean {
  try {
    return Quantity.parse(String(value)).compare(Quantity.parse(amount)) === 0;
  } catch {
    return false;
  }
}

function there(root: SyntaxNode, path: Path): readonly Path[] {
  return locate(root, path).depth === path.length ? [path] : [];
}
