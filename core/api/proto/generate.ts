import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

/**
 * Writes, from wheelhouse.proto, the types and codecs that both ends of the wire use, and the same definition as
 * JSON for the server's reflection. Run by `npm run generate`; a tidy test compares.
 */
export function generateWireFiles(folder: string): [name: string, text: string][] {
  const source = readFileSync(join(folder, 'wheelhouse.proto'), 'utf8');
  const { root, package: packageName } = protobuf.parse(source, { keepCase: false });
  if (packageName === undefined) throw new Error('Cannot generate from wheelhouse.proto: it has no package');
  root.resolveAll();
  const namespace = root.lookup(packageName) as protobuf.Namespace;
  const types = namespace.nestedArray.filter((nested) => nested instanceof protobuf.Type);
  const services = namespace.nestedArray.filter((nested) => nested instanceof protobuf.Service);
  const text = [
    '// Generated from core/api/proto/wheelhouse.proto by `npm run generate`.',
    "import { WireReader, WireWriter, type Codec, type WireMethod } from '../proto/wire.ts';",
    '',
    'const noBytes = Buffer.alloc(0);',
    ...types.flatMap((type) => [...enumsOf(type), '', ...messageType(type)]),
    ...services.flatMap((service) => ['', ...serviceTable(service)]),
    '',
  ].join('\n');
  return [
    ['wheelhouse.ts', text],
    ['wheelhouse.json', `${JSON.stringify(root.toJSON(), null, 1)}\n`],
  ];
}

interface WireField {
  readonly name: string;
  readonly id: number;
  readonly type: string;
  readonly initType: string;
  readonly repeated: boolean;
  /** Proto3 `optional`, and messages: absent is different from the default. */
  readonly optional: boolean;
  readonly fallback: string;
  readonly write: (value: string) => string;
  readonly read: string;
  /** An expression that says the value is not the default, so that it must be written. */
  readonly isSet: (value: string) => string;
}

function enumsOf(type: protobuf.Type): string[] {
  return type.nestedArray
    .filter((nested) => nested instanceof protobuf.Enum)
    .flatMap((nested) => [
      '',
      `export const ${enumName(nested)} = {`,
      ...Object.entries(nested.values).map(([name, value]) => `  ${name}: ${value},`),
      '} as const;',
    ]);
}

function messageType(type: protobuf.Type): string[] {
  const { name } = type;
  const oneofs = type.oneofsArray.filter((oneof) => !isOptionalMarker(oneof));
  const plain = type.fieldsArray.filter((field) => field.partOf === null || isOptionalMarker(field.partOf));
  const fields = plain.map(wireField);
  const unions = oneofs.map((oneof) => ({ name: oneof.name, fields: oneof.fieldsArray.map(wireField) }));
  return [
    `export interface ${name} {`,
    ...fields.map((field) => `  readonly ${field.name}: ${field.type};`),
    ...unions.map((union) => `  readonly ${union.name}: ${name}Case | undefined;`),
    '}',
    '',
    `export interface ${name}Init {`,
    ...fields.map((field) => `  readonly ${field.name}?: ${field.initType} | undefined;`),
    ...unions.map((union) => `  readonly ${union.name}?: ${name}CaseInit | undefined;`),
    '}',
    ...unions.flatMap((union) => [
      '',
      `export type ${name}Case =`,
      ...union.fields.map(
        (field) => `  | { readonly case: '${field.name}'; readonly value: ${bare(field.type)} }`,
      ),
      ';',
      '',
      `export type ${name}CaseInit =`,
      ...union.fields.map(
        (field) => `  | { readonly case: '${field.name}'; readonly value: ${bare(field.initType)} }`,
      ),
      ';',
    ]),
    '',
    `function write${name}(writer: WireWriter, message: ${name}Init): void {`,
    ...(fields.length + unions.length === 0 ? ['  void writer;', '  void message;'] : []),
    ...fields.flatMap(writeField),
    ...unions.flatMap((union) => [
      `  switch (message.${union.name}?.case) {`,
      ...union.fields.flatMap((field) => [
        `    case '${field.name}':`,
        `      ${field.write(`message.${union.name}.value`)};`,
        '      break;',
      ]),
      '  }',
    ]),
    '}',
    '',
    `function read${name}(reader: WireReader): ${name} {`,
    ...fields.map((field) =>
      field.repeated
        ? `  const ${local(field)}: ${field.type.replace('readonly ', '')} = [];`
        : `  let ${local(field)}: ${field.type} = ${field.optional ? 'undefined' : field.fallback};`,
    ),
    ...unions.map((union) => `  let ${local(union)}: ${name}Case | undefined;`),
    '  for (let field = reader.next(); field !== 0; field = reader.next()) {',
    ...(fields.length + unions.length === 0
      ? ['    reader.skip();']
      : [
          '    switch (field) {',
          ...fields.flatMap((field) => [
            `      case ${field.id}:`,
            field.repeated
              ? `        ${local(field)}.push(${field.read});`
              : `        ${local(field)} = ${field.read};`,
            '        break;',
          ]),
          ...unions.flatMap((union) =>
            union.fields.flatMap((field) => [
              `      case ${field.id}:`,
              `        ${local(union)} = { case: '${field.name}', value: ${field.read} };`,
              '        break;',
            ]),
          ),
          '      default:',
          '        reader.skip();',
          '    }',
        ]),
    '  }',
    `  return { ${[...fields, ...unions].map((field) => `${field.name}: ${local(field)}`).join(', ')} };`,
    '}',
    '',
    `export const ${name}: Codec<${name}Init, ${name}> = {`,
    '  encode(message) {',
    '    const writer = new WireWriter();',
    `    write${name}(writer, message);`,
    '    return writer.finish();',
    '  },',
    `  decode: (bytes) => read${name}(new WireReader(bytes)),`,
    '};',
  ];
}

function writeField(field: WireField): string[] {
  const value = `message.${field.name}`;
  if (field.repeated) {
    return [`  if (${value}) for (const item of ${value}) ${field.write('item')};`];
  }
  return [`  if (${field.optional ? `${value} !== undefined` : field.isSet(value)}) ${field.write(value)};`];
}

function wireField(field: protobuf.Field): WireField {
  const { name, id, repeated } = field;
  if (field.map) throw new Error(`Cannot generate "${field.fullName}": maps are not supported`);
  const optional = field.resolvedType instanceof protobuf.Type || isOptionalMarker(field.partOf);
  const scalar = scalarOf(field);
  const wrap = (type: string) => {
    if (repeated) return `readonly ${type}[]`;
    return optional ? `${type} | undefined` : type;
  };
  return {
    ...scalar,
    name,
    id,
    repeated,
    optional: optional && !repeated,
    type: wrap(scalar.type),
    initType: wrap(scalar.initType),
    write: (value) => scalar.write(id, value),
  };
}

interface Scalar extends Pick<WireField, 'type' | 'initType' | 'fallback' | 'read' | 'isSet'> {
  readonly write: (id: number, value: string) => string;
}

function scalarOf(field: protobuf.Field): Scalar {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    const { name } = resolvedType;
    return {
      type: name,
      initType: `${name}Init`,
      fallback: 'undefined',
      write: (id, value) => `writer.message(${id}, ${value}, write${name})`,
      read: `reader.message(read${name})`,
      isSet: (value) => value,
    };
  }
  if (resolvedType instanceof protobuf.Enum) return simple('number', 'unsigned', '0', (value) => value);
  switch (field.type) {
    case 'string':
      return simple('string', 'string', "''", (value) => value);
    case 'bytes':
      return simple('Buffer', 'bytes', 'noBytes', (value) => `${value} && ${value}.length > 0`);
    case 'bool':
      return simple('boolean', 'bool', 'false', (value) => value);
    case 'uint32':
    case 'uint64':
      return simple('number', 'unsigned', '0', (value) => value);
    case 'int64':
      return simple('number', 'signed', '0', (value) => value);
    default:
      throw new Error(`Cannot generate "${field.fullName}": the type "${field.type}" is not supported`);
  }
}

function simple(type: string, method: string, fallback: string, isSet: Scalar['isSet']): Scalar {
  return {
    type,
    initType: type,
    fallback,
    write: (id, value) => `writer.${method}(${id}, ${value})`,
    read: `reader.${method}()`,
    isSet,
  };
}

function serviceTable(service: protobuf.Service): string[] {
  const methods = service.methodsArray;
  for (const method of methods) method.resolve();
  const [request, reply] = [
    (method: protobuf.Method) => method.resolvedRequestType?.name ?? '',
    (method: protobuf.Method) => method.resolvedResponseType?.name ?? '',
  ];
  return [
    `export const ${service.name}: {`,
    ...methods.map((method) => {
      const types = [request(method), reply(method)].flatMap((type) => [`${type}Init`, type]);
      return `  readonly ${lowerFirst(method.name)}: WireMethod<${types.join(', ')}>;`;
    }),
    '} = {',
    ...methods.flatMap((method) => [
      `  ${lowerFirst(method.name)}: {`,
      `    path: '/${service.fullName.slice(1)}/${method.name}',`,
      `    requestStream: ${method.requestStream ?? false},`,
      `    responseStream: ${method.responseStream ?? false},`,
      `    request: ${request(method)},`,
      `    reply: ${reply(method)},`,
      '  },',
    ]),
    '};',
  ];
}

/** Proto3 `optional` is a oneof of one field in the parser's eyes. */
function isOptionalMarker(oneof: protobuf.OneOf | null): boolean {
  return oneof?.name.startsWith('_') === true;
}

function enumName(type: protobuf.Enum): string {
  return `${type.parent?.name ?? ''}${type.name}`;
}

/** A field may be called by a reserved word, such as "continue". */
function local({ name }: { readonly name: string }): string {
  return `${name}_`;
}

function bare(type: string): string {
  return type.replace(' | undefined', '');
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
