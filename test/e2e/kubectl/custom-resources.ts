import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { databasesFile } from '../../custom-resources/definitions.ts';
import type { Scene } from './scene.ts';

const orders = `---
apiVersion: data.example.com/v1
kind: Database
metadata: { name: orders, labels: { of: orders } }
spec:
  engine: postgres
  replicas: 2
  backups:
    - { name: daily, schedule: 0 1 * * * }
`;

/** What people do with custom resources, from the definition to its end. They share the cluster of the suite. */
export function customResourceCases({ cluster, kubectl, namespace }: Scene): void {
  describe('custom resources', () => {
    test('definition and object in one file', async () => {
      cluster.file('databases.yaml', `${readFileSync(databasesFile, 'utf8')}${orders}`);
      // What kubectl knows of kinds it asked for before the definition was there: the second time it knows.
      const first = await kubectl.run(['apply', '-f', 'databases.yaml']);
      expect(first.stdout).toContain(
        'customresourcedefinition.apiextensions.k8s.io/databases.data.example.com created',
      );
      await kubectl.ok(
        'wait',
        '--for=condition=Established',
        'customresourcedefinition/databases.data.example.com',
        '--timeout=10s',
      );
      const second = await kubectl.ok('apply', '-f', 'databases.yaml');
      expect(second).toMatch(/customresourcedefinition.* (unchanged|configured)\n/);
      expect(second).toMatch(/database.data.example.com\/orders (created|unchanged)\n/);
      expect(await kubectl.ok('api-resources', '--api-group=data.example.com')).toMatch(
        /databases +db,dbs +data\.example\.com\/v1 +true +Database/,
      );
    });

    test('get in every form, by short name and by category', async () => {
      expect(await kubectl.ok('get', 'db')).toMatch(
        /^NAME +ENGINE +REPLICAS +READY +AGE\norders +postgres +2 +\d+s\n$/,
      );
      expect(await kubectl.ok('get', 'db', '-o', 'wide')).toMatch(/SIZE +AGE\n.* 1Gi +\d+s\n$/);
      expect(await kubectl.ok('get', 'data', '-o', 'name')).toBe('database.data.example.com/orders\n');
      expect(await kubectl.ok('get', 'database/orders', '-o', 'jsonpath={.spec.version}')).toBe('16');
      expect(await kubectl.ok('describe', 'db', 'orders')).toMatch(
        /Kind: +Database\n[^]*Engine: +postgres\n/,
      );
    });

    test('explain, and selectors of the fields that the definition names', async () => {
      expect(await kubectl.ok('explain', 'databases.spec.engine')).toMatch(
        /^(GROUP: +data\.example\.com\n)?KIND: +Database\nVERSION: +(data\.example\.com\/)?v1\n[^]*The program that keeps the data/,
      );
      expect(await kubectl.ok('explain', 'db.spec', '--recursive')).toMatch(/encrypted\s+<boolean>/);
      expect(await kubectl.ok('get', 'db', '--field-selector=spec.engine=postgres', '-o', 'name')).toBe(
        'database.data.example.com/orders\n',
      );
      expect(await kubectl.ok('get', 'db', '--field-selector=spec.engine=mysql', '-o', 'name')).toBe('');
    });

    test('patch, edit by apply, scale and label', async () => {
      const patch = '{"spec":{"parameters":{"shared":"on"}}}';
      expect(await kubectl.ok('patch', 'db', 'orders', '--type=merge', '-p', patch)).toBe(
        'database.data.example.com/orders patched\n',
      );
      expect(await kubectl.ok('scale', 'db/orders', '--replicas=4')).toBe(
        'database.data.example.com/orders scaled\n',
      );
      expect(
        await kubectl.ok('get', 'db', 'orders', '-o', 'jsonpath={.spec.replicas} {.metadata.generation}'),
      ).toBe('4 3');
      await kubectl.ok('label', 'db', 'orders', 'tier=gold');
      cluster.file('orders.yaml', orders.replace('replicas: 2', 'replicas: 1'));
      expect(await kubectl.ok('apply', '-f', 'orders.yaml')).toBe(
        'database.data.example.com/orders configured\n',
      );
      expect(await kubectl.ok('apply', '--server-side', '--force-conflicts', '-f', 'orders.yaml')).toBe(
        'database.data.example.com/orders serverside-applied\n',
      );
      expect(await kubectl.ok('diff', '-f', 'orders.yaml')).toBe('');
    });

    test('what the schema forbids is refused', async () => {
      cluster.file('wrong.yaml', orders.replace('engine: postgres', 'engine: oracle'));
      const wrong = await kubectl.run(['apply', '-f', 'wrong.yaml']);
      expect(wrong.stderr).toContain(
        'spec.engine: Unsupported value: "oracle": supported values: "postgres", "mysql"',
      );
      cluster.file('unknown.yaml', orders.replace('replicas: 2', 'replica: 2'));
      const unknown = await kubectl.run(['apply', '-f', 'unknown.yaml']);
      expect(unknown.stderr).toMatch(/unknown field "(spec\.)?replica"/);
      const old = await kubectl.run(['get', 'databases.v1beta1.data.example.com', '-o', 'name']);
      expect(old.stderr).toBe('Warning: data.example.com/v1beta1 Database is deprecated; use v1\n');
    });

    test('the shell knows them too', async () => {
      expect(await cluster.ok('get', 'db', '-n', namespace)).toMatch(
        /^NAME +ENGINE +REPLICAS +READY +AGE\norders +postgres +1 +/,
      );
      expect(await cluster.ok('api-resources')).toMatch(
        /databases +db,dbs +data\.example\.com\/v1 +true +Database/,
      );
    });

    test('deleting the definition deletes the objects', async () => {
      expect(await kubectl.ok('delete', 'crd', 'databases.data.example.com', '--timeout=20s')).toMatch(
        /customresourcedefinition.apiextensions.k8s.io "databases.data.example.com" deleted/,
      );
      const gone = await kubectl.run(['get', 'databases']);
      // What kubectl remembers of before may name the kind still.
      expect(gone.stderr).toMatch(/doesn't have a resource type|could not find the requested resource/);
      // Declared again, the kind begins without objects.
      cluster.file('definition.yaml', readFileSync(databasesFile, 'utf8'));
      await kubectl.ok('create', '-f', 'definition.yaml');
      await kubectl.ok(
        'wait',
        '--for=condition=Established',
        'crd/databases.data.example.com',
        '--timeout=10s',
      );
      expect(await kubectl.ok('get', 'databases', '-o', 'name')).toBe('');
      await kubectl.ok('delete', 'crd', 'databases.data.example.com', '--timeout=20s');
    });
  });
}
