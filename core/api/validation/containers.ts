import { dns1123LabelProblems, portNameProblems, portNumberProblems } from '../../machinery/names.ts';
import type { Container, ContainerPort, EphemeralContainer, PodSpec } from '../generated/core-v1.ts';
import { checkEach, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { validateEnvFrom, validateEnvVar } from './env.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { validateLifecycle, validateProbe } from './probes.ts';
import { validateResources } from './resources.ts';
import { validateContainerSecurity } from './security-context.ts';
import { validateVolumeMounts } from './volumes.ts';

/** The containers of a Pod, of all three sorts; their names share one space (ValidateContainers and its siblings). */
export function validateContainers(spec: PodSpec, path: FieldPath): Errors {
  const { containers, initContainers, ephemeralContainers, hostNetwork = false } = spec;
  const volumeNames = new Set((spec.volumes ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  const once = (name: string, at: FieldPath): Errors => {
    if (seen.has(name)) return [duplicate(at.child('name'), name)];
    seen.add(name);
    return [];
  };
  const errors: Errors = [];
  if (containers.length === 0) errors.push(required(path.child('containers')));
  errors.push(
    ...checkEach(containers, path.child('containers'), (container, at) => [
      ...validateContainer(container, volumeNames, hostNetwork, at),
      ...once(container.name, at),
      ...validateHooks(container, at),
    ]),
    ...checkEach(initContainers, path.child('initContainers'), (container, at) => [
      ...validateContainer(container, volumeNames, hostNetwork, at),
      ...once(container.name, at),
      // Only an init container that keeps running can be asked how it is.
      ...(container.restartPolicy === 'Always' ? validateHooks(container, at) : forbidHooks(container, at)),
      ...checkOneOf(container.restartPolicy, ['Always', 'OnFailure', 'Never'], at.child('restartPolicy')),
    ]),
    ...checkEach(ephemeralContainers, path.child('ephemeralContainers'), (container, at) => [
      ...validateContainer(container, volumeNames, hostNetwork, at),
      ...once(container.name, at),
      ...forbidHooks(container, at),
    ]),
    ...validateHostPorts(containers, path.child('containers')),
  );
  return errors;
}

type AnyContainer = Container | EphemeralContainer;

function validateContainer(
  container: AnyContainer,
  volumeNames: ReadonlySet<string>,
  hostNetwork: boolean,
  path: FieldPath,
): Errors {
  const { name, image = '', imagePullPolicy, terminationMessagePolicy } = container;
  return [
    ...(name === ''
      ? [required(path.child('name'))]
      : invalidEach(path.child('name'), name, dns1123LabelProblems(name))),
    ...validateImage(image, path.child('image')),
    ...checkOneOf(imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], path.child('imagePullPolicy'), {
      isRequired: image !== '',
    }),
    ...checkOneOf(
      terminationMessagePolicy,
      ['FallbackToLogsOnError', 'File'],
      path.child('terminationMessagePolicy'),
    ),
    ...validatePorts(container.ports, hostNetwork, path.child('ports')),
    ...checkEach(container.env, path.child('env'), validateEnvVar),
    ...checkEach(container.envFrom, path.child('envFrom'), validateEnvFrom),
    ...validateVolumeMounts(container, volumeNames, path.child('volumeMounts')),
    ...validateResources(container.resources, path.child('resources')),
    ...validateContainerSecurity(container.securityContext, path.child('securityContext')),
  ];
}

function validateImage(image: string, path: FieldPath): Errors {
  if (image === '') return [required(path)];
  return image === image.trim()
    ? []
    : [invalidValue(path, image, 'must not have leading or trailing whitespace')];
}

function validateHooks(container: Container, path: FieldPath): Errors {
  return [
    ...validateLifecycle(container.lifecycle, path.child('lifecycle')),
    ...validateProbe(container.livenessProbe, 'livenessProbe', path.child('livenessProbe')),
    ...validateProbe(container.readinessProbe, 'readinessProbe', path.child('readinessProbe')),
    ...validateProbe(container.startupProbe, 'startupProbe', path.child('startupProbe')),
  ];
}

function forbidHooks(container: AnyContainer, path: FieldPath): Errors {
  return (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) =>
      forbiddenField(path.child(name), 'may not be set for init containers without restartPolicy=Always'),
    );
}

function validatePorts(
  ports: readonly ContainerPort[] | undefined,
  hostNetwork: boolean,
  path: FieldPath,
): Errors {
  const names = new Set<string>();
  return checkEach(ports, path, ({ name, containerPort, hostPort, protocol }, at) => {
    const errors: Errors = [];
    if (name !== undefined) {
      const problems = portNameProblems(name);
      if (problems.length > 0) errors.push(...invalidEach(at.child('name'), name, problems));
      else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
      names.add(name);
    }
    if (containerPort === 0) errors.push(required(at.child('containerPort')));
    else
      errors.push(
        ...invalidEach(at.child('containerPort'), containerPort, portNumberProblems(containerPort)),
      );
    if (hostPort !== undefined)
      errors.push(...invalidEach(at.child('hostPort'), hostPort, portNumberProblems(hostPort)));
    if (hostNetwork && hostPort !== undefined && hostPort !== containerPort)
      errors.push(
        invalidValue(at.child('hostPort'), hostPort, 'must match `containerPort` when `hostNetwork` is true'),
      );
    errors.push(...checkOneOf(protocol, ['SCTP', 'TCP', 'UDP'], at.child('protocol')));
    return errors;
  });
}

/** Two containers of a Pod cannot have the same port of the node. */
function validateHostPorts(containers: readonly Container[], path: FieldPath): Errors {
  const taken = new Set<string>();
  return checkEach(containers, path, ({ ports }, at) =>
    checkEach(ports, at.child('ports'), ({ hostPort, hostIP = '', protocol }, portAt) => {
      if (hostPort === undefined) return [];
      const port = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(port)) return [duplicate(portAt.child('hostPort'), port)];
      taken.add(port);
      return [];
    }),
  );
}
