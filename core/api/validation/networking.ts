import { isIP, isIPv4, isIPv6 } from 'node:net';
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  pathSegmentNameProblems,
  portNameProblems,
  portNumberProblems,
  wildcardDns1123SubdomainProblems,
} from '../../machinery/names.ts';
import type { Endpoint, EndpointSlice } from '../generated/discovery-v1.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../generated/core-v1.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressRule,
} from '../generated/networking-v1.ts';
import { checkEach, checkFormat, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, required, tooMany } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateImmutable } from './object-meta.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];

/** ValidateIngressCreate (pkg/apis/networking/validation/validation.go). */
export function validateIngress({ spec }: Ingress): Errors {
  const path = FieldPath.spec;
  const { rules = [], defaultBackend } = spec;
  const errors: Errors = [];
  if (rules.length === 0 && defaultBackend === undefined)
    errors.push(invalidValue(path, [], 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend !== undefined)
    errors.push(...validateBackend(defaultBackend, path.child('defaultBackend')));
  errors.push(...checkEach(rules, path.child('rules'), validateIngressRule));
  errors.push(
    ...checkEach(spec.tls, path.child('tls'), ({ hosts = [] }, at) =>
      hosts.flatMap((host, index) => validateHost(host, at.child('hosts').index(index))),
    ),
    ...checkFormat(spec.ingressClassName, dns1123SubdomainProblems, path.child('ingressClassName')),
  );
  return errors;
}

function validateIngressRule({ host, http }: IngressRule, path: FieldPath): Errors {
  const errors: Errors = [];
  if (host !== undefined) {
    if (isIP(host) !== 0)
      errors.push(invalidValue(path.child('host'), host, 'must be a DNS name, not an IP address'));
    else errors.push(...validateHost(host, path.child('host')));
  }
  if (http === undefined) return errors;
  const at = path.child('http').child('paths');
  if (http.paths.length === 0) errors.push(required(at));
  return [...errors, ...checkEach(http.paths, at, validateIngressPath)];
}

function validateHost(host: string, path: FieldPath): Errors {
  const problems = host.includes('*')
    ? wildcardDns1123SubdomainProblems(host)
    : dns1123SubdomainProblems(host);
  return invalidEach(path, host, problems);
}

function validateIngressPath(
  { path: url = '', pathType, backend }: HTTPIngressPath,
  path: FieldPath,
): Errors {
  const errors = checkOneOf(pathType, ['Exact', 'ImplementationSpecific', 'Prefix'], path.child('pathType'));
  if (pathType === undefined) errors.push(required(path.child('pathType'), 'pathType must be specified'));
  const at = path.child('path');
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!url.startsWith('/')) errors.push(invalidValue(at, url, 'must be an absolute path'));
    for (const piece of ['//', '/./', '/../', '%2f', '%2F'])
      if (url.includes(piece)) errors.push(invalidValue(at, url, `must not contain '${piece}'`));
    for (const end of ['/..', '/.'])
      if (url.endsWith(end)) errors.push(invalidValue(at, url, `cannot end with '${end}'`));
  } else if (url !== '' && !url.startsWith('/'))
    errors.push(invalidValue(at, url, 'must be an absolute path'));
  return [...errors, ...validateBackend(backend, path.child('backend'))];
}

function validateBackend({ service, resource }: IngressBackend, path: FieldPath): Errors {
  if (service !== undefined && resource !== undefined)
    return [invalidValue(path, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return [];
  if (service === undefined) return [required(path, 'resource or service backend is required')];
  const at = path.child('service');
  const { name, port = {} } = service;
  const errors = checkName(name, dns1123LabelProblems, at.child('name'));
  if (port.name !== undefined && port.number !== undefined)
    errors.push(invalidValue(at, '', 'cannot set both port name & port number'));
  else if (port.name !== undefined)
    errors.push(...invalidEach(at.child('port').child('name'), port.name, portNameProblems(port.name)));
  else if (port.number !== undefined)
    errors.push(
      ...invalidEach(at.child('port').child('number'), port.number, portNumberProblems(port.number)),
    );
  else errors.push(required(at, 'port name or number is required'));
  return errors;
}

/** ValidateIngressClass. */
export function validateIngressClass({ spec }: IngressClass): Errors {
  const path = FieldPath.spec;
  const { controller = '', parameters } = spec;
  const errors: Errors = [];
  if (controller === '') errors.push(required(path.child('controller')));
  else if (!/^[^/]+\/.+$/.test(controller))
    errors.push(
      invalidValue(
        path.child('controller'),
        controller,
        'must be a domain-prefixed path (such as "acme.io/foo")',
      ),
    );
  if (parameters === undefined) return errors;
  const at = path.child('parameters');
  if (parameters.kind === '') errors.push(required(at.child('kind'), 'kind is required'));
  errors.push(...checkName(parameters.name, pathSegmentNameProblems, at.child('name')));
  errors.push(
    ...checkOneOf(parameters.scope, ['Cluster', 'Namespace'], at.child('scope'), { isRequired: true }),
  );
  if (parameters.scope === 'Namespace' && parameters.namespace === undefined)
    errors.push(required(at.child('namespace'), "`parameters.scope` is set to 'Namespace'"));
  if (parameters.scope === 'Cluster' && parameters.namespace !== undefined)
    errors.push(forbiddenField(at.child('namespace'), "`parameters.scope` is set to 'Cluster'"));
  return errors;
}

export function validateIngressClassUpdate({ spec }: IngressClass, old: IngressClass): Errors {
  return validateImmutable(spec.controller, old.spec.controller, FieldPath.spec.child('controller'));
}

const maxEndpoints = 1_000;
const maxEndpointAddresses = 100;
const maxSlicePorts = 20_000;

/** ValidateEndpointSlice (pkg/apis/discovery/validation/validation.go). */
export function validateEndpointSlice({ addressType, endpoints = [], ports }: EndpointSlice): Errors {
  const root = FieldPath.root;
  const errors = checkOneOf(addressType, ['FQDN', 'IPv4', 'IPv6'], root.child('addressType'), {
    isRequired: true,
  });
  if (endpoints.length > maxEndpoints)
    return [tooMany(root.child('endpoints'), endpoints.length, maxEndpoints)];
  if ((ports?.length ?? 0) > maxSlicePorts)
    return [tooMany(root.child('ports'), ports?.length ?? 0, maxSlicePorts)];
  errors.push(
    ...checkEach(endpoints, root.child('endpoints'), (endpoint, at) =>
      validateEndpoint(endpoint, addressType, at),
    ),
    ...validatePorts(ports, root.child('ports')),
  );
  return errors;
}

export function validateEndpointSliceUpdate(now: EndpointSlice, old: EndpointSlice): Errors {
  return validateImmutable(now.addressType, old.addressType, FieldPath.root.child('addressType'));
}

function validateEndpoint(
  { addresses, hostname, nodeName }: Endpoint,
  type: string,
  path: FieldPath,
): Errors {
  const at = path.child('addresses');
  const errors: Errors = [];
  if (addresses.length === 0) errors.push(required(at, 'must contain at least 1 address'));
  if (addresses.length > maxEndpointAddresses)
    errors.push(tooMany(at, addresses.length, maxEndpointAddresses));
  for (const [index, address] of addresses.entries()) {
    if (type === 'IPv4' && !isIPv4(address))
      errors.push(invalidValue(at.index(index), address, 'must be a valid IPv4 address'));
    else if (type === 'IPv6' && !isIPv6(address))
      errors.push(invalidValue(at.index(index), address, 'must be a valid IPv6 address'));
    else if (type === 'FQDN')
      errors.push(...invalidEach(at.index(index), address, dns1123SubdomainProblems(address)));
    else errors.push(...validateReachable(address, at.index(index)));
  }
  errors.push(...checkFormat(hostname, dns1123LabelProblems, path.child('hostname')));
  errors.push(...checkFormat(nodeName, dns1123SubdomainProblems, path.child('nodeName')));
  return errors;
}

/** Addresses that mean something else on every machine must not be sent to (ValidateNonSpecialIP). */
function validateReachable(address: string, path: FieldPath): Errors {
  if (address === '0.0.0.0' || address === '::')
    return [invalidValue(path, address, `may not be unspecified (${address})`)];
  if (address.startsWith('127.') || address === '::1')
    return [invalidValue(path, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')];
  if (address.startsWith('169.254.') || /^fe[89ab]/i.test(address))
    return [invalidValue(path, address, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')];
  return [];
}

interface Port {
  readonly name?: string | undefined;
  readonly port?: number | undefined;
  readonly protocol?: string | undefined;
}

function validatePorts(ports: readonly Port[] | undefined, path: FieldPath): Errors {
  const names = new Set<string>();
  return checkEach(ports, path, ({ name = '', port, protocol }, at) => {
    const errors: Errors = [
      ...(name === '' ? [] : invalidEach(at.child('name'), name, dns1123LabelProblems(name))),
      ...(port === undefined ? [] : invalidEach(at.child('port'), port, portNumberProblems(port))),
      ...checkOneOf(protocol, protocols, at.child('protocol')),
    ];
    if (names.has(name)) errors.push(invalidValue(at.child('name'), name, 'must be unique'));
    names.add(name);
    return errors;
  });
}

/** ValidateEndpoints. */
export function validateEndpoints({ subsets }: Endpoints): Errors {
  return checkEach(subsets, FieldPath.root.child('subsets'), (subset, path) => {
    const { addresses = [], notReadyAddresses = [], ports } = subset;
    const errors: Errors = [];
    if (addresses.length === 0 && notReadyAddresses.length === 0)
      errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    errors.push(
      ...checkEach(addresses, path.child('addresses'), validateAddress),
      ...checkEach(notReadyAddresses, path.child('notReadyAddresses'), validateAddress),
      ...checkEach(ports, path.child('ports'), (port, at) =>
        validateNamedPort(port, (ports?.length ?? 0) > 1, at),
      ),
    );
    return errors;
  });
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: FieldPath): Errors {
  return [
    ...(isIP(ip) === 0
      ? [invalidValue(path.child('ip'), ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
      : validateReachable(ip, path.child('ip'))),
    ...checkFormat(hostname, dns1123LabelProblems, path.child('hostname')),
    ...checkFormat(nodeName, dns1123SubdomainProblems, path.child('nodeName')),
  ];
}

function validateNamedPort(
  { name = '', port, protocol }: EndpointPort,
  needsName: boolean,
  path: FieldPath,
): Errors {
  return [
    ...(name === ''
      ? needsName
        ? [required(path.child('name'))]
        : []
      : invalidEach(path.child('name'), name, dns1123LabelProblems(name))),
    ...invalidEach(path.child('port'), port, portNumberProblems(port)),
    ...checkOneOf(protocol, protocols, path.child('protocol'), { isRequired: true }),
  ];
}
