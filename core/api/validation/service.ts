import { isIP } from 'node:net';
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelKeyProblems,
  portNameProblems,
  portNumberProblems,
} from '../../machinery/names.ts';
import { ipFamilyOf, parseCidr } from '../../machinery/ip.ts';
import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../generated/networking-v1.ts';
import { checkBetween, checkEach, checkFormat, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue, required, tooMany } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateImmutable, validateLabels } from './object-meta.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const external = ['LoadBalancer', 'NodePort'];

/** ValidateService (pkg/apis/core/validation/validation.go). */
export function validateService({ spec }: Service): Errors {
  const path = FieldPath.spec;
  const { type = 'ClusterIP' } = spec;
  return [
    ...checkOneOf(type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], path.child('type')),
    ...validatePorts(spec, path),
    ...(type === 'ExternalName' ? validateExternalName(spec, path) : validateAddresses(spec, path)),
    ...(spec.selector === undefined ? [] : validateLabels(spec.selector, path.child('selector'))),
    ...checkEach(spec.externalIPs, path.child('externalIPs'), (address, at) => validateAddress(address, at)),
    ...validateTraffic(spec, path),
    ...validateAffinity(spec, path),
  ];
}

function validatePorts(spec: ServiceSpec, path: FieldPath): Errors {
  const { ports = [], type, clusterIP } = spec;
  const at = path.child('ports');
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None') return [required(at)];
  const errors = checkEach(ports, at, (port, place) =>
    validatePort(port, place, { named: ports.length > 1, type }),
  );
  const seen = new Set<string>();
  const names = new Set<string>();
  ports.forEach(({ port, protocol = 'TCP', name = '' }, index) => {
    if (name !== '' && names.has(name)) errors.push(duplicate(at.index(index).child('name'), name));
    names.add(name);
    const key = `${protocol}/${port}`;
    if (seen.has(key)) errors.push(duplicate(at.index(index), { protocol, port }));
    seen.add(key);
  });
  return errors;
}

function validatePort(
  { name = '', port, protocol, targetPort, nodePort = 0, appProtocol }: ServicePort,
  path: FieldPath,
  { named, type = 'ClusterIP' }: { readonly named: boolean; readonly type?: string | undefined },
): Errors {
  const errors: Errors = [];
  if (name === '' && named) errors.push(required(path.child('name')));
  errors.push(
    ...checkFormat(name, dns1123LabelProblems, path.child('name')),
    ...invalidEach(path.child('port'), port, portNumberProblems(port)),
    ...checkOneOf(protocol, protocols, path.child('protocol')),
    ...checkFormat(appProtocol, labelKeyProblems, path.child('appProtocol')),
  );
  const at = path.child('targetPort');
  if (typeof targetPort === 'number')
    errors.push(...invalidEach(at, targetPort, portNumberProblems(targetPort)));
  else if (targetPort !== undefined)
    errors.push(...invalidEach(at, targetPort, portNameProblems(targetPort)));
  if (nodePort !== 0 && !external.includes(type))
    errors.push(forbiddenField(path.child('nodePort'), `may not be used when \`type\` is '${type}'`));
  return errors;
}

function validateExternalName({ externalName = '', clusterIP = '' }: ServiceSpec, path: FieldPath): Errors {
  const errors: Errors = [];
  if (clusterIP !== '')
    errors.push(forbiddenField(path.child('clusterIP'), 'may not be set for ExternalName services'));
  const name = externalName.replace(/\.$/, '');
  return [...errors, ...checkName(name, dns1123SubdomainProblems, path.child('externalName'))];
}

function validateAddresses(spec: ServiceSpec, path: FieldPath): Errors {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy, type } = spec;
  const at = path.child('clusterIPs');
  const errors: Errors = [
    ...checkEach(ipFamilies, path.child('ipFamilies'), (family, place) =>
      checkOneOf(family, families, place),
    ),
    ...checkOneOf(ipFamilyPolicy, policies, path.child('ipFamilyPolicy')),
  ];
  if (ipFamilies.length > 2) errors.push(tooMany(path.child('ipFamilies'), ipFamilies.length, 2));
  if (ipFamilies.length === 2 && ipFamilies[0] === ipFamilies[1])
    errors.push(duplicate(path.child('ipFamilies').index(1), ipFamilies[1]));
  if (clusterIPs.length > 2) errors.push(tooMany(at, clusterIPs.length, 2));
  if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    errors.push(invalidValue(at, clusterIPs, 'first value must match `clusterIP`'));
  if (ipFamilyPolicy === 'SingleStack' && (ipFamilies.length > 1 || clusterIPs.length > 1))
    errors.push(
      invalidValue(
        path.child('ipFamilyPolicy'),
        ipFamilyPolicy,
        "must be RequireDualStack or PreferDualStack when multiple 'ipFamilies' are specified",
      ),
    );
  if (clusterIP === 'None') {
    if (external.includes(type ?? ''))
      errors.push(
        invalidValue(
          path.child('clusterIPs').index(0),
          'None',
          `may not be set to 'None' for ${type} services`,
        ),
      );
    return errors;
  }
  clusterIPs.forEach((address, index) => {
    const problems = validateAddress(address, at.index(index));
    errors.push(...problems);
    const family = ipFamilies[index];
    if (problems.length === 0 && family !== undefined && ipFamilyOf(address) !== family)
      errors.push(
        invalidValue(
          at.index(index),
          address,
          `expected an ${family} value as indicated by \`ipFamilies[${index}]\``,
        ),
      );
  });
  return errors;
}

function validateAddress(address: string, path: FieldPath): Errors {
  return isIP(address) === 0
    ? [invalidValue(path, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
    : [];
}

function validateTraffic(spec: ServiceSpec, path: FieldPath): Errors {
  const {
    type = 'ClusterIP',
    externalTrafficPolicy,
    internalTrafficPolicy,
    loadBalancerClass,
    loadBalancerSourceRanges,
  } = spec;
  const errors = checkOneOf(internalTrafficPolicy, ['Cluster', 'Local'], path.child('internalTrafficPolicy'));
  if (external.includes(type))
    errors.push(
      ...checkOneOf(externalTrafficPolicy, ['Cluster', 'Local'], path.child('externalTrafficPolicy')),
    );
  else if (externalTrafficPolicy !== undefined && (spec.externalIPs ?? []).length === 0)
    errors.push(
      invalidValue(
        path.child('externalTrafficPolicy'),
        externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    );
  if (loadBalancerClass !== undefined && type !== 'LoadBalancer')
    errors.push(
      forbiddenField(path.child('loadBalancerClass'), "may only be used when `type` is 'LoadBalancer'"),
    );
  errors.push(
    ...checkEach(loadBalancerSourceRanges, path.child('loadBalancerSourceRanges'), (range, at) =>
      parseCidr(range.trim()) === undefined
        ? [invalidValue(at, range, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
        : [],
    ),
  );
  return errors;
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec, path: FieldPath): Errors {
  const errors = checkOneOf(sessionAffinity, ['ClientIP', 'None'], path.child('sessionAffinity'));
  const at = path.child('sessionAffinityConfig');
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined)
    errors.push(forbiddenField(at, 'must not be set when session affinity is None'));
  return [
    ...errors,
    ...checkBetween(
      sessionAffinityConfig?.clientIP?.timeoutSeconds,
      1,
      86_400,
      at.child('clientIP').child('timeoutSeconds'),
    ),
  ];
}

/** ValidateServiceUpdate: an address stays for as long as the Service has one. */
export function validateServiceUpdate({ spec }: Service, old: Service): Errors {
  const without = (type: string | undefined) => type === 'ExternalName';
  if (without(spec.type) || without(old.spec.type)) return [];
  const path = FieldPath.spec;
  const errors: Errors = [];
  for (const name of ['clusterIPs', 'ipFamilies'] as const)
    if (spec[name]?.[0] !== old.spec[name]?.[0])
      errors.push(invalidValue(path.child(name).index(0), spec[name], 'may not change once set'));
  return errors;
}

/** ValidateIPAddress (pkg/apis/networking/validation). */
export function validateIpAddress({ metadata, spec }: IPAddress): Errors {
  const errors: Errors = [];
  if (isIP(metadata.name ?? '') === 0)
    errors.push(invalidValue(FieldPath.metadata.child('name'), metadata.name, 'must be a valid IP address'));
  const path = FieldPath.spec.child('parentRef');
  const { parentRef } = spec;
  if (parentRef === undefined) return [...errors, required(path)];
  if (parentRef.resource === undefined || parentRef.resource === '')
    errors.push(required(path.child('resource')));
  if (parentRef.name === undefined || parentRef.name === '') errors.push(required(path.child('name')));
  return errors;
}

export function validateIpAddressUpdate({ spec }: IPAddress, old: IPAddress): Errors {
  return validateImmutable(spec.parentRef, old.spec.parentRef, FieldPath.spec.child('parentRef'));
}

/** ValidateServiceCIDR. */
export function validateServiceCidr({ spec }: ServiceCIDR): Errors {
  const { cidrs = [] } = spec;
  const path = FieldPath.spec.child('cidrs');
  if (cidrs.length === 0) return [required(path, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalidValue(path, cidrs, 'may only hold up to 2 values')];
  const parsed = cidrs.map((text) => parseCidr(text));
  const errors = parsed.flatMap((cidr, index) =>
    cidr === undefined
      ? [
          invalidValue(
            path.index(index),
            cidrs[index],
            'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
          ),
        ]
      : [],
  );
  if (errors.length === 0 && parsed.length === 2 && parsed[0]?.family === parsed[1]?.family)
    errors.push(invalidValue(path, cidrs, 'may specify no more than one IP for each IP family'));
  return errors;
}

export function validateServiceCidrUpdate({ spec }: ServiceCIDR, old: ServiceCIDR): Errors {
  return validateImmutable(spec.cidrs, old.spec.cidrs, FieldPath.spec.child('cidrs'));
}
