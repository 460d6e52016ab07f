import type { KindDeclaration } from '../scheme.ts';
import { kubernetesVersion } from '../schema/facts.ts';
import { pathsOf } from './operations.ts';
import { SchemaCollection } from './schemas.ts';
import type { OpenApiVersion } from './schemas.ts';

const info = { title: 'Kubernetes', version: kubernetesVersion };

/** The OpenAPI 3 document of the kinds of one group version. */
export function openApi3(kinds: readonly KindDeclaration[]): object {
  const schemas = new SchemaCollection(3);
  const paths = pathsOfAll(kinds, schemas, 3);
  return { openapi: '3.0.0', info, paths, components: { schemas: schemas.all() } };
}

/** The OpenAPI 2 document of everything, for clients that know no other. */
export function openApi2(kinds: readonly KindDeclaration[]): object {
  const schemas = new SchemaCollection(2);
  const paths = pathsOfAll(kinds, schemas, 2);
  return { swagger: '2.0', info, paths, definitions: schemas.all() };
}

function pathsOfAll(
  kinds: readonly KindDeclaration[],
  schemas: SchemaCollection,
  version: OpenApiVersion,
): object {
  return Object.assign({}, ...kinds.map((kind) => pathsOf(kind, schemas, version))) as object;
}
