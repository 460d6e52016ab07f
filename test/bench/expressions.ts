import {
  CelEnvironment,
  CostBudget,
  dyn,
  int,
  listOf,
  mapOf,
  objectOf,
  PolicyCompiler,
  string,
} from '../../core/cel/index.ts';
import type { CelBindings, CelProgram } from '../../core/cel/index.ts';
import { atMost, median } from './measure.ts';
import type { Measurement } from './measure.ts';

const rounds = 200;
const evaluationsEach = 50;
const limitMicros = 50;
const longestHoldMs = 50;

/** What a rule of everyday costs, and for how long one that was built to explode holds everything else up. */
export function measureExpressions(): Promise<readonly Measurement[]> {
  const cases = typical();
  const slowestMicros = Math.max(...cases.map(([program, bindings]) => microsOf(program, bindings)));
  return Promise.resolve([
    atMost(`a rule in CEL, the slowest of ${cases.length} typical ones`, slowestMicros, limitMicros, 'µs'),
    atMost(
      `… and the slowest of ${explosive.length} explosive ones, until it is ended`,
      longest(),
      longestHoldMs,
      'ms',
    ),
  ]);
}

type Case = readonly [program: CelProgram, bindings: CelBindings];

const containers = ['web', 'proxy', 'log'].map((name) => ({
  name,
  image: `registry.example.com/${name}:1.2.3`,
  resources: { limits: { cpu: '500m', memory: '128Mi' } },
  securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false },
}));
const deployment = {
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web', team: 'shop' } },
  spec: { replicas: 3, template: { spec: { containers } } },
};

/** As operators' definitions and clusters' policies have them. */
function typical(): readonly Case[] {
  const port = objectOf('port', { name: string, port: int });
  const self = objectOf('object', {
    minReplicas: int,
    maxReplicas: int,
    schedule: string,
    host: string,
    storage: string,
    ports: listOf(port),
    labels: mapOf(string, string),
  });
  const rules = new CelEnvironment({ self, oldSelf: self });
  const policies = new PolicyCompiler({ hasParams: false });
  const value = {
    minReplicas: 1,
    maxReplicas: 5,
    schedule: '*/5 * * * *',
    host: 'shop.example.com',
    storage: '10Gi',
    ports: [80, 443, 8080].map((number) => ({ name: `port-${number}`, port: number })),
    labels: { app: 'web', team: 'shop' },
  };
  const rule = (text: string): Case => [rules.compile(text), { self: value, oldSelf: value }];
  const validation = (text: string): Case => [policies.validation(text), { object: deployment }];
  return [
    rule('self.minReplicas <= self.maxReplicas'),
    rule('self.host == oldSelf.host'),
    rule('self.ports.all(p, p.port > 0 && p.port < 65536)'),
    rule('self.ports.all(p, self.ports.exists_one(q, q.name == p.name))'),
    rule('self.schedule.matches("^[0-9*/, -]+$")'),
    rule('has(self.labels.team) && self.labels.all(k, k.size() <= 63)'),
    rule('quantity(self.storage).isGreaterThan(quantity("1Gi"))'),
    validation('object.spec.replicas <= 5'),
    validation('object.spec.template.spec.containers.all(c, c.image.startsWith("registry.example.com/"))'),
    validation(
      'object.spec.template.spec.containers.all(c, has(c.securityContext) && c.securityContext.?runAsNonRoot.orValue(false))',
    ),
  ];
}

function microsOf(program: CelProgram, bindings: CelBindings): number {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    for (let again = 0; again < evaluationsEach; again++) program.evaluate(bindings, new CostBudget());
    samples.push(((performance.now() - begun) * 1_000) / evaluationsEach);
  }
  return median(samples);
}

const many = Array.from({ length: 3_000 }, (_, index) => index);
const explosive = [
  'self.items.all(x, self.items.exists_one(y, x == y))',
  'self.names.all(x, self.names.all(y, y.matches("^.*(" + x + ")$") || true))',
  'self.numbers.all(x, self.numbers.all(y, x / 0 == 1 || true))',
  'self.numbers.all(x, self.text.replace("", "bb").size() > 0)',
  'self.numbers.all(x, self.numbers.all(y, ip("2001:db8::1").isGlobalUnicast()))',
  'self.numbers.all(x, "%s".format([self.items]) != "")',
  'self.numbers.all(x, sets.contains(self.names, self.names))',
];

/** In milliseconds of a core; the best of a few runs of each, because what others do meanwhile is not its own. */
function longest(): number {
  const environment = new CelEnvironment({ self: dyn });
  const self = {
    items: many.map((count) => ({ name: `name-${count}`, count, tags: { a: 'b' } })),
    names: many.map((index) => `a-longer-name-${index}`),
    numbers: many,
    text: 'aé😀'.repeat(20_000),
  };
  const times = explosive.map((text) => {
    const program = environment.compile(text);
    return Math.min(
      ...[1, 2, 3, 4, 5].map(() => cpuMsOf(() => program.evaluate({ self }, new CostBudget()))),
    );
  });
  return Math.max(...times);
}

function cpuMsOf(evaluate: () => unknown): number {
  const before = process.cpuUsage();
  try {
    evaluate();
  } catch {
    // That is how it ends.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
