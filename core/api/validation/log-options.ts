import { invalid } from '../errors.ts';
import type { LogsOptions } from '../streams.ts';
import { forbiddenField, invalidValue, notSupported } from './field-errors.ts';
import { FieldPath } from './field-path.ts';

const streams = ['All', 'Stderr', 'Stdout'];

/** Throws Invalid for what cannot be asked of a Pod's log (pkg/apis/core/validation: ValidatePodLogOptions). */
export function checkLogsOptions(pod: string, options: LogsOptions): void {
  const { tailLines, limitBytes, sinceSeconds, sinceTime, stream } = options;
  const at = (name: string) => FieldPath.root.child(name);
  const isSet = (text: string | undefined) => text !== undefined && text !== '';
  const errors = [
    ...(tailLines !== undefined && tailLines < 0
      ? [invalidValue(at('tailLines'), tailLines, 'must be greater than or equal to 0')]
      : []),
    ...(limitBytes !== undefined && limitBytes < 1
      ? [invalidValue(at('limitBytes'), limitBytes, 'must be greater than 0')]
      : []),
    ...(sinceSeconds !== undefined && isSet(sinceTime)
      ? [forbiddenField(FieldPath.root, 'at most one of `sinceTime` or `sinceSeconds` may be specified')]
      : sinceSeconds !== undefined && sinceSeconds < 1
        ? [invalidValue(at('sinceSeconds'), sinceSeconds, 'must be greater than 0')]
        : []),
    ...(isSet(stream) && !streams.includes(stream ?? '')
      ? [notSupported(at('stream'), stream, streams)]
      : []),
    // The runtime counts lines of both.
    ...(isSet(stream) && stream !== 'All' && tailLines !== undefined
      ? [forbiddenField(FieldPath.root, '`tailLines` and specific `stream` are mutually exclusive for now')]
      : []),
  ];
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, errors);
}
