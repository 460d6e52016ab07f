import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';

/** By "group/plural": what holds an object until its controller finds that nobody uses it. */
const finalizers: ReadonlyMap<string, string> = new Map([
  ['/persistentvolumeclaims', 'kubernetes.io/pvc-protection'],
  ['/persistentvolumes', 'kubernetes.io/pv-protection'],
  ['storage.k8s.io/volumeattributesclasses', 'kubernetes.io/vac-protection'],
]);

/** Nobody's storage goes while it is used, nor what says how it should be (plugin/pkg/admission/storage/storageobjectinuseprotection). */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',

  handles: ({ operation, declaration, subresource }: AdmissionRequest): boolean =>
    operation === 'CREATE' &&
    subresource === '' &&
    finalizers.has(`${declaration.group}/${declaration.plural}`),

  mutate({ object, declaration }: AdmissionRequest): void {
    const finalizer = finalizers.get(`${declaration.group}/${declaration.plural}`);
    if (object === undefined || finalizer === undefined) return;
    const present = object.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object.metadata.finalizers = [...present, finalizer];
  },
};
