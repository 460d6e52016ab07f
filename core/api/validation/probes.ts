import { portNameProblems, portNumberProblems } from '../../machinery/names.ts';
import type {
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ProbeHandler,
  SleepAction,
} from '../generated/core-v1.ts';
import { checkEach, checkNotNegative, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

/** A probe of a container (validateProbe and its friends in pkg/apis/core/validation). */
export function validateProbe(probe: Probe | undefined, kind: ProbeKind, path: FieldPath): Errors {
  if (probe === undefined) return [];
  const { successThreshold, terminationGracePeriodSeconds: grace } = probe;
  const errors = [
    ...validateHandler(probe, path),
    ...checkNotNegative(probe.initialDelaySeconds, path.child('initialDelaySeconds')),
    ...checkNotNegative(probe.timeoutSeconds, path.child('timeoutSeconds')),
    ...checkNotNegative(probe.periodSeconds, path.child('periodSeconds')),
    ...checkNotNegative(successThreshold, path.child('successThreshold')),
    ...checkNotNegative(probe.failureThreshold, path.child('failureThreshold')),
  ];
  // Alive or started is known with the first success.
  if (kind !== 'readinessProbe' && successThreshold !== 1)
    errors.push(invalidValue(path.child('successThreshold'), successThreshold, 'must be 1'));
  const gracePath = path.child('terminationGracePeriodSeconds');
  if (kind === 'readinessProbe' && grace !== undefined)
    errors.push(invalidValue(gracePath, grace, 'must not be set for readinessProbes'));
  else if (grace !== undefined && grace <= 0)
    errors.push(invalidValue(gracePath, grace, 'must be greater than 0'));
  return errors;
}

export function validateLifecycle(lifecycle: Lifecycle | undefined, path: FieldPath): Errors {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart === undefined ? [] : validateHandler(postStart, path.child('postStart'))),
    ...(preStop === undefined ? [] : validateHandler(preStop, path.child('preStop'))),
  ];
}

type Handler = ProbeHandler & LifecycleHandler;

const handlerNames = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function validateHandler(handler: Handler, path: FieldPath): Errors {
  const [first, ...others] = handlerNames.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...validateAction(handler, first, path.child(first)),
    ...others.map((name) => forbiddenField(path.child(name), 'may not specify more than 1 handler type')),
  ];
}

function validateAction(handler: Handler, name: (typeof handlerNames)[number], path: FieldPath): Errors {
  switch (name) {
    case 'exec':
      return (handler.exec?.command?.length ?? 0) > 0 ? [] : [required(path.child('command'))];
    case 'httpGet':
      return validateHttpGet(handler.httpGet as HTTPGetAction, path);
    case 'tcpSocket':
      return validatePortReference(handler.tcpSocket?.port, path.child('port'));
    case 'grpc':
      return validatePortReference(handler.grpc?.port, path.child('port'));
    case 'sleep':
      return validateSleep(handler.sleep as SleepAction, path);
  }
}

function validateHttpGet({ path: url, port, scheme, httpHeaders }: HTTPGetAction, path: FieldPath): Errors {
  return [
    ...(url === undefined || url === '' ? [required(path.child('path'))] : []),
    ...validatePortReference(port, path.child('port')),
    ...checkOneOf(scheme, ['HTTP', 'HTTPS'], path.child('scheme')),
    ...checkEach(httpHeaders, path.child('httpHeaders'), ({ name }, at) =>
      /^[-A-Za-z0-9]+$/.test(name)
        ? []
        : [
            invalidValue(
              at.child('name'),
              name,
              "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
            ),
          ],
    ),
  ];
}

function validateSleep({ seconds }: SleepAction, path: FieldPath): Errors {
  return seconds < 0
    ? [invalidValue(path.child('seconds'), seconds, 'must be greater than or equal to 0')]
    : [];
}

/** A number, or the name of one of the container's ports. */
function validatePortReference(port: number | string | undefined, path: FieldPath): Errors {
  const problems = typeof port === 'string' ? portNameProblems(port) : portNumberProblems(port ?? 0);
  return invalidEach(path, port ?? 0, problems);
}
