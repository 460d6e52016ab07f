/** What Pods and their containers need to know of the node they run on. */
export interface NodeFacts {
  readonly name: string;
  readonly hostIps: readonly string[];
  /** As the Node object tells. */
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  readonly pidsLimit: number | undefined;
  /** Where profiles of type Localhost are. */
  readonly seccompDirectory: string;
  /** Such as "cluster.local". */
  readonly clusterDomain: string;
}
