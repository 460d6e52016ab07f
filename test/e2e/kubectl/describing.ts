import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificateRequest } from '../../builders/certificate-request.ts';
import { expectLines, since } from './scene.ts';
import type { Scene } from './scene.ts';

/** What describe tells of each kind beyond its fields: what selects it, what is left of it, what happened to it. */
export function describingCases({ cluster, kubectl, namespace }: Scene): void {
  describe('describes', () => {
    const request = `described-${namespace}`;
    const file = 'described.yaml';
    beforeAll(async () => {
      const { base64 } = await makeCertificateRequest({ subject: 'O=guests, CN=bob' });
      cluster.file(file, manifest(namespace, request, base64));
      await kubectl.ok('apply', '-f', file);
    });
    afterAll(() => kubectl.run(['delete', '--wait=false', '-f', file]));

    /** What a controller or a node has yet to say is waited for. */
    const tells = async (what: string, ...lines: readonly RegExp[]) => {
      const described = () => kubectl.ok('describe', ...what.split(' '));
      for (const line of lines)
        await expect.poll(described, { timeout: 20_000, message: what }).toMatch(line);
    };

    test('service and ingress: the Pods behind them', async () => {
      const address = String.raw`\d+\.\d+\.\d+\.\d+:8080`;
      await tells(
        'service told',
        /^Selector: +app=web$/m,
        new RegExp(`^Endpoints: +${address},${address}$`, 'm'),
      );
      await tells(
        'ingress told',
        new RegExp(`^ +example\\.com *\n +/ +told:80 \\(${address},${address}\\)$`, 'm'),
      );
    });

    test('secret and configmap: the one by its size, the other whole', async () => {
      await expectLines(kubectl, [
        ['describe secret told', /^Type: +Opaque\n\nData\n====\nword: +7 bytes\n$/m],
        ['describe configmap told', /^Data\n====\nline:\n----\nall of it\n/m],
      ]);
    });

    test('job: how many of its Pods are to end well', async () => {
      await tells(
        'job told',
        /^Parallelism: +2\nCompletions: +3\n/m,
        /^Pods Statuses: +0 (Active|Running).* \/ 0 Succeeded \/ 0 Failed$/m,
      );
    });

    // Before 1.21 kubectl asks for versions of these that no server has any more.
    since(kubectl, 21)('cronjob and poddisruptionbudget', async () => {
      await tells('cronjob told', /^Schedule: +@yearly$/m, /^Suspend: +True$/m, /^Active Jobs: +<none>$/m);
      await tells(
        'pdb told',
        /^Min available: +1$/m,
        /^ *Allowed disruptions: +1$/m,
        /^ +Current: +2\n +Desired: +1\n +Total: +2$/m,
      );
    });

    test('horizontalpodautoscaler: what it scales, and by what', async () => {
      await tells(
        'hpa told',
        /^Reference: +Deployment\/web$/m,
        /^( +resource cpu on pods +\(as a percentage of request\): +<unknown> \/ |Target CPU utilization: +)80%$/m,
        /^Max replicas: +3$/m,
      );
    });

    test('persistentvolume and its claim', async () => {
      await tells(
        'pvc told',
        /^Status: +Pending$/m,
        new RegExp(`^Volume: +told-${namespace}$`, 'm'),
        /^Finalizers: +\[kubernetes.io\/pvc-protection\]$/m,
      );
      await tells(
        `pv told-${namespace}`,
        /^Reclaim Policy: +Retain$/m,
        /^Source:\n +Type: +HostPath .*\n +Path: +\/tmp$/m,
      );
    });

    test('certificatesigningrequest: who asks, and for whom', async () => {
      await tells(
        `csr ${request}`,
        /^Requesting User: +kubernetes-admin$/m,
        /^Status: +Pending$/m,
        /^\s+Common Name: +bob$/m,
      );
    });

    test('resourcequota and limitrange: what is used, and how much may be', async () => {
      await tells('quota told', /^Resource +Used +Hard\n-+ +-+ +-+\nconfigmaps +[1-9]\d* +1k$/m);
      await tells('limitrange told', /^PersistentVolumeClaim +storage +1Mi +1Gi +- +- +-$/m);
    });

    test('role, rolebinding and serviceaccount', async () => {
      await tells('role told', /^ +pods +\[\] +\[\] +\[get list\]$/m);
      await tells('rolebinding told', /^ +Kind: +Role\n +Name: +told$/m, /^ +ServiceAccount +told +/m);
      await tells('serviceaccount told', /^Name: +told$/m, /^Tokens: +<none>$/m);
    });

    test('replicaset of a deployment, and the node that runs its Pods', async () => {
      await tells(
        'replicaset -l app=web',
        /^Controlled By: +Deployment\/web$/m,
        /^Pods Status: +2 Running \/ 0 Waiting/m,
      );
      await tells('node kubectl', new RegExp(`^ +${namespace} +sleeper +`, 'm'), /^Allocated resources:$/m);
    });
  });
}

const manifest = (namespace: string, request: string, base64: string) => `apiVersion: v1
kind: Service
metadata: { name: told }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: told }
spec:
  rules:
    - host: example.com
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: told, port: { number: 80 } } } }]
---
apiVersion: v1
kind: Secret
metadata: { name: told }
stringData: { word: hunter2 }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: told }
data: { line: all of it }
---
apiVersion: batch/v1
kind: Job
metadata: { name: told }
spec:
  parallelism: 2
  completions: 3
  template:
    spec: { restartPolicy: Never, containers: [{ name: main, image: busybox }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: told }
spec:
  schedule: '@yearly'
  suspend: true
  jobTemplate:
    spec:
      template:
        spec: { restartPolicy: Never, containers: [{ name: main, image: busybox }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: told }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: told }
spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: told-${namespace} }
spec:
  capacity: { storage: 1Mi }
  accessModes: [ReadWriteOnce]
  storageClassName: none
  hostPath: { path: /tmp }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: told }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none
  volumeName: told-${namespace}
  resources: { requests: { storage: 1Mi } }
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${request} }
spec: { request: ${base64}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: told }
spec: { hard: { configmaps: 1k } }
---
apiVersion: v1
kind: LimitRange
metadata: { name: told }
spec: { limits: [{ type: PersistentVolumeClaim, min: { storage: 1Mi }, max: { storage: 1Gi } }] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: told }
rules: [{ apiGroups: [''], resources: [pods], verbs: [get, list] }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: told }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: told }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: told }
subjects: [{ kind: ServiceAccount, name: told, namespace: ${namespace} }]
`;
