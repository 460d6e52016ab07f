import { Scheme } from '../scheme.ts';
import { deploymentKind, replicaSetKind } from './apps.ts';
import { leaseKind } from './coordination.ts';
import {
  configMapKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
} from './core.ts';
import { eventsEventKind } from './events.ts';

/** A scheme with every kind that this server serves. To add a kind, declare it and name it here. */
export function createScheme(): Scheme {
  return new Scheme().declare(
    configMapKind,
    eventKind,
    namespaceKind,
    nodeKind,
    podKind,
    secretKind,
    serviceAccountKind,
    deploymentKind,
    replicaSetKind,
    leaseKind,
    eventsEventKind,
  );
}
