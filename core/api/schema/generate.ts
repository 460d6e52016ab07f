import {
  groupFacts,
  kubernetesVersion,
  packageOfResource,
  resourceFactList,
  typeFactsByName,
} from './facts.ts';
import type { FieldFact, ResourceFact, TypeFact } from './facts.ts';

/**
 * Writes the TypeScript types of the public API from its facts, a file per API package, and the typed handle of
 * every resource. Objects are read-only everywhere: parsed ones are shared across the process.
 */
export function generateFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const pkg of Object.keys(groupFacts)) files.set(`${fileName(pkg)}.ts`, packageSource(pkg));
  files.set('resources.ts', resourcesSource());
  files.set('release.ts', releaseSource());
  return files;
}

const header = '// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.\n';

/** By itself, so that programs which only say what they speak need not hold all the facts. */
function releaseSource(): string {
  const doc = '/** The Kubernetes release whose API this is. */';
  return `${header}\n${doc}\nexport const kubernetesRelease = '${kubernetesVersion}';\n`;
}

function packageSource(pkg: string): string {
  const imports = new Map<string, Set<string>>();
  const types = Object.entries(typeFactsByName)
    .filter(([name]) => packageOf(name) === pkg)
    .map(([name, fact]) => typeSource(pkg, name, fact, imports));
  const importLines = [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([other, names]) => {
      const list = [...names].sort().map((name) => `${name} as ${alias(other, name)}`);
      return `import type { ${list.join(', ')} } from './${fileName(other)}.ts';`;
    });
  return [header, ...importLines, '', ...types, types.length === 0 ? 'export {};' : ''].join('\n');
}

function typeSource(pkg: string, name: string, fact: TypeFact, imports: Map<string, Set<string>>): string {
  const short = shortName(name);
  if (fact.jsonOneOf !== undefined) {
    const forms = fact.jsonOneOf.map((form) => fieldType(pkg, form, imports));
    return `export type ${short} = ${forms.join(' | ')};\n`;
  }
  const members = Object.entries(fact.fields)
    .filter(([, field]) => field.json !== false)
    .flatMap(([field, value]) => memberSource(pkg, field, value, fact, imports));
  return `export interface ${short} {\n${members.join('\n')}\n}\n`;
}

function memberSource(
  pkg: string,
  name: string,
  field: FieldFact,
  owner: TypeFact,
  imports: Map<string, Set<string>>,
): string[] {
  if (field.inline !== undefined) {
    return Object.entries(typeFactsByName[field.inline]?.fields ?? {})
      .filter(([, value]) => value.json !== false)
      .flatMap(([inner, value]) => memberSource(pkg, inner, value, owner, imports));
  }
  const present = field.required === true || alwaysPresent(name, field, owner);
  const key = /^[\w$]+$/.test(name) ? name : JSON.stringify(name);
  const type = fieldType(pkg, field, imports);
  return [present ? `  readonly ${key}: ${type};` : `  readonly ${key}?: ${type} | undefined;`];
}

/** The server always writes a kind's own top-level structs, as Go does with structs that are not pointers. */
function alwaysPresent(name: string, field: FieldFact, owner: TypeFact): boolean {
  const structural = field.ref !== undefined && field.pointer !== true && field.list !== true;
  return structural && owner.gvk !== undefined && ['metadata', 'spec', 'status'].includes(name);
}

function fieldType(pkg: string, field: FieldFact, imports: Map<string, Set<string>>): string {
  if (field.list === true) {
    const { list: _list, ...single } = field;
    const item = fieldType(pkg, field.items ?? single, imports);
    return item.includes(' ') ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (field.map !== undefined) {
    const values = typeof field.map === 'string' ? { type: field.map } : field.map;
    return `{ readonly [key: string]: ${fieldType(pkg, values, imports)} }`;
  }
  if (field.ref !== undefined) return reference(pkg, field.ref, imports);
  if (field.enum !== undefined) return field.enum.map((value) => JSON.stringify(value)).join(' | ');
  return scalarTypes[field.type ?? ''] ?? 'unknown';
}

const scalarTypes: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
  bytes: 'string',
  'date-time': 'string',
  'micro-time': 'string',
  duration: 'string',
  quantity: 'string',
  'int-or-string': 'number | string',
};

function reference(pkg: string, ref: string, imports: Map<string, Set<string>>): string {
  const other = packageOf(ref);
  const short = shortName(ref);
  if (other === pkg) return short;
  if (typeFactsByName[ref] === undefined) return 'unknown';
  const names = imports.get(other) ?? new Set();
  imports.set(other, names.add(short));
  return alias(other, short);
}

function resourcesSource(): string {
  const lines = resourceFactList.map((resource) => {
    const pkg = packageOfResource(resource);
    return { pkg, resource, constant: constantName(resource) };
  });
  const imports = lines.map(
    ({ pkg, resource }) =>
      `import type { ${resource.kind} as ${alias(pkg, resource.kind)} } from './${fileName(pkg)}.ts';`,
  );
  const constants = lines.map(({ pkg, resource, constant }) => {
    const { group, version, plural, kind, namespaced } = resource;
    const value = JSON.stringify({ group, version, plural, kind, namespaced });
    return `export const ${constant}: Resource<${alias(pkg, kind)}> = ${value};`;
  });
  return [header, "import type { Resource } from '../resource.ts';", ...imports, '', ...constants, ''].join(
    '\n',
  );
}

/** The plural in camel case; a later version or a second group with the same plural carries it in the name. */
function constantName(resource: ResourceFact): string {
  const first = resourceFactList.find((other) => other.plural === resource.plural);
  if (first === resource) return resource.plural;
  const prefix = resource.group.split('.')[0] ?? '';
  return first?.group === resource.group
    ? `${resource.plural}${capitalised(resource.version)}`
    : `${prefix}${capitalised(resource.plural)}`;
}

function packageOf(typeName: string): string {
  return typeName.slice(0, typeName.lastIndexOf('.'));
}

function shortName(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}

function fileName(pkg: string): string {
  return pkg.replace('/', '-');
}

function alias(pkg: string, name: string): string {
  return `${pkg.replace(/\W+/g, '_')}_${name}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
