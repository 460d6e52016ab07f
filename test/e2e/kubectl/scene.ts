import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Kubectl, kubectlMinor } from '../../environment/kubectl.ts';
import { LocalCluster } from '../../environment/local-cluster.ts';

/** One cluster for all that is tried with kubectl: a Deployment "web" of two Pods, and a Pod "sleeper". */
export interface Scene {
  readonly cluster: LocalCluster;
  readonly kubectl: Kubectl;
}

export const minor = kubectlMinor();

/** A test of what only newer ones have; says so where it is skipped. */
export function since(version: number): (name: string, run: () => Promise<void>) => void {
  return (name, run) => {
    const isOlder = minor !== undefined && minor < version;
    if (isOlder) console.warn(`skipped: ${name}: this kubectl is 1.${minor}, it takes 1.${version}`);
    test.skipIf(isOlder)(name, run);
  };
}

/** Not yet up. */
export function createScene(): Scene {
  const cluster = new LocalCluster('kubectl');
  return { cluster, kubectl: new Kubectl(join(cluster.directory, 'kubeconfig'), cluster.home) };
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
