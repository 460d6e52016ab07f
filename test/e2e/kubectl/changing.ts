import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectLines, since, sleeper } from './scene.ts';
import type { Scene } from './scene.ts';

/** From label to drain: what changes what is there. */
export function changingCases({ cluster, kubectl }: Scene): void {
  describe('changes things', () => {
    beforeAll(() => kubectl.ok('create', 'configmap', 'thing', '--from-literal=a=1'));

    test('label, annotate, patch, replace and edit', async () => {
      await expectLines(kubectl, [
        ['label configmap thing colour=red', 'configmap/thing labeled\n'],
        ['label configmap thing colour=blue --overwrite', 'configmap/thing labeled\n'],
        ['annotate configmap thing note=x', 'configmap/thing annotated\n'],
        ['get configmap thing -o jsonpath={.metadata.labels.colour}{.metadata.annotations.note}', 'bluex'],
        ['label configmap thing colour-', /unlabeled|labeled/],
        ['patch configmap thing -p {"data":{"b":"2"}}', 'configmap/thing patched\n'],
        [
          'patch configmap thing --type=json -p [{"op":"remove","path":"/data/a"}]',
          'configmap/thing patched\n',
        ],
        ['get configmap thing -o jsonpath={.data}', '{"b":"2"}'],
      ]);
      const editor = cluster.file('editor.sh', '#!/bin/sh\nsed -i \'s/b: "2"/b: "3"/\' "$1"\n');
      chmodSync(editor, 0o755);
      const edited = await kubectl.run(['edit', 'configmap', 'thing'], { env: { KUBE_EDITOR: editor } });
      expect(edited.stdout).toBe('configmap/thing edited\n');
      expect(await kubectl.ok('get', 'configmap', 'thing', '-o', 'jsonpath={.data.b}')).toBe('3');
      const live = await kubectl.ok('get', 'configmap', 'thing', '-o', 'json');
      writeFileSync(join(cluster.home, 'thing.json'), live.replace('"b": "3"', '"b": "4"'));
      expect(await kubectl.ok('replace', '-f', 'thing.json')).toBe('configmap/thing replaced\n');
      const stale = await kubectl.run(['replace', '-f', 'thing.json']);
      expect(stale.stderr).toContain('the object has been modified');
    });

    test('replace --force makes it anew', async () => {
      cluster.file(
        'anew.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: anew }\nimmutable: true\ndata: { a: "1" }\n',
      );
      await kubectl.ok('create', '-f', 'anew.yaml');
      cluster.file(
        'anew.yaml',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: anew }\nimmutable: true\ndata: { a: "2" }\n',
      );
      const { stderr } = await kubectl.run(['replace', '-f', 'anew.yaml']);
      expect(stderr).toMatch(/data: Forbidden: field is immutable when `immutable` is set/);
      await expectLines(kubectl, [
        ['replace --force -f anew.yaml', /^configmap "anew" deleted.*\nconfigmap\/anew replaced\n$/],
        ['get configmap anew -o jsonpath={.data.a}', '2'],
        ['delete configmap anew', /deleted/],
      ]);
    });

    since(kubectl, 24)('subresources by themselves', async () => {
      await kubectl.ok('create', 'deployment', 'parts', '--image=busybox', '--replicas=0');
      await expectLines(kubectl, [
        [
          'patch deployment parts --subresource=status --type=merge -p {"status":{"collisionCount":3}}',
          'deployment.apps/parts patched\n',
        ],
        ['get deployment parts --subresource=status -o jsonpath={.status.collisionCount}', '3'],
        [
          'patch deployment parts --subresource=scale --type=merge -p {"spec":{"replicas":0}}',
          /^scale.autoscaling\/parts patched/,
        ],
        ['get deployment parts --subresource=scale', /^NAME +DESIRED +AVAILABLE +AGE\nparts +0 +0 +\d+s\n$/],
        ['get deployment parts --subresource=scale -o jsonpath={.kind}', 'Scale'],
        ['delete deployment parts', /deleted/],
      ]);
    });

    test('set', async () => {
      await kubectl.ok('create', 'deployment', 'settable', '--image=busybox', '--replicas=0');
      await expectLines(kubectl, [
        ['set image deployment/settable busybox=busybox:new', 'deployment.apps/settable image updated\n'],
        ['set env deployment/settable A=b', 'deployment.apps/settable env updated\n'],
        ['set resources deployment/settable --limits=memory=64Mi', /resource requirements updated/],
        ['set serviceaccount deployment/settable default', /serviceaccount updated/],
        [
          'get deployment settable -o jsonpath={..image}{..env[0].value}{..limits.memory}',
          'busybox:newb64Mi',
        ],
        ['delete deployment settable', /deleted/],
        ['create service clusterip choosing --tcp=80:80', 'service/choosing created\n'],
        ['set selector service choosing app=web', 'service/choosing selector updated\n'],
        ['get service choosing -o jsonpath={.spec.selector}', '{"app":"web"}'],
        ['delete service choosing', /deleted/],
        ['create rolebinding lookers --clusterrole=view --user=kim', /created/],
        ['set subject rolebinding lookers --group=team --serviceaccount=default:default', /subjects updated/],
        ['get rolebinding lookers -o jsonpath={.subjects[*].name}', 'kim team default'],
        ['delete rolebinding lookers', /deleted/],
      ]);
    });

    test('scale and rollout', async () => {
      await expectLines(kubectl, [
        ['scale deployment web --replicas=1 --current-replicas=2', 'deployment.apps/web scaled\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['rollout restart deployment/web', 'deployment.apps/web restarted\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['rollout history deployment/web', /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/],
        ['rollout pause deployment/web', 'deployment.apps/web paused\n'],
        ['rollout resume deployment/web', 'deployment.apps/web resumed\n'],
        ['rollout undo deployment/web', 'deployment.apps/web rolled back\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['scale deployment web --replicas=2', 'deployment.apps/web scaled\n'],
        [
          'wait --for=condition=Available deployment/web --timeout=60s',
          'deployment.apps/web condition met\n',
        ],
      ]);
      const refused = await kubectl.run([
        'scale',
        'deployment',
        'web',
        '--replicas=3',
        '--current-replicas=7',
      ]);
      expect(refused.code).toBe(1);
    });

    test('delete by label, file and all; wait for it', async () => {
      for (const name of ['x', 'y', 'z']) await kubectl.ok('create', 'configmap', `gone-${name}`);
      await kubectl.ok('label', 'configmap', 'gone-x', 'gone-y', 'gone=yes');
      expect(await kubectl.ok('delete', 'configmap', '-l', 'gone=yes')).toMatch(/gone-x.*\n.*gone-y/);
      const waiting = kubectl.run(['wait', '--for=delete', 'configmap/gone-z', '--timeout=30s']);
      await kubectl.ok('delete', 'configmap', 'gone-z');
      expect((await waiting).code).toBe(0);
      cluster.file('brief.yaml', sleeper('brief'));
      await kubectl.ok('apply', '-f', 'brief.yaml');
      expect(await kubectl.ok('delete', '-f', 'brief.yaml', '--force', '--grace-period=0')).toContain(
        'brief',
      );
      await expectLines(kubectl, [
        ['create namespace emptied', 'namespace/emptied created\n'],
        ['create secret generic a -n emptied', 'secret/a created\n'],
        ['create secret generic b -n emptied', 'secret/b created\n'],
        ['delete secrets --all -n emptied', /^secret "a" deleted.*\nsecret "b" deleted/],
        ['get secrets -n emptied -o name', ''],
        ['delete namespace emptied --timeout=30s', /deleted/],
      ]);
    });

    test('cordon, taint and uncordon', async () => {
      await expectLines(kubectl, [
        ['cordon kubectl', 'node/kubectl cordoned\n'],
        ['get node kubectl', /Ready,SchedulingDisabled/],
        ['uncordon kubectl', 'node/kubectl uncordoned\n'],
        ['taint node kubectl a=b:PreferNoSchedule', 'node/kubectl tainted\n'],
        ['taint node kubectl a-', 'node/kubectl untainted\n'],
      ]);
    });

    test('drain', async () => {
      await expectLines(kubectl, [
        ['drain kubectl --pod-selector=app=web --ignore-daemonsets', /evicted/],
        ['uncordon kubectl', 'node/kubectl uncordoned\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
      ]);
    });
  });
}
