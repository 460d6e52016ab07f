import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/machinery/clock.ts';
import { makePair } from '../../../core/machinery/pki/make-certificate.ts';
import { expectLines, since, web } from './scene.ts';
import type { Scene } from './scene.ts';

/** create, run, expose and autoscale. */
export function makingCases({ cluster, kubectl }: Scene): void {
  describe('makes things', () => {
    type Case = readonly [words: string, kind: string, name: string];
    const cases: readonly Case[] = [
      ['namespace made', 'namespace', 'made'],
      ['configmap made --from-literal=a=1', 'configmap', 'made'],
      ['secret generic made --from-literal=a=1', 'secret', 'made'],
      ['secret docker-registry registry --docker-username=u --docker-password=p', 'secret', 'registry'],
      ['serviceaccount made', 'serviceaccount', 'made'],
      ['role made --verb=get --resource=pods', 'role', 'made'],
      ['clusterrole made --verb=get,list --resource=pods', 'clusterrole', 'made'],
      ['rolebinding made --role=made --user=kim', 'rolebinding', 'made'],
      ['clusterrolebinding made --clusterrole=made --group=team', 'clusterrolebinding', 'made'],
      ['deployment made --image=busybox --replicas=0', 'deployment', 'made'],
      ['job made --image=busybox', 'job', 'made'],
      ['service clusterip made --tcp=80:8080', 'service', 'made'],
      ['service nodeport made-port --tcp=80:8080', 'service', 'made-port'],
      ['service loadbalancer made-balancer --tcp=80:8080', 'service', 'made-balancer'],
      ['service externalname made-name --external-name=example.com', 'service', 'made-name'],
      ['ingress made --rule=example.com/=made:80', 'ingress', 'made'],
      ['quota made --hard=configmaps=100', 'quota', 'made'],
      ['priorityclass made --value=100', 'priorityclass', 'made'],
    ];
    // kubectl 1.20 knows these in versions that no server has any more.
    const newerCases: readonly Case[] = [
      ['cronjob made --image=busybox --schedule=@daily', 'cronjob', 'made'],
      ['poddisruptionbudget made --selector=app=none --min-available=1', 'pdb', 'made'],
    ];
    const makesAndDeletes = async ([words, kind, name]: Case) => {
      const printed = await kubectl.ok('create', ...words.split(' '));
      expect(printed).toMatch(/ created\n$/);
      expect(await kubectl.ok('delete', kind, name)).toMatch(new RegExp(`"${name}" deleted`));
    };
    test.for(cases)('create %s', makesAndDeletes);
    for (const each of newerCases) since(kubectl, 21)(`create ${each[0]}`, () => makesAndDeletes(each));

    test('create secret tls of two files', async () => {
      const { cert, key } = await makePair({ name: 'web', subject: 'CN=web', use: 'ca' }, systemClock);
      cluster.file('tls.crt', cert.toString());
      cluster.file('tls.key', key.toString());
      await expectLines(kubectl, [
        ['create secret tls pair --cert=tls.crt --key=tls.key', 'secret/pair created\n'],
        ['get secret pair -o jsonpath={.type}', 'kubernetes.io/tls'],
        ['get secret pair -o jsonpath={.data.tls\\.crt}', cert.toString('base64')],
        ['delete secret pair', /deleted/],
      ]);
    });

    since(kubectl, 21)('create job --from=cronjob', async () => {
      await expectLines(kubectl, [
        ['create cronjob daily --image=busybox --schedule=@daily -- true', 'cronjob.batch/daily created\n'],
        ['create job now --from=cronjob/daily', 'job.batch/now created\n'],
        ['get job now -o jsonpath={.metadata.ownerReferences[0].name}', 'daily'],
        ['get job now -o jsonpath={.metadata.annotations}', '{"cronjob.kubernetes.io/instantiate":"manual"}'],
        ['get job now -o jsonpath={.spec.template.spec.containers[*].command}', '["true"]'],
        ['delete job now', /deleted/],
        ['delete cronjob daily', /deleted/],
      ]);
    });

    test('run, expose and autoscale', async () => {
      await expectLines(kubectl, [
        ['run one --image=busybox --restart=Never --labels=a=b -- sleep 1000', 'pod/one created\n'],
        ['wait --for=condition=Ready pod/one --timeout=60s', 'pod/one condition met\n'],
        ['expose pod one --port=80 --name=one', 'service/one exposed\n'],
        ['get service one -o jsonpath={.spec.selector.a}', 'b'],
        ['delete pod,service one --now', /pod "one".* deleted/],
        ['autoscale deployment web --min=1 --max=3', 'horizontalpodautoscaler.autoscaling/web autoscaled\n'],
        ['get hpa web -o jsonpath={.spec.maxReplicas}', '3'],
        ['delete hpa web', /deleted/],
      ]);
      expect(await kubectl.ok('run', 'shown', '--image=busybox', '--dry-run=client', '-o', 'name')).toBe(
        'pod/shown\n',
      );
      expect(await kubectl.ok('run', 'shown', '--image=busybox', '--dry-run=server', '-o', 'name')).toBe(
        'pod/shown\n',
      );
      expect((await kubectl.run(['get', 'pod', 'shown'])).code).toBe(1);
    });

    test('create refuses what is there, and what is wrong', async () => {
      const there = await kubectl.run(['create', '-f', 'web.yaml']);
      expect(there.stderr).toContain('Error from server (AlreadyExists)');
      cluster.file('wrong.yaml', web.replace('replicas: 2', 'replicaz: 2'));
      const wrong = await kubectl.run(['apply', '-f', 'wrong.yaml']);
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toMatch(/unknown field ("spec.replicaz"|"replicaz")/);
      const warned = await kubectl.run(['apply', '--validate=warn', '--dry-run=server', '-f', 'wrong.yaml']);
      if (kubectl.minor >= 25) expect(warned.stderr).toContain('Warning: unknown field "spec.replicaz"');
    });
  });
}
