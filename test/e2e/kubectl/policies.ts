import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createWebhookServer, patch } from '../../environment/webhook-server.ts';
import type { WebhookServer } from '../../environment/webhook-server.ts';
import type { Scene } from './scene.ts';

/** In a namespace of its own, so that nobody else's writes are judged. */
const space = 'policed';

/** Configurations are followed: what was written counts a moment later. */
const patience = { timeout: 20_000, interval: 100 };

const policies = `apiVersion: v1
kind: Namespace
metadata: { name: ${space} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: limits, namespace: ${space} }
data: { replicas: "3" }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: replicas.example.com }
spec:
  paramKind: { apiVersion: v1, kind: ConfigMap }
  matchConstraints:
    resourceRules:
      - apiGroups: [apps]
        apiVersions: [v1]
        operations: [CREATE, UPDATE]
        resources: [deployments, deployments/scale]
  variables:
    - name: most
      expression: int(params.data.replicas)
  validations:
    - expression: object.spec.replicas <= variables.most
      messageExpression: "'at most ' + string(variables.most) + ' replicas'"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: replicas.example.com }
spec:
  policyName: replicas.example.com
  validationActions: [Deny]
  paramRef: { name: limits, parameterNotFoundAction: Deny }
  matchResources:
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${space} } }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: exec.example.com }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [""], apiVersions: [v1], operations: [CONNECT], resources: [pods/exec] }
  validations:
    - expression: "!('--forbidden' in object.command)"
      message: not this command
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: exec.example.com }
spec: { policyName: exec.example.com, validationActions: [Deny] }
`;

/** Refuses nothing: nothing binds it. */
const wrong = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: wrong.example.com }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }
  validations:
    - expression: object.spec.replica < 3
`;

/** Webhooks and policies of users, on the cluster that kubectl's other cases use. */
export function policyCases({ cluster, kubectl }: Scene): void {
  describe('goes by what users say', () => {
    let server: WebhookServer;
    beforeAll(async () => {
      server = await createWebhookServer();
      cluster.file('policies.yaml', policies);
      await kubectl.ok('apply', '-f', 'policies.yaml');
    });
    afterAll(async () => {
      const files = ['policies.yaml', 'wrong.yaml', 'hooks.json'].flatMap((file) => ['-f', file]);
      await kubectl.run(['delete', '--ignore-not-found', '--wait=false', ...files]);
      await server[Symbol.asyncDispose]();
    });

    test('policies judge writes, scales and exec', async () => {
      const tooMany = [
        'create',
        'deployment',
        'big',
        '--image=busybox',
        '--replicas=9',
        '-n',
        space,
        '--dry-run=server',
      ];
      await vi.waitFor(async () => {
        const { code, stderr } = await kubectl.run(tooMany);
        expect(code).not.toBe(0);
        expect(stderr).toContain(
          "deployments.apps \"big\" is forbidden: ValidatingAdmissionPolicy 'replicas.example.com' with binding 'replicas.example.com' denied request: at most 3 replicas",
        );
      }, patience);
      await kubectl.ok('create', 'deployment', 'small', '--image=busybox', '--replicas=0', '-n', space);
      const { stderr: scaled } = await kubectl.run([
        'scale',
        'deployment/small',
        '--replicas=4',
        '-n',
        space,
      ]);
      expect(scaled).toContain('at most 3 replicas');
      const { stderr: connected } = await kubectl.run(['exec', 'sleeper', '--', 'echo', '--forbidden']);
      expect(connected).toContain('denied request: not this command');
      expect(await kubectl.ok('exec', 'sleeper', '--', 'echo', 'allowed')).toBe('allowed\n');
    });

    test('policies are told what is wrong with their expressions', async () => {
      cluster.file('wrong.yaml', wrong);
      await kubectl.ok('apply', '-f', 'wrong.yaml');
      await vi.waitFor(async () => {
        const described = await kubectl.ok(
          'get',
          'validatingadmissionpolicy',
          'wrong.example.com',
          '-o',
          'yaml',
        );
        expect(described).toContain('fieldRef: spec.validations[0].expression');
        expect(described).toContain("undefined field 'replica'");
      }, patience);
    });

    test('webhooks change writes and warn', async () => {
      const rules = [
        { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
      ];
      server.answer('/mark', {
        ...patch({ op: 'add', path: '/data', value: { marked: 'yes' } }),
        warnings: ['it was marked'],
      });
      cluster.file(
        'hooks.json',
        JSON.stringify({
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'MutatingWebhookConfiguration',
          metadata: { name: 'mark.example.com' },
          webhooks: [
            {
              name: 'mark.example.com',
              clientConfig: { url: server.url('/mark'), caBundle: server.caBundle },
              rules,
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': space } },
              sideEffects: 'None',
              admissionReviewVersions: ['v1'],
            },
          ],
        }),
      );
      await kubectl.ok('apply', '-f', 'hooks.json');
      await vi.waitFor(async () => {
        const { stderr } = await kubectl.run([
          'create',
          'configmap',
          'marked',
          '-n',
          space,
          '--dry-run=server',
        ]);
        expect(stderr).toContain('Warning: it was marked');
      }, patience);
      const written = ['create', 'configmap', 'marked', '-n', space, '-o', 'jsonpath={.data.marked}'];
      expect(await kubectl.ok(...written)).toBe('yes');
    });
  });
}
