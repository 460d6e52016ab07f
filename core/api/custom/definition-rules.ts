import { dns1035LabelProblems, dns1123SubdomainProblems } from '../../machinery/names.ts';
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  WebhookClientConfig,
} from '../generated/apiextensions-v1.ts';
import type { Errors } from '../validation/common.ts';
import { checkEach, checkFormat, checkName, checkOneOf } from '../validation/common.ts';
import { forbiddenField, invalidValue, required } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { validateImmutable } from '../validation/object-meta.ts';
import { isEstablished } from './conditions.ts';
import { structuralViolations, validateVersions } from './version-rules.ts';

/** ValidateCustomResourceDefinition (apiextensions-apiserver/pkg/apis/apiextensions/validation). */
export function validateCustomResourceDefinition(
  { metadata, spec }: CustomResourceDefinition,
  old?: CustomResourceDefinition,
): Errors {
  const path = FieldPath.spec;
  const structural = old === undefined || structuralViolations(old.spec, path).length === 0;
  const { group, names, scope, conversion } = spec;
  const errors: Errors = [];
  if (metadata.name !== `${names.plural}.${group}`)
    errors.push(
      invalidValue(
        FieldPath.metadata.child('name'),
        metadata.name,
        'must be spec.names.plural+"."+spec.group',
      ),
    );
  errors.push(
    ...validateGroup(group, path.child('group')),
    ...validateApproval(metadata.annotations ?? {}, group),
    ...checkOneOf(scope, ['Cluster', 'Namespaced'], path.child('scope'), { isRequired: true }),
    ...validateRequiredNames(names, path.child('names')),
    ...validateNames(names, path.child('names')),
    ...validateVersions(spec, path.child('versions'), structural),
    ...validateConversion(conversion, path.child('conversion')),
  );
  if (spec.preserveUnknownFields === true && old?.spec.preserveUnknownFields !== true)
    errors.push(
      invalidValue(
        path.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return errors;
}

function validateGroup(group: string | undefined, path: FieldPath): Errors {
  const errors = checkName(group, dns1123SubdomainProblems, path);
  if (errors.length === 0 && group?.includes('.') === false)
    errors.push(invalidValue(path, group, 'should be a domain with at least one dot'));
  return errors;
}

const approvalAnnotation = 'api-approved.kubernetes.io';

/** Groups of the Kubernetes community want to know who approved (KEP-1111). */
export function approvalOf(
  annotations: Readonly<Record<string, string>>,
  group: string,
): {
  readonly state: 'unprotected' | 'missing' | 'approved' | 'unapproved' | 'wrong';
  readonly text: string;
} {
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(group);
  if (!isProtected) return { state: 'unprotected', text: '' };
  const value = annotations[approvalAnnotation] ?? '';
  if (value === '')
    return {
      state: 'missing',
      text: `protected groups must have approval annotation "${approvalAnnotation}", see https://github.com/kubernetes/enhancements/pull/1111`,
    };
  if (value.startsWith('unapproved'))
    return { state: 'unapproved', text: `not approved: ${JSON.stringify(value)}` };
  if (URL.canParse(value) && new URL(value).host !== '')
    return { state: 'approved', text: `approved in ${value}` };
  return {
    state: 'wrong',
    text: `protected groups must have approval annotation "${approvalAnnotation}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
  };
}

function validateApproval(annotations: Readonly<Record<string, string>>, group: string | undefined): Errors {
  const { state, text } = approvalOf(annotations, group ?? '');
  const path = FieldPath.metadata.child('annotations').key(approvalAnnotation);
  if (state === 'missing') return [required(path, text)];
  return state === 'wrong' ? [invalidValue(path, annotations[approvalAnnotation], text)] : [];
}

function validateRequiredNames(names: CustomResourceDefinitionNames, path: FieldPath): Errors {
  return (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((name) => (names[name] ?? '') === '')
    .map((name) => required(path.child(name)));
}

function validateNames(names: CustomResourceDefinitionNames, path: FieldPath): Errors {
  const { plural, singular, kind, listKind, shortNames, categories } = names;
  const errors = [
    ...checkFormat(plural, dns1035LabelProblems, path.child('plural')),
    ...checkFormat(singular, dns1035LabelProblems, path.child('singular')),
    ...validateKind(kind, path.child('kind')),
    ...validateKind(listKind, path.child('listKind')),
    ...checkEach(shortNames, path.child('shortNames'), checkLabel),
    ...checkEach(categories, path.child('categories'), checkLabel),
  ];
  if (kind !== undefined && kind !== '' && kind === listKind)
    errors.push(invalidValue(path.child('listKind'), listKind, 'kind and listKind may not be the same'));
  return errors;
}

function checkLabel(name: string, path: FieldPath): Errors {
  return checkName(name, dns1035LabelProblems, path);
}

function validateKind(kind: string | undefined, path: FieldPath): Errors {
  if (kind === undefined || kind === '') return [];
  const problems = dns1035LabelProblems(kind.toLowerCase());
  if (problems.length === 0) return [];
  return [invalidValue(path, kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`)];
}

const reviewVersions = ['v1', 'v1beta1'];

function validateConversion(conversion: CustomResourceConversion | undefined, path: FieldPath): Errors {
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  const errors = checkOneOf(strategy, ['None', 'Webhook'], path.child('strategy'), { isRequired: true });
  if (strategy !== 'Webhook') {
    if (webhook !== undefined)
      errors.push(
        forbiddenField(path.child('webhook'), 'should not be set when strategy is not set to Webhook'),
      );
    return errors;
  }
  const at = path.child('webhook');
  const config = webhook?.clientConfig;
  if (config === undefined)
    errors.push(required(at.child('clientConfig'), 'required when strategy is set to Webhook'));
  else errors.push(...validateClientConfig(config, at.child('clientConfig')));
  const versions = webhook?.conversionReviewVersions ?? [];
  const versionsAt = at.child('conversionReviewVersions');
  if (versions.length === 0) errors.push(required(versionsAt));
  else if (!versions.some((version) => reviewVersions.includes(version)))
    errors.push(
      invalidValue(versionsAt, versions, `must include at least one of ${reviewVersions.join(', ')}`),
    );
  versions.forEach((version, index) => {
    if (versions.indexOf(version) !== index)
      errors.push(invalidValue(versionsAt.index(index), version, 'duplicate version'));
    const problems = dns1035LabelProblems(version);
    if (problems.length > 0) errors.push(invalidValue(versionsAt.index(index), version, problems.join(',')));
  });
  return errors;
}

/** Where a webhook is (apiserver/pkg/util/webhook/validation.go). */
function validateClientConfig({ url, service }: WebhookClientConfig, path: FieldPath): Errors {
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  if (url !== undefined) return validateUrl(url, path.child('url'));
  if (service === undefined) return [];
  const at = path.child('service');
  const { name, namespace, port = 443, path: target } = service;
  const errors: Errors = [];
  if (name === '') errors.push(required(at.child('name'), 'service name is required'));
  if (namespace === '') errors.push(required(at.child('namespace'), 'service namespace is required'));
  if (port < 1 || port > 65_535)
    errors.push(
      invalidValue(at.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'),
    );
  if (target !== undefined && target !== '' && !target.startsWith('/'))
    errors.push(invalidValue(at.child('path'), target, "must start with a '/'"));
  return errors;
}

function validateUrl(text: string, path: FieldPath): Errors {
  const form = 'desired format: https://host[/path]';
  if (!URL.canParse(text)) return [required(path, `url must be a valid URL: ${form}`)];
  const url = new URL(text);
  const errors: Errors = [];
  if (url.protocol !== 'https:')
    errors.push(
      invalidValue(path, url.protocol.slice(0, -1), `'https' is the only allowed URL scheme; ${form}`),
    );
  if (url.host === '') errors.push(invalidValue(path, text, `host must be specified; ${form}`));
  if (url.username !== '' || url.password !== '')
    errors.push(invalidValue(path, url.username, 'user information is not permitted in the URL'));
  if (url.hash !== '')
    errors.push(invalidValue(path, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '')
    errors.push(invalidValue(path, url.search.slice(1), 'query parameters are not permitted in the URL'));
  return errors;
}

/** What an update may not change; `validateCustomResourceDefinition` has passed on the new state. */
export function validateCustomResourceDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): Errors {
  const path = FieldPath.spec;
  const { spec } = definition;
  const names = path.child('names');
  const errors = [
    ...validateImmutable(spec.group, old.spec.group, path.child('group')),
    ...validateImmutable(spec.names.plural, old.spec.names.plural, names.child('plural')),
    ...validateStoredVersions(definition.status.storedVersions ?? [], spec),
  ];
  if (!isEstablished(old)) return errors;
  // These decide where objects are stored, and as what.
  return [
    ...errors,
    ...validateImmutable(spec.scope, old.spec.scope, path.child('scope')),
    ...validateImmutable(spec.names.kind, old.spec.names.kind, names.child('kind')),
  ];
}

/** A version that objects may be stored in cannot go before they have moved. */
function validateStoredVersions(
  stored: readonly string[],
  { versions }: CustomResourceDefinitionSpec,
): Errors {
  const path = FieldPath.status.child('storedVersions');
  return stored.flatMap((version, index) =>
    versions.some(({ name }) => name === version)
      ? []
      : [invalidValue(path.index(index), version, 'must appear in spec.versions')],
  );
}

/** What a write of the status may not do. */
export function validateCustomResourceDefinitionStatus({ spec, status }: CustomResourceDefinition): Errors {
  const path = FieldPath.status.child('storedVersions');
  const stored = status.storedVersions ?? [];
  const storage = spec.versions.find(({ storage: isStorage }) => isStorage)?.name ?? '';
  const errors = validateNames(
    status.acceptedNames ?? { plural: '', kind: '' },
    FieldPath.status.child('acceptedNames'),
  );
  if (stored.length === 0) errors.push(invalidValue(path, stored, 'must have at least one stored version'));
  else if (!stored.includes(storage))
    errors.push(invalidValue(path, stored, `must have the storage version ${storage}`));
  return [...errors, ...validateStoredVersions(stored, spec)];
}
