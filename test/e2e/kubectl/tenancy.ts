import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectLines } from './scene.ts';
import type { Scene } from './scene.ts';

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: own, labels: { app: own } }
spec:
  replicas: 1
  selector: { matchLabels: { app: own } }
  template:
    metadata: { labels: { app: own } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox
          command: [sh, -c, 'echo ours; exec sleep 3600']
`;

/** Somebody for whom `wh user create` made a kubeconfig, with the role `edit` in one namespace and nothing else. */
export function tenancyCases({ cluster, kubectl }: Scene): void {
  describe('somebody who edits one namespace', () => {
    const path = join(cluster.directory, 'users', 'tess.kubeconfig');
    const tess = kubectl.with(path);
    /** As kubectl prints it; commands that create or look first say so in words of their own. */
    const refusal = (what: string) =>
      new RegExp(`^(Error from server \\(Forbidden\\)|error): .*${what}`, 'm');
    /** What wh says to her, and how it ended. */
    const wh = (...words: readonly string[]) => cluster.run(['--kubeconfig', path, ...words]);
    const whOk = (...words: readonly string[]) => cluster.ok('--kubeconfig', path, ...words);

    beforeAll(async () => {
      for (const namespace of ['team', 'others']) {
        await kubectl.ok('create', 'namespace', namespace);
        await kubectl.ok(
          'create',
          'secret',
          'generic',
          'vault',
          '--from-literal=key=theirs',
          '-n',
          namespace,
        );
      }
      await kubectl.ok(
        'create',
        'rolebinding',
        'editors',
        '--clusterrole=edit',
        '--group=team',
        '-n',
        'team',
      );
      expect(await cluster.ok('user', 'create', 'tess', '--group', 'team')).toBe(`${path}\n`);
      await tess.ok('config', 'set-context', '--current', '--namespace=team');
      cluster.file('own.yaml', deployment);
    });

    test('does all of her work there with kubectl', async () => {
      expect(await tess.ok('apply', '-f', 'own.yaml')).toBe('deployment.apps/own created\n');
      await tess.ok('rollout', 'status', 'deployment/own', '--timeout=60s');
      await expectLines(tess, [
        ['get deployments -o name', 'deployment.apps/own\n'],
        ['logs deployment/own', 'ours\n'],
        ['exec deployment/own -- echo inside', 'inside\n'],
        ['scale deployment/own --replicas=2', 'deployment.apps/own scaled\n'],
        ['rollout status deployment/own --timeout=60s', /successfully rolled out/],
        ['rollout restart deployment/own', 'deployment.apps/own restarted\n'],
        ['rollout status deployment/own --timeout=60s', /successfully rolled out/],
        ['rollout undo deployment/own', 'deployment.apps/own rolled back\n'],
        ['get secret vault -o jsonpath={.data.key}', Buffer.from('theirs').toString('base64')],
        ['create configmap settings --from-literal=a=b', 'configmap/settings created\n'],
        ['auth can-i create pods --subresource=exec', 'yes\n'],
        ['auth can-i --list', /^deployments\.apps +\[\] +\[\] +\[(?=.*create)(?=.*delete)(?=.*get).*\]/m],
      ]);
    });

    test("is refused everything else by kubectl in upstream's words", async () => {
      const elsewhere = 'in the namespace "others"';
      const everywhere = 'at the cluster scope';
      const cases: readonly (readonly [command: string, words: string])[] = [
        [
          'get pods -n others',
          `pods is forbidden: User "tess" cannot list resource "pods" in API group "" ${elsewhere}`,
        ],
        [
          'get secret vault -n others',
          `secrets "vault" is forbidden: User "tess" cannot get resource "secrets" in API group "" ${elsewhere}`,
        ],
        [
          'get pods -A',
          `pods is forbidden: User "tess" cannot list resource "pods" in API group "" ${everywhere}`,
        ],
        [
          'get nodes',
          `nodes is forbidden: User "tess" cannot list resource "nodes" in API group "" ${everywhere}`,
        ],
        ['get namespaces', `namespaces is forbidden: User "tess" cannot list resource "namespaces"`],
        ['get clusterroles', `clusterroles.rbac.authorization.k8s.io is forbidden: User "tess" cannot list`],
        ['get rolebindings', `rolebindings.rbac.authorization.k8s.io is forbidden: User "tess" cannot list`],
        ['delete namespace team', `namespaces "team" is forbidden: User "tess" cannot delete`],
        ['create namespace mine', `namespaces is forbidden: User "tess" cannot create`],
        [
          'create configmap x -n others',
          `User "tess" cannot create resource "configmaps" in API group "" ${elsewhere}`,
        ],
        [
          'exec -n default sleeper -- id',
          `pods "sleeper" is forbidden: User "tess" cannot (get|create) resource "pods`,
        ],
        ['logs -n default sleeper', `pods "sleeper" is forbidden: User "tess" cannot get resource "pods`],
        [
          'scale -n default deployment/web --replicas=5',
          `deployments.apps "web" is forbidden: User "tess" cannot`,
        ],
        ['delete pod sleeper -n default', `pods "sleeper" is forbidden: User "tess" cannot delete`],
        [
          'get pods --as=kubernetes-admin',
          `users "kubernetes-admin" is forbidden: User "tess" cannot impersonate resource "users"`,
        ],
      ];
      const newerCases: typeof cases = [
        [
          'create token default -n default',
          `serviceaccounts "default" is forbidden: User "tess" cannot create resource "serviceaccounts/token"`,
        ],
      ];
      for (const [command, words] of kubectl.minor < 24 ? cases : [...cases, ...newerCases]) {
        const { code, stderr } = await tess.run(command.split(' '));
        expect(stderr, command).toMatch(refusal(words));
        expect(code, command).toBe(1);
      }
      const binding = 'create rolebinding mine --clusterrole=cluster-admin --user=tess';
      const { code, stderr } = await tess.run(binding.split(' '));
      expect(stderr).toMatch(/forbidden: User "tess" cannot create resource "rolebindings"/);
      expect(code).toBe(1);
      const can = await tess.run(['auth', 'can-i', 'get', 'secrets', '-n', 'others']);
      expect(can.stdout).toBe('no\n');
      expect(await tess.ok('auth', 'can-i', '--list', '-n', 'others')).not.toMatch(
        /secrets|pods|deployments/,
      );
      expect(await kubectl.ok('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')).not.toBe('5');
    });

    test('sees just as much of it with wh, line by line and in the shell', async () => {
      expect(await whOk('get', 'deployments', '-o', 'name')).toBe('deployment.apps/own\n');
      expect(await whOk('logs', 'deployment/own')).toBe('ours\n');
      expect(await whOk('exec', 'deployment/own', '--', 'echo', 'inside')).toBe('inside\n');
      expect(await whOk('scale', 'deployment/own', '--replicas', '1')).toContain('scaled');
      for (const [words, said] of [
        [['get', 'nodes'], 'nodes is forbidden: User "tess" cannot list resource "nodes"'],
        [['get', 'pods', '-A'], 'pods is forbidden: User "tess" cannot list resource "pods"'],
        [
          ['get', 'secrets', '-n', 'others'],
          'secrets is forbidden: User "tess" cannot list resource "secrets"',
        ],
        [['get', 'clusterroles'], 'cannot list resource "clusterroles"'],
        [
          ['delete', 'pod', 'sleeper', '-n', 'default'],
          'pods "sleeper" is forbidden: User "tess" cannot delete',
        ],
        [['exec', '-n', 'default', 'sleeper', '--', 'id'], 'User "tess" cannot'],
      ] as const) {
        const { code, stderr } = await wh(...words);
        expect(stderr, words.join(' ')).toMatch(/^Error from server \(Forbidden\): /);
        expect(stderr, words.join(' ')).toContain(said);
        expect(code, words.join(' ')).toBe(1);
      }
      const shell = await cluster.run(['--kubeconfig', path], {
        stdin: 'get deployments -o name\nget nodes\n',
      });
      expect(shell.stdout).toContain('deployment.apps/own\n');
      expect(shell.stderr).toContain('nodes is forbidden: User "tess" cannot list resource "nodes"');
      expect(shell.code).toBe(1);
    });

    test('takes away what is hers', async () => {
      await expectLines(tess, [
        ['delete deployment own', 'deployment.apps "own" deleted\n'],
        ['delete configmap settings', 'configmap "settings" deleted\n'],
      ]);
      const { stderr } = await tess.run(['delete', 'pods', '--all', '-n', 'others']);
      expect(stderr).toMatch(refusal('pods is forbidden: User "tess" cannot list'));
    });
  });
}
