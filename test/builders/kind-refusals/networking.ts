import { declared, immutable, required } from './refusal.ts';
import type { KindRefusals } from './refusal.ts';

/** What is refused of the kinds of networking. */
export const networkingRefusals: Readonly<Record<string, KindRefusals>> = {
  'networking.k8s.io/ipaddresses': {
    create: [
      [{ spec: { parentRef: null } }, 'spec.parentRef', required],
      [{ spec: { parentRef: { resource: '' } } }, 'spec.parentRef.resource', required],
    ],
    update: [[{ spec: { parentRef: { name: 'other' } } }, 'spec.parentRef', immutable]],
  },
  'networking.k8s.io/networkpolicies': {
    create: [
      [
        { spec: { ingress: [{ from: [{}] }] } },
        'spec.ingress[0].from[0]',
        'Required value: must specify a peer',
      ],
      [
        { spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.1.0.0/24'] } }] }] } },
        'spec.egress[0].to[0].ipBlock.except[0]',
        'Invalid value: "10.1.0.0/24": must be a strict subset of `cidr`',
      ],
      [
        { spec: { ingress: [{ ports: [{ port: 80, endPort: 79 }] }] } },
        'spec.ingress[0].ports[0].endPort',
        'Invalid value: 79: must be greater than or equal to `port`',
      ],
      [
        { spec: { policyTypes: ['Sideways'] } },
        'spec.policyTypes[0]',
        'Unsupported value: "Sideways": supported values: "Egress", "Ingress"',
      ],
    ],
    update: declared,
  },
  'networking.k8s.io/servicecidrs': {
    create: [
      [{ spec: { cidrs: [] } }, 'spec.cidrs', 'Required value: at least one CIDR required'],
      [
        { spec: { cidrs: ['10.7.0.0/24', '10.8.0.0/24'] } },
        'spec.cidrs',
        'Invalid value: ["10.7.0.0/24","10.8.0.0/24"]: may specify no more than one IP for each IP family',
      ],
    ],
    update: [[{ spec: { cidrs: ['10.8.0.0/24'] } }, 'spec.cidrs', immutable]],
  },
  'networking.k8s.io/ingressclasses': {
    create: [
      [{ spec: { controller: '' } }, 'spec.controller', required],
      [
        { spec: { controller: 'ingress' } },
        'spec.controller',
        'Invalid value: "ingress": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
      [
        { spec: { parameters: { kind: 'A', name: 'a', scope: 'Namespace' } } },
        'spec.parameters.namespace',
        "Required value: `parameters.scope` is set to 'Namespace'",
      ],
    ],
    update: [[{ spec: { controller: 'example.com/other' } }, 'spec.controller', immutable]],
  },
  'networking.k8s.io/ingresses': {
    create: [
      [
        { spec: { defaultBackend: null } },
        'spec',
        'Invalid value: []: either `defaultBackend` or `rules` must be specified',
      ],
      [
        { spec: { rules: [{ host: '10.0.0.1' }] } },
        'spec.rules[0].host',
        'Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      ],
      [
        { spec: { defaultBackend: { service: { port: { name: 'http' } } } } },
        'spec.defaultBackend.service',
        'Invalid value: "": cannot set both port name & port number',
      ],
    ],
    update: declared,
  },
  'discovery.k8s.io/endpointslices': {
    create: [
      [
        { addressType: 'IPX', endpoints: [] },
        'addressType',
        'Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"',
      ],
      [
        { endpoints: [{ addresses: ['::1'] }] },
        'endpoints[0].addresses[0]',
        'Invalid value: "::1": must be a valid IPv4 address',
      ],
      [
        { endpoints: [{ addresses: [] }] },
        'endpoints[0].addresses',
        'Required value: must contain at least 1 address',
      ],
    ],
    update: [
      [{ addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] }, 'addressType', immutable],
    ],
  },
};
