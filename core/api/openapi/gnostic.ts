import { WireWriter } from '../proto/wire.ts';

/**
 * OpenAPI 2 as protobuf, the only form that older clients of Kubernetes read (github.com/google/gnostic,
 * openapiv2/OpenAPIv2.proto, by whose field numbers this writes). What `openApi2` makes fits in; other keywords are
 * passed over.
 */
const older = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
/** What the answer is called: clients in Go cannot read the older name, which they ask for. */
export const gnosticMediaType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export function acceptsGnostic(accept: string): boolean {
  return accept.includes(older) || accept.includes(gnosticMediaType);
}

type Members = Readonly<Record<string, unknown>>;

export function encodeGnostic(document: object): Buffer {
  const { swagger, info, paths, definitions } = document as Record<string, Members | undefined>;
  const writer = new WireWriter(1 << 20);
  writeText(writer, 1, swagger);
  writer.message(2, info ?? {}, (out, { title, version }) => {
    writeText(out, 1, title);
    writeText(out, 2, version);
  });
  writer.message(8, paths ?? {}, (out, all) => writeNamed(out, 2, all, writePathItem));
  writer.message(9, definitions ?? {}, (out, all) => writeNamed(out, 1, all, writeSchema));
  return writer.finish();
}

/** A map is a list of names and values. */
function writeNamed(
  writer: WireWriter,
  field: number,
  members: Members,
  write: (writer: WireWriter, value: Members) => void,
): void {
  for (const [name, value] of Object.entries(members)) {
    writer.message(field, value as Members, (out, each) => {
      out.string(1, name);
      out.message(2, each, write);
    });
  }
}

const methods = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const;

function writePathItem(writer: WireWriter, item: Members): void {
  for (const [method, field] of Object.entries(methods)) {
    const operation = item[method] as Members | undefined;
    if (operation !== undefined) writer.message(field, operation, writeOperation);
  }
  writeParameters(writer, 9, item['parameters']);
}

function writeOperation(writer: WireWriter, operation: Members): void {
  writeTexts(writer, 1, operation['tags']);
  writeText(writer, 5, operation['operationId']);
  writeTexts(writer, 6, operation['produces']);
  writeTexts(writer, 7, operation['consumes']);
  writeParameters(writer, 8, operation['parameters']);
  writer.message(9, (operation['responses'] ?? {}) as Members, (out, responses) =>
    writeNamed(out, 1, responses, (value, response) => value.message(1, response, writeResponse)),
  );
  writeExtensions(writer, 13, operation);
}

function writeResponse(writer: WireWriter, { description, schema }: Members): void {
  writeText(writer, 1, description);
  if (schema !== undefined)
    writer.message(2, schema as Members, (item, of) => item.message(1, of, writeSchema));
}

function writeParameters(writer: WireWriter, field: number, parameters: unknown): void {
  for (const parameter of (parameters ?? []) as Members[]) {
    writer.message(field, parameter, (item, of) =>
      item.message(1, of, of['in'] === 'body' ? writeBodyParameter : writeOtherParameter),
    );
  }
}

function writeBodyParameter(writer: WireWriter, { name, schema }: Members): void {
  writer.message(1, schema as Members, (out, of) => {
    writeText(out, 2, name);
    out.string(3, 'body');
    out.message(5, of, writeSchema);
  });
}

function writeOtherParameter(writer: WireWriter, parameter: Members): void {
  const inPath = parameter['in'] === 'path';
  writer.message(2, parameter, (out, of) =>
    out.message(inPath ? 4 : 3, of, (sub, { name, description, type, required, in: where }) => {
      if (required === true) sub.bool(1, true);
      writeText(sub, 2, where);
      writeText(sub, 3, description);
      writeText(sub, 4, name);
      writeText(sub, inPath ? 5 : 6, type);
    }),
  );
}

function writeSchema(writer: WireWriter, schema: Members): void {
  writeText(writer, 1, schema['$ref']);
  writeText(writer, 2, schema['format']);
  writeText(writer, 4, schema['description']);
  if (schema['default'] !== undefined) writer.message(5, schema['default'], writeAny);
  writeTexts(writer, 19, schema['required']);
  for (const value of (schema['enum'] ?? []) as unknown[]) writer.message(20, value, writeAny);
  const { additionalProperties, type, items, properties } = schema;
  if (additionalProperties !== undefined)
    writer.message(21, additionalProperties as Members, (out, of) => out.message(1, of, writeSchema));
  if (type !== undefined) writer.message(22, type as string, (out, of) => out.string(1, of));
  if (items !== undefined) writer.message(23, items as Members, (out, of) => out.message(1, of, writeSchema));
  if (properties !== undefined)
    writer.message(25, properties as Members, (out, of) => writeNamed(out, 1, of, writeSchema));
  writeExtensions(writer, 31, schema);
}

/** JSON is YAML. */
function writeAny(writer: WireWriter, value: unknown): void {
  writer.string(2, JSON.stringify(value));
}

function writeExtensions(writer: WireWriter, field: number, members: Members): void {
  for (const [name, value] of Object.entries(members)) {
    if (!name.startsWith('x-')) continue;
    writer.message(field, value, (out, of) => {
      out.string(1, name);
      out.message(2, of, writeAny);
    });
  }
}

function writeText(writer: WireWriter, field: number, value: unknown): void {
  if (typeof value === 'string' && value !== '') writer.string(field, value);
}

function writeTexts(writer: WireWriter, field: number, values: unknown): void {
  for (const value of (values ?? []) as string[]) writer.string(field, value);
}
