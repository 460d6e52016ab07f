import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCertificateRequest } from '../../builders/certificate-request.ts';
import { expectLines, serverOf, since } from './scene.ts';
import type { Scene } from './scene.ts';

/** auth, tokens, users, certificates and what namespaces enforce. */
export function rightsCases({ cluster, kubectl, namespace }: Scene): void {
  /** Of things that are in no namespace, so that another kubectl's cases make their own. */
  const own = (name: string) => `${name}-${namespace}`;
  describe('asks about rights', () => {
    since(kubectl, 28)('auth whoami', async () => {
      expect(await kubectl.ok('auth', 'whoami')).toMatch(
        /Username +kubernetes-admin\nGroups +\[system:masters/,
      );
    });

    since(kubectl, 24)('create token', async () => {
      const token = (await kubectl.ok('create', 'token', 'default')).trim();
      expect(token.split('.')).toHaveLength(3);
      const server = await serverOf(kubectl);
      const asked = ['get', 'pods', `--server=${server}`, `--token=${token}`, '--insecure-skip-tls-verify'];
      const refused = await kubectl.run(asked, { env: { KUBECONFIG: '/nowhere' } });
      expect(refused.stderr).toContain(
        `User "system:serviceaccount:${namespace}:default" cannot list resource "pods"`,
      );
    });

    test('auth can-i', async () => {
      await expectLines(kubectl, [
        ['auth can-i delete pods', 'yes\n'],
        ['auth can-i --list', /\*\.\* +\[\] +\[\] +\[\*\]/],
      ]);
      const no = await kubectl.run(['auth', 'can-i', 'delete', 'pods', '--as=eve']);
      expect(no).toMatchObject({ code: 1, stdout: expect.stringMatching(/^no\b/) as string });
      const other = await kubectl.run(['get', 'pods', '--as=eve']);
      expect(other.stderr).toContain(
        'pods is forbidden: User "eve" cannot list resource "pods" in API group ""',
      );
    });

    test('is noted in the audit log, as wh is, without what is in the objects', async () => {
      await kubectl.ok('create', 'configmap', own('noted'), '--from-literal=a=hunter2');
      await cluster.ok('delete', 'configmap', own('noted'), '-n', namespace);
      const noted = () =>
        readFileSync(join(cluster.directory, 'logs', 'audit.log'), 'utf8')
          .split('\n')
          .filter((line) => line.includes(`"${own('noted')}"`))
          .map(
            (line) =>
              JSON.parse(line) as {
                verb: string;
                user: { username: string };
                responseStatus: { code: number };
              },
          )
          .map(({ verb, user, responseStatus }) => `${user.username} ${verb} ${responseStatus.code}`);
      // A request does not wait for its line.
      await expect
        .poll(noted, { timeout: 10_000 })
        .toEqual(['kubernetes-admin create 201', 'kubernetes-admin delete 200']);
      expect(readFileSync(join(cluster.directory, 'logs', 'audit.log'), 'utf8')).not.toContain('hunter2');
    });

    test('what a namespace enforces and warns of, whole', async () => {
      const strict = own('strict');
      await kubectl.ok('create', 'namespace', strict);
      const label = (...labels: string[]) => kubectl.ok('label', 'namespace', strict, ...labels);
      await label('pod-security.kubernetes.io/enforce=restricted');
      const run = ['run', 'web', '--image=busybox', '-n', strict, '--restart=Never'];
      const violation =
        'violate(s)? PodSecurity "restricted:latest": allowPrivilegeEscalation != false \\(container "web" must set .*seccompProfile.type to "RuntimeDefault" or "Localhost"\\)';
      const refused = await kubectl.run(run);
      expect(refused.stderr).toMatch(new RegExp(`^Error from server \\(Forbidden\\): .*${violation}`));
      await label('pod-security.kubernetes.io/enforce-', 'pod-security.kubernetes.io/warn=restricted');
      const warned = await kubectl.run([...run, '--dry-run=server']);
      expect(warned.stderr).toMatch(new RegExp(`^Warning: would ${violation}`));
      expect(warned.code).toBe(0);
      await kubectl.ok('delete', 'namespace', strict, '--wait=false');
    });

    test('Secrets, which are nowhere on the disk, when wh gives them another key', async () => {
      const password = 'correct-horse-battery-staple';
      const base64 = Buffer.from(password).toString('base64');
      await kubectl.ok('create', 'secret', 'generic', 'vault', `--from-literal=password=${password}`);
      const described = await cluster.ok('describe', 'secret', 'vault', '-n', namespace);
      expect(described).toMatch(/^password: +28 bytes$/m);
      for (const value of [password, base64]) expect(described).not.toContain(value);
      expect(await cluster.ok('encryption', 'rotate', '--forget-old')).toMatch(
        /^New key [0-9a-f]{16}; [1-9]\d* Secrets? (is|are) encrypted under it\.\n1 older keys forgotten\.\n$/,
      );
      expect(await kubectl.ok('get', 'secret', 'vault', '-o', 'jsonpath={.data.password}')).toBe(base64);
      const files = readdirSync(cluster.directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
      expect(files.length).toBeGreaterThan(5);
      for (const plain of [password, base64])
        expect(files.some((bytes) => bytes.includes(plain))).toBe(false);
      await kubectl.ok('delete', 'secret', 'vault');
    });

    test('of somebody else, for whom wh user create made a kubeconfig', async () => {
      const name = own('ann');
      const path = (await cluster.ok('user', 'create', name, '--group', 'developers')).trim();
      const ann = kubectl.with(path);
      await ann.ok('config', 'set-context', '--current', `--namespace=${namespace}`);
      if (kubectl.minor >= 28)
        expect(await ann.ok('auth', 'whoami')).toMatch(
          new RegExp(`Username +${name}\\nGroups +\\[developers `),
        );
      const refused = await ann.run(['get', 'pods']);
      expect(refused.stderr).toContain(`User "${name}" cannot list resource "pods"`);
      await kubectl.ok('create', 'rolebinding', 'developers', '--clusterrole=view', '--group=developers');
      expect(await ann.ok('get', 'pods', '-o', 'name')).toContain('pod/sleeper');
      const deletion = await ann.run(['delete', 'pod', 'sleeper']);
      expect(deletion.stderr).toContain(`User "${name}" cannot delete resource "pods"`);
      const wrong = await cluster.run(['user', 'create', '../eve']);
      expect(wrong.stderr).toContain('"../eve" cannot be a user or a group');
      expect(wrong.code).toBe(1);
    });

    test('auth reconcile', async () => {
      cluster.file(
        'role.yaml',
        `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: reader, namespace: ${namespace} }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n`,
      );
      expect(await kubectl.ok('auth', 'reconcile', '-f', 'role.yaml')).toContain(
        'role.rbac.authorization.k8s.io/reader',
      );
      const verbs = 'jsonpath={.rules[*].verbs}';
      cluster.file(
        'role.yaml',
        readFileSync(join(cluster.home, 'role.yaml'), 'utf8').replace('[get]', '[list]'),
      );
      await kubectl.ok('auth', 'reconcile', '-f', 'role.yaml');
      expect(await kubectl.ok('get', 'role', 'reader', '-o', verbs)).toBe('["get"] ["list"]');
      await kubectl.ok('auth', 'reconcile', '--remove-extra-permissions', '-f', 'role.yaml');
      expect(await kubectl.ok('get', 'role', 'reader', '-o', verbs)).toBe('["list"]');
    });

    test('certificate approve and deny: whose request is approved gets in', async () => {
      const [one, two] = [own('one'), own('two')];
      const { base64, key } = await makeCertificateRequest({ subject: 'O=guests, CN=bob' });
      for (const name of [one, two]) cluster.file(`${name}.yaml`, signingRequest(name, base64));
      await kubectl.ok('apply', '-f', `${one}.yaml`, '-f', `${two}.yaml`);
      expect(await kubectl.ok('certificate', 'deny', two)).toContain('denied');
      expect(await kubectl.ok('get', 'csr', two)).toMatch(/ Denied\n$/);
      expect(await kubectl.ok('certificate', 'approve', one)).toContain('approved');
      const shown = () => kubectl.ok('get', 'csr', one);
      await expect.poll(shown, { timeout: 20_000 }).toMatch(/ Approved,Issued\n$/);
      const certificate = await kubectl.ok('get', 'csr', one, '-o', 'jsonpath={.status.certificate}');
      const config = JSON.parse(await kubectl.ok('config', 'view', '--raw', '-o', 'json')) as {
        users: { user: object }[];
      };
      const user = {
        'client-certificate-data': certificate,
        'client-key-data': Buffer.from(key).toString('base64'),
      };
      const users = config.users.map((entry) => ({ ...entry, user }));
      const bob = kubectl.with(cluster.file('bob.kubeconfig', JSON.stringify({ ...config, users })));
      const refused = await bob.run(['get', 'pods']);
      expect(refused.stderr).toContain('User "bob" cannot list resource "pods"');
      await kubectl.ok('create', 'rolebinding', 'guests', '--clusterrole=view', '--group=guests');
      expect(await bob.ok('get', 'pods', '-o', 'name')).toContain('pod/sleeper');
    });
  });
}

function signingRequest(name: string, request: string): string {
  return `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${name} }
spec: { request: ${request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }
`;
}
