import { applySchemaDefaults } from '../../../core/api/custom/defaults.ts';
import { validateEmbedded } from '../../../core/api/custom/embedded.ts';
import { validateLists } from '../../../core/api/custom/list-types.ts';
import { validateRulesWithin } from '../../../core/api/custom/rules.ts';
import type { JSONSchemaProps } from '../../../core/api/custom/schema.ts';
import { validateValue } from '../../../core/api/custom/validate-value.ts';
import { FieldPath } from '../../../core/api/validation/field-path.ts';
import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import { dns1123SubdomainProblems } from '../../../core/machinery/names.ts';
import type { KindRules } from './schema-model.ts';

/** What rules in CEL may cost per object: about 10 ms at worst, as somebody is typing. */
const mostUnits = 250_000;

/**
 * What the server asks of custom resources by their schema: bounds, patterns, formats, sets, and rules in CEL. Of
 * those, the ones about changes, and what would take long, are left to the dry run.
 */
export function customRules(given: JsonObject): KindRules {
  const schema = withoutMetadata(given) as JSONSchemaProps;
  let isReadable = true;
  return {
    nameProblems: dns1123SubdomainProblems,
    applyDefaults: (object) => {
      Object.assign(object, applySchemaDefaults(schema, object));
    },
    validate: (object) => {
      const { metadata: _, ...members } = object as unknown as Record<string, unknown>;
      const { root } = FieldPath;
      return [
        ...validateValue(schema, members, root),
        ...validateEmbedded(schema, members, root),
        ...validateLists(schema, members, root),
      ];
    },
    validateWhole: (object) => {
      if (!isReadable) return [];
      try {
        return validateRulesWithin(schema, object, mostUnits);
      } catch {
        // A rule that is half-typed is told of where it stands, in its definition.
        isReadable = false;
        return [];
      }
    },
  };
}

/** Published schemas refer to the type of metadata, which has rules of its own. */
function withoutMetadata(schema: JsonObject): JsonObject {
  if (!isObject(schema['properties'])) return schema;
  const { metadata: _, ...properties } = schema['properties'];
  return { ...schema, properties };
}
