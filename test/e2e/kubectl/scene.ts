import { expect, test } from 'vitest';
import type { Kubectl } from '../../environment/kubectl.ts';
import type { LocalCluster } from '../../environment/local-cluster.ts';

/** One cluster for all that is tried with a kubectl. */
export interface Scene {
  readonly cluster: LocalCluster;
  readonly kubectl: Kubectl;
  /** Where its kubeconfig leads: in it are a Deployment "web" of two Pods, and a Pod "sleeper". */
  readonly namespace: string;
}

/** A test of what only newer ones have; says so where it is skipped. */
export function since({ minor }: Kubectl, version: number): (name: string, run: () => Promise<void>) => void {
  return (name, run) => {
    const isOlder = minor < version;
    if (isOlder) console.warn(`skipped: ${name}: this kubectl is 1.${minor}, it takes 1.${version}`);
    test.skipIf(isOlder)(name, run);
  };
}

/** Makes what the cases find there. The cluster is up. */
export async function furnish({ cluster, kubectl }: Scene): Promise<void> {
  cluster.file('web.yaml', web);
  cluster.file('sleeper.yaml', sleeper('sleeper'));
  await kubectl.ok('apply', '-f', 'web.yaml', '-f', 'sleeper.yaml');
  await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=60s');
  await kubectl.ok('wait', '--for=condition=Ready', 'pod/sleeper', '--timeout=60s');
}

export const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: { app: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox
          command: [sh, -c, 'echo started; exec httpd -f -p 8080 -h /etc']
`;

export const sleeper = (name: string) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { role: sleeper } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox
      stdin: true
      command: [sh, -c, 'echo hello from ${name}; exec sleep 3600']
`;

/** Each line: the words of a command, and what it prints, or the beginning of it. */
type Line = readonly [command: string, prints: string | RegExp];

export async function expectLines(kubectl: Kubectl, lines: readonly Line[]): Promise<void> {
  for (const [command, prints] of lines) {
    const printed = await kubectl.ok(...command.split(' '));
    if (typeof prints === 'string') expect(printed, command).toBe(prints);
    else expect(printed, command).toMatch(prints);
  }
}

/** The address in its kubeconfig. */
export function serverOf(kubectl: Kubectl): Promise<string> {
  return kubectl.ok('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}');
}
