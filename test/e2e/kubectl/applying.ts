import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectLines, since } from './scene.ts';
import type { Scene } from './scene.ts';

/** apply on either side, diff, prune and kustomize. */
export function applyingCases({ cluster, kubectl, namespace }: Scene): void {
  describe('applies', () => {
    const settings = (data: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, labels: { set: a } }\ndata: ${data}\n`;

    test('client-side: created, configured, unchanged, and fields removed', async () => {
      cluster.file('settings.yaml', settings('{ a: "1", b: "2" }'));
      expect(await kubectl.ok('apply', '-f', 'settings.yaml')).toBe('configmap/settings created\n');
      expect(await kubectl.ok('apply', '-f', 'settings.yaml')).toBe('configmap/settings unchanged\n');
      cluster.file('settings.yaml', settings('{ a: "3" }'));
      const diff = await kubectl.run(['diff', '-f', 'settings.yaml']);
      expect(diff.code).toBe(1);
      expect(diff.stdout).toMatch(/-\s+b: "2"/);
      expect(await kubectl.ok('apply', '-f', 'settings.yaml')).toBe('configmap/settings configured\n');
      expect(await kubectl.ok('get', 'configmap', 'settings', '-o', 'jsonpath={.data}')).toBe('{"a":"3"}');
      expect((await kubectl.run(['diff', '-f', 'settings.yaml'])).code).toBe(0);
      expect(await kubectl.ok('apply', 'view-last-applied', '-f', 'settings.yaml')).toContain('a: "3"');
    });

    test('what was last applied is seen and set', async () => {
      const handmade = (data: string) =>
        settings(data).replace('name: settings', 'name: handmade').replace('set: a', 'set: none');
      cluster.file('handmade.yaml', handmade('{ a: "1" }'));
      await kubectl.ok('create', '-f', 'handmade.yaml');
      expect(await kubectl.ok('apply', 'view-last-applied', 'configmap/handmade')).toBe('');
      const set = ['apply', 'set-last-applied', '-f', 'handmade.yaml'];
      expect((await kubectl.run(set)).stderr).toContain('no last-applied-configuration annotation found');
      expect(await kubectl.ok(...set, '--create-annotation=true')).toBe('configmap/handmade configured\n');
      expect(await kubectl.ok('apply', 'view-last-applied', 'configmap/handmade')).toContain('a: "1"');
      // By which the next one knows what to take away.
      cluster.file('handmade.yaml', handmade('{ b: "2" }'));
      expect(await kubectl.ok('apply', '-f', 'handmade.yaml')).toBe('configmap/handmade configured\n');
      expect(await kubectl.ok('get', 'configmap', 'handmade', '-o', 'jsonpath={.data}')).toBe('{"b":"2"}');
    });

    test('what was last applied is edited', async () => {
      cluster.file('edited.yaml', settings('{ a: "1" }').replace('name: settings', 'name: edited'));
      await kubectl.ok('apply', '-f', 'edited.yaml');
      const editor = cluster.file('edit-applied.sh', '#!/bin/sh\nsed -i \'s/a: "1"/a: "9"/\' "$1"\n');
      chmodSync(editor, 0o755);
      const words = ['apply', 'edit-last-applied', 'configmap/edited'];
      const { code, stdout, stderr } = await kubectl.run(words, { env: { KUBE_EDITOR: editor } });
      expect([code, stdout], stderr).toEqual([0, 'configmap/edited edited\n']);
      expect(await kubectl.ok('apply', 'view-last-applied', 'configmap/edited')).toContain('a: "9"');
      // What is there stays as it is.
      expect(await kubectl.ok('get', 'configmap', 'edited', '-o', 'jsonpath={.data.a}')).toBe('1');
    });

    since(kubectl, 27)('prune by an ApplySet, which remembers what was applied', async () => {
      const member = (name: string) => settings('{ a: "1" }').replace('name: settings', `name: ${name}`);
      const apply = async (...names: readonly string[]) => {
        cluster.file('members.yaml', names.map(member).join('---\n'));
        const words = ['apply', '--prune', '--applyset=kept', '-n', namespace, '-f', 'members.yaml'];
        const { code, stdout, stderr } = await kubectl.run(words, { env: { KUBECTL_APPLYSET: 'true' } });
        expect(code, stderr).toBe(0);
        return stdout;
      };
      expect(await apply('member-a', 'member-b')).toBe(
        'configmap/member-a created\nconfigmap/member-b created\n',
      );
      expect(await apply('member-a')).toBe('configmap/member-a unchanged\nconfigmap/member-b pruned\n');
      await expectLines(kubectl, [
        ['get configmaps -l applyset.kubernetes.io/part-of -o name', 'configmap/member-a\n'],
        [
          'get secret kept -o jsonpath={.metadata.annotations}',
          /"applyset\.kubernetes\.io\/contains-group-kinds":"ConfigMap"/,
        ],
        ['get secrets -l applyset.kubernetes.io/id -o name', 'secret/kept\n'],
      ]);
    });

    test('prune', async () => {
      cluster.file(
        'two.yaml',
        `${settings('{ a: "3" }')}---\n${settings('{}').replace('name: settings', 'name: extra')}`,
      );
      // Before 1.26 kubectl asks for kinds in versions that no server has any more, unless it is told which.
      const allowed = kubectl.minor < 26 ? ['--prune-whitelist=core/v1/ConfigMap'] : [];
      await kubectl.ok('apply', '-f', 'two.yaml');
      const pruned = await kubectl.ok('apply', '--prune', '-l', 'set=a', '-f', 'settings.yaml', ...allowed);
      expect(pruned).toContain('configmap/extra pruned\n');
    });

    test('server-side: owners, conflicts and force', async () => {
      cluster.file('owned.yaml', settings('{ a: "1" }').replace('name: settings', 'name: owned'));
      expect(await kubectl.ok('apply', '--server-side', '-f', 'owned.yaml')).toBe(
        'configmap/owned serverside-applied\n',
      );
      await kubectl.ok(
        'patch',
        'configmap',
        'owned',
        '--type=merge',
        '-p',
        '{"data":{"a":"2"}}',
        '--field-manager=other',
      );
      const diff = await kubectl.run(['diff', '--server-side', '--force-conflicts', '-f', 'owned.yaml']);
      expect(diff.stdout).toMatch(/^-  a: "2"\n\+  a: "1"\n/m);
      expect(diff.code).toBe(1);
      const refused = await kubectl.run(['apply', '--server-side', '-f', 'owned.yaml']);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('Apply failed with 1 conflict: conflict with "other" using v1');
      await kubectl.ok('apply', '--server-side', '--force-conflicts', '-f', 'owned.yaml');
      expect(await kubectl.ok('get', 'configmap', 'owned', '-o', 'jsonpath={.data.a}')).toBe('1');
      const path = 'jsonpath={.metadata.managedFields[*].manager}';
      // Before 1.21 they were always shown.
      const shown = kubectl.minor < 21 ? [] : ['--show-managed-fields'];
      const fields = await kubectl.ok('get', 'configmap', 'owned', '-o', path, ...shown);
      expect(fields).toBe('kubectl');
    });

    test('kustomize', async () => {
      mkdirSync(join(cluster.home, 'kustom'), { recursive: true });
      cluster.file(
        'kustom/kustomization.yaml',
        'namePrefix: k-\nconfigMapGenerator:\n  - name: made\n    literals: [a=1]\n',
      );
      expect(await kubectl.ok('kustomize', 'kustom')).toMatch(/name: k-made-\w+/);
      expect(await kubectl.ok('apply', '-k', 'kustom')).toMatch(/configmap\/k-made-\w+ created/);
    });
  });
}
