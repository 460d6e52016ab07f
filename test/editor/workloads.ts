/** What a container of the tests' own image does. */
interface Work {
  readonly command: readonly string[];
  readonly ports?: readonly { readonly containerPort: number }[];
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Shape extends Work {
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of its Pods, beside `app`, which is its name. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The manifest of a Deployment with one container, whose Pods end at once. */
export function deployment(
  name: string,
  { replicas = 1, annotations = {}, labels = {}, ...work }: Shape,
): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name, ...labels } }, spec: podSpec('web', work) },
    },
  });
}

/** The manifest of a Pod with one container. */
export function pod(name: string, container: string, work: Work, spec: object = {}): string {
  const metadata = { name, labels: { app: name } };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { ...podSpec(container, work), ...spec },
  });
}

function podSpec(name: string, work: Work): object {
  const container = { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', ...work };
  return { terminationGracePeriodSeconds: 0, containers: [container] };
}
