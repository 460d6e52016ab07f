import { named, type ObjectSnippet } from './parts.ts';

/** What Pods read and keep. */
export const storage: readonly ObjectSnippet[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', lines: [...named, 'data:', '  ${2:key}: ${3:value}'] },
  { apiVersion: 'v1', kind: 'Secret', lines: [...named, 'stringData:', '  ${2:key}: ${3:value}'] },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    lines: [
      ...named,
      'spec:',
      '  accessModes: [${2:ReadWriteOnce}]',
      '  resources:',
      '    requests: { storage: ${3:1Gi} }',
    ],
  },
];

/** Where it comes from, which is the administrators' part. */
export const storageOfClusters: readonly ObjectSnippet[] = [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    lines: [
      'metadata:',
      '  name: ${1:my-volume}',
      'spec:',
      '  capacity: { storage: ${2:1Gi} }',
      '  accessModes: [${3:ReadWriteOnce}]',
      '  persistentVolumeReclaimPolicy: ${4:Retain}',
      '  storageClassName: ""',
      '  hostPath: { path: ${5:/srv/data} }',
    ],
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    lines: [
      'metadata:',
      '  name: ${1:my-storage}',
      'provisioner: ${2:example.com/disk}',
      'volumeBindingMode: ${3:WaitForFirstConsumer}',
    ],
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    lines: [
      'metadata:',
      '  name: ${1:my-volumes}',
      'driverName: ${2:disk.example.com}',
      'parameters: { ${3:iops}: "${4:3000}" }',
    ],
  },
];
