import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../core/machinery/json.ts';
import { told } from '../checks/check-story.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { builtInModel } from './built-in.ts';
import { kindsOfDefinition, withKinds } from './custom-kinds.ts';

const definition = (...rules: readonly string[]) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: fleets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Fleet, plural: fleets}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          x-kubernetes-validations:
            - {rule: "self.metadata.name != 'forbidden'", message: is no name for a fleet}
          properties:
            spec:
              type: object
              x-kubernetes-validations: [${rules.map((rule) => `{${rule}}`).join(', ')}]
              properties:
                min: {type: integer, default: 1}
                max: {type: integer}
                ships:
                  type: array
                  items:
                    type: object
                    properties: {crew: {type: integer}}
                    x-kubernetes-validations: [{rule: self.crew > 0, fieldPath: .crew, message: nobody is aboard}]
`;
const bounds =
  'rule: self.min <= self.max, messageExpression: "\'%d is more than %d\'.format([self.min, self.max])"';

const fleet = (spec: string, name = 'a') =>
  `apiVersion: example.com/v1\nkind: Fleet\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;

function check(text: string, ...rules: readonly string[]): string[] {
  const written = parseDocument(definition(...rules)).root?.value as JsonObject;
  return told(text, withKinds(builtInModel(), kindsOfDefinition(written)));
}

describe('rules in CEL of a definition', () => {
  test('are asked while the manifest is typed, of what the server would complete', () => {
    expect(check(fleet('max: 2'), bounds)).toEqual([]);
    expect(check(fleet('max: 0'), bounds)).toEqual([
      'error "spec" spec: Invalid value: "object": 1 is more than 0',
    ]);
  });

  test('are shown at the field they speak of', () => {
    expect(check(fleet('ships: [{crew: 3}, {crew: 0}]'))).toEqual([
      'error "0" spec.ships[1].crew: Invalid value: "object": nobody is aboard',
    ]);
  });

  test('know the name', () => {
    expect(check(fleet('max: 2', 'forbidden')).join()).toContain('is no name for a fleet');
  });

  test('are not asked of what is wrong anyway', () => {
    const found = check(fleet('max: 0, min: one'), bounds);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('min must be an integer');
  });

  test('about changes are left to the server, as are those that are half-typed or never end', () => {
    const changes = 'rule: self.max >= oldSelf.max';
    const halfTyped = 'rule: "self.min <= "';
    const endless =
      'rule: "self.ships.all(a, self.ships.all(b, self.ships.all(c, a.crew + b.crew + c.crew > 0)))"';
    expect(check(fleet('max: 0'), changes)).toEqual([]);
    expect(check(fleet('max: 0'), halfTyped)).toEqual([]);
    const many = Array.from({ length: 200 }, () => '{crew: 1}').join(', ');
    expect(check(fleet(`ships: [${many}]`), endless)).toEqual([]);
  });
});
