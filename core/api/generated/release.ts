// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

/** The Kubernetes release whose API this is. */
export const kubernetesRelease = 'v1.36.2';
