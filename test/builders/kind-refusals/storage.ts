import { selector } from '../kind-samples.ts';
import { immutable, required } from './refusal.ts';
import type { KindRefusals } from './refusal.ts';

/** What is refused of the kinds of storage. */
export const storageRefusals: Readonly<Record<string, KindRefusals>> = {
  'storage.k8s.io/csidrivers': {
    create: [
      [
        { spec: { fsGroupPolicy: 'Maybe' } },
        'spec.fsGroupPolicy',
        'Unsupported value: "Maybe": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      ],
      [
        { spec: { volumeLifecycleModes: ['Eternal'] } },
        'spec.volumeLifecycleModes',
        'Unsupported value: "Eternal": supported values: "Persistent", "Ephemeral"',
      ],
      [
        { spec: { tokenRequests: [{ audience: 'a' }, { audience: 'a' }] } },
        'spec.tokenRequests[1].audience',
        'Duplicate value: "a"',
      ],
      [
        { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 60 }] } },
        'spec.tokenRequests[0].expirationSeconds',
        'Invalid value: 60: may not specify a duration less than 10 minutes',
      ],
    ],
    update: [
      [{ spec: { attachRequired: false } }, 'spec.attachedRequired', immutable],
      [{ spec: { volumeLifecycleModes: ['Ephemeral'] } }, 'spec.volumeLifecycleModes', immutable],
    ],
  },
  'storage.k8s.io/csinodes': {
    create: [
      [{ spec: { drivers: [{ name: 'example.com', nodeID: '' }] } }, 'spec.drivers[0].nodeID', required],
      [
        {
          spec: {
            drivers: [
              { name: 'example.com', nodeID: 'a' },
              { name: 'example.com', nodeID: 'b' },
            ],
          },
        },
        'spec.drivers[1].name',
        'Duplicate value: "example.com"',
      ],
    ],
    given: { spec: { drivers: [{ name: 'example.com', nodeID: 'a' }] } },
    update: [[{ spec: { drivers: [{ name: 'example.com', nodeID: 'b' }] } }, 'spec.drivers', immutable]],
  },
  'storage.k8s.io/csistoragecapacities': {
    create: [
      [{ capacity: '-1' }, 'capacity', 'Invalid value: "-1": must be greater than or equal to 0'],
      [
        { nodeTopology: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
        'nodeTopology.matchExpressions[0].values',
        "Required value: must be specified when `operator` is 'In' or 'NotIn'",
      ],
    ],
    update: [
      [{ storageClassName: 'slow' }, 'storageClassName', immutable],
      [{ nodeTopology: selector }, 'nodeTopology', immutable],
    ],
  },
  'storage.k8s.io/storageclasses': {
    create: [
      [{ provisioner: '' }, 'provisioner', required],
      [
        { reclaimPolicy: 'Recycle' },
        'reclaimPolicy',
        'Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      ],
      [
        { volumeBindingMode: 'Later' },
        'volumeBindingMode',
        'Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
      ],
    ],
    update: [
      [{ parameters: { a: 'b' } }, 'parameters', 'Forbidden: updates to parameters are forbidden.'],
      [
        { provisioner: 'example.com/other' },
        'provisioner',
        'Forbidden: updates to provisioner are forbidden.',
      ],
      [{ reclaimPolicy: 'Retain' }, 'reclaimPolicy', 'Forbidden: updates to reclaimPolicy are forbidden.'],
      [{ volumeBindingMode: 'WaitForFirstConsumer' }, 'volumeBindingMode', immutable],
    ],
  },
  'storage.k8s.io/volumeattachments': {
    create: [
      [{ spec: { attacher: '' } }, 'spec.attacher', required],
      [
        { spec: { source: { persistentVolumeName: null } } },
        'spec.source',
        'Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
      ],
    ],
    update: [[{ spec: { nodeName: 'b' } }, 'spec', immutable]],
  },
  'storage.k8s.io/volumeattributesclasses': {
    create: [
      [{ driverName: '' }, 'driverName', required],
      [{ parameters: null }, 'parameters', 'Required value: must contain at least one key/value pair'],
    ],
    update: [
      [{ driverName: 'example.com/other' }, 'driverName', 'Forbidden: updates to driverName are forbidden.'],
      [{ parameters: { speed: 'slow' } }, 'parameters', 'Forbidden: updates to parameters are forbidden.'],
    ],
  },
};
