/** Labels the kubelet puts on containers and sandboxes, beyond the identity that the runtime keeps itself. */
export const labels = {
  /** Hash of what of a container's spec asks for a new container when it changes. */
  specHash: 'wheelhouse.dev/spec-hash',
  /** Seconds to wait before the container is started again once it has exited. */
  restartBackoffSeconds: 'wheelhouse.dev/restart-backoff-seconds',
  /** The Pod's grace, for when the Pod itself is gone before its containers. */
  graceSeconds: 'wheelhouse.dev/grace-seconds',
  /** "init" or "sidecar"; absent on others. Sidecars stop after the rest. */
  role: 'wheelhouse.dev/container-role',
} as const;
