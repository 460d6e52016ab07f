import { describe, expect, test } from 'vitest';
import { Meter } from './cost.ts';
import { CelCostError, CelEnvironment, CostBudget, int, listOf, mapOf, objectOf, string } from './index.ts';
import { timestamp } from './types.ts';

const item = objectOf('item', { name: string, tags: mapOf(string, string), at: timestamp });
const environment = new CelEnvironment({
  self: objectOf('object', {
    items: listOf(item),
    names: listOf(string),
    numbers: listOf(int),
    keyed: mapOf(string, int),
    set: listOf(string, 'set'),
    text: string,
  }),
});
const indexes = Array.from({ length: 3_000 }, (_, index) => index);
const names = indexes.map((index) => `some-longer-name-${index}`);
const self = {
  items: names.map((name) => ({ name, tags: { a: 'b', c: 'd' }, at: '2024-01-01T00:00:00Z' })),
  names,
  numbers: indexes,
  keyed: Object.fromEntries(names.map((name, index) => [name, index])),
  set: names,
  text: 'aé😀'.repeat(20_000),
};

/** Expressions that would go on for minutes if nobody counted, each with another expensive step within. */
const explosive = [
  'self.items.all(x, self.items.exists_one(y, x == y))',
  'self.numbers.all(x, self.keyed == {} || true)',
  'self.numbers.all(x, self.set == self.set)',
  'self.numbers.all(x, (self.set + self.set).size() > 0)',
  'self.numbers.all(x, sets.contains(self.names, self.names))',
  'self.numbers.all(x, self.names.distinct().size() > 0)',
  'self.numbers.all(x, [self.items].flatten().size() > 0)',
  'self.numbers.all(x, "%s".format([self.items]) != "")',
  'self.numbers.all(x, self.text.replace("", "bb").size() > 0)',
  'self.numbers.all(x, self.text.reverse() != "")',
  'self.numbers.all(x, self.text.charAt(50000) != "")',
  'self.numbers.all(x, self.text.lowerAscii() != "")',
  'self.numbers.all(x, self.text.findAll("a|b").size() > 0)',
  'self.numbers.all(x, self.names.all(y, y.matches("(" + string(x) + "|[a-z]{1,100})" + y) || true))',
  'self.numbers.all(x, self.numbers.all(y, "a".matches("[" + string(x)) || true))',
  'self.numbers.all(x, "a".matches("(a|b)".replace("", "(a|b)").replace("", "(a|b)")) || true)',
  'self.items.all(x, self.items.all(y, x.at <= y.at))',
  'self.numbers.all(x, self.numbers.all(y, x / 0 == 1 || true))',
  'self.numbers.all(x, self.numbers.all(y, ip("2001:db8::1").isGlobalUnicast()))',
  'self.numbers.all(x, self.numbers.all(y, ip.isCanonical("2001:db8::1")))',
  'self.numbers.all(x, self.numbers.all(y, quantity("10x").isInteger() || true))',
  'self.numbers.all(x, self.numbers.all(y, url("https://example.com/?a=b&c=d").getQuery().size() > 0))',
  'self.numbers.all(x, self.numbers.all(y, semver("1.2.3-a.1").isLessThan(semver("2.0.0"))))',
];

describe('what an expression costs', () => {
  // Some 40 ms on a quiet machine; before steps cost what they take, these held it for one to two seconds.
  test.each(explosive)('%s is over before it takes long', (expression) => {
    const program = environment.compile(expression);
    const before = process.cpuUsage();
    expect(() => program.evaluate({ self }, new CostBudget())).toThrow(CelCostError);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(600);
  });

  test.each([
    ['self.items.all(x, x.name.size() < 100 && x.at < timestamp("2030-01-01T00:00:00Z"))'],
    ['self.names.all(x, x.matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))'],
    ['self.numbers.all(x, x in self.numbers.slice(0, 10) || x > 9)'],
    ['self.keyed.all(k, self.keyed[k] >= 0)'],
  ])('%s is affordable for thousands of elements', (expression) => {
    expect(environment.compile(expression).evaluate({ self }, new CostBudget())).toBe(true);
  });

  test('lists of different lengths, and maps of different sizes, are not walked through', () => {
    const budget = new CostBudget();
    environment.compile('self.numbers == [1]').evaluate({ self }, budget);
    expect(10_000_000 - budget.remaining).toBeLessThan(50);
  });
});

describe('a meter', () => {
  test('ends what charges too little for the time it takes', () => {
    const meter = new Meter(1e12);
    expect(() => {
      for (let turn = 0; turn < 200; turn++) {
        meter.charge(70_000);
        for (const before = process.cpuUsage(); process.cpuUsage(before).user < 10_000;);
      }
    }).toThrow(CelCostError);
  });

  test('allows just what it was told', () => {
    const meter = new Meter(200_000);
    meter.charge(200_000);
    expect(() => meter.charge(1)).toThrow(CelCostError);
  });
});
