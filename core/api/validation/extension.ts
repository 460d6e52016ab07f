import { dns1035LabelProblems, dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { APIService } from '../generated/apiregistration-v1.ts';
import { checkName } from './common.ts';
import type { Errors } from './common.ts';
import { invalidValue, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';

/** ValidateAPIService (kube-aggregator/pkg/apis/apiregistration/validation). */
export function validateApiService({ metadata, spec }: APIService): Errors {
  const path = FieldPath.spec;
  const { group = '', version = '', service, groupPriorityMinimum, versionPriority } = spec;
  const errors: Errors = [];
  const expected = `${version}.${group}`;
  if (metadata.name !== expected)
    errors.push(
      invalidValue(
        FieldPath.metadata.child('name'),
        metadata.name,
        `must be \`spec.version+"."+spec.group\`: ${expected}`,
      ),
    );
  errors.push(...checkName(version, dns1035LabelProblems, path.child('version')));
  if (group !== '') errors.push(...checkName(group, dns1123SubdomainProblems, path.child('group')));
  for (const [name, value] of Object.entries({ groupPriorityMinimum, versionPriority }))
    if (value <= 0 || value > (name === 'versionPriority' ? 1000 : 20_000))
      errors.push(
        invalidValue(
          path.child(name),
          value,
          `must be positive and less than ${name === 'versionPriority' ? 1000 : 20_000}`,
        ),
      );
  if (service === undefined) {
    if ((spec.caBundle ?? '') !== '')
      errors.push(
        invalidValue(
          path.child('caBundle'),
          `${spec.caBundle?.length} bytes`,
          'local APIServices may not have a caBundle',
        ),
      );
    if (spec.insecureSkipTLSVerify === true)
      errors.push(
        invalidValue(
          path.child('insecureSkipTLSVerify'),
          true,
          'local APIServices may not have insecureSkipTLSVerify',
        ),
      );
    return errors;
  }
  const at = path.child('service');
  if ((service.namespace ?? '') === '') errors.push(required(at.child('namespace')));
  if ((service.name ?? '') === '') errors.push(required(at.child('name')));
  if (spec.insecureSkipTLSVerify === true && (spec.caBundle ?? '') !== '')
    errors.push(
      invalidValue(path.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present'),
    );
  return errors;
}
