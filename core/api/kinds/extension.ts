import type { APIService } from '../generated/apiregistration-v1.ts';
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts';
import { apiservices, customresourcedefinitions } from '../generated/resources.ts';
import type { Mutable } from '../object.ts';
import {
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionStatus,
  validateCustomResourceDefinitionUpdate,
} from '../custom/definition-rules.ts';
import { validateApiService } from '../validation/extension.ts';
import { declareKind } from './declare.ts';

export const customResourceDefinitionKind = declareKind(customresourcedefinitions, {
  generation: true,
  applyDefaults: defaultCustomResourceDefinition,
  validate: validateCustomResourceDefinition,
  validateUpdate: validateCustomResourceDefinitionUpdate,
  validateStatus: validateCustomResourceDefinitionStatus,
});

/** Upstream: apiextensions/v1/defaults.go. */
function defaultCustomResourceDefinition({ spec }: Mutable<CustomResourceDefinition>): void {
  const { names } = spec;
  if (names.kind !== undefined && names.kind !== '') {
    names.singular ??= names.kind.toLowerCase();
    names.listKind ??= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
}

export const apiServiceKind = declareKind(apiservices, {
  nameProblems: (name) => (name.includes('/') || name.includes('%') ? ['may not contain "/" or "%"'] : []),
  applyDefaults({ spec }: Mutable<APIService>) {
    if (spec.service !== undefined) spec.service.port ??= 443;
  },
  validate: validateApiService,
});
