export { pod, type PodBuilder } from './pod.ts';
export { node, type NodeBuilder } from './node.ts';
export { deployment, replicaSet, type DeploymentBuilder, type ReplicaSetBuilder } from './workload.ts';
export { configMap, lease, namespace, secret, serviceAccount } from './cluster.ts';
export { builtAtMs, timestamp, type ObjectBuilder } from './object.ts';
