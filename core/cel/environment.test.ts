import { describe, expect, test } from 'vitest';
import {
  CelCompileError,
  CelCostError,
  CelEnvironment,
  CelError,
  CostBudget,
  bool,
  double,
  dyn,
  int,
  listOf,
  mapOf,
  objectOf,
  string,
  toJson,
} from './index.ts';
import { timestamp } from './types.ts';

const untyped = new CelEnvironment({ object: dyn, params: dyn });
const pod = {
  metadata: { name: 'web-1', labels: { app: 'web', 'x/y': 'z' } },
  spec: {
    replicas: 3,
    ratio: 0.5,
    containers: [
      { name: 'a', image: 'registry/a:1', ports: [{ port: 80 }, { port: 443 }] },
      { name: 'b', image: 'busybox', securityContext: { privileged: true } },
    ],
    nothing: null,
  },
};

function evaluate(
  expression: string,
  bindings: Record<string, unknown> = { object: pod },
  environment = untyped,
) {
  return toJson(environment.compile(expression).evaluate(bindings));
}

function failureOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('an expression', () => {
  test.each([
    // the language
    ['1 + 2 * 3 - 4 / 2 % 3', 5],
    ['-9223372036854775808 < 0', true],
    ['1.5 * 2.0', 3],
    ['1u + 2u == 3u', true],
    ['"a" + "b"', 'ab'],
    ['b"ab" + b"c" == b"abc"', true],
    ['[1, 2] + [3]', [1, 2, 3]],
    ['{"a": 1, "b": 2}["b"]', 2],
    ['{"a": 1}.a', 1],
    ['{1: "x"}[1]', 'x'],
    ['1 in [1, 2] && !("c" in {"a": 1})', true],
    ['true ? "yes" : "no"', 'yes'],
    ['type(1) == int && type("") == string && type([]) == list', true],
    ['type(timestamp("2024-01-01T00:00:00Z")) == google.protobuf.Timestamp', true],
    ['size("héllo") + size([1]) + size({"a": 1}) + "😀".size()', 8],
    ['r"\\d" + """a"b"""', '\\da"b'],
    ['[1, 2, 3] == [1, 2, 3] && {"a": [1]} == {"a": [1]}', true],
    ['dyn(1) == dyn(1.0) && 1 < 1.5 && 2u > 1', true],
    ['"a" < "b" && b"a" <= b"b" && false < true', true],
    // data
    ['object.spec.replicas + 1', 4],
    ['object.spec.ratio + 1.0', 1.5],
    ['object.metadata.labels["x/y"]', 'z'],
    ['object.spec.containers[0].ports[1].port', 443],
    ['object.spec.nothing == null', true],
    ['has(object.spec.replicas) && !has(object.spec.paused)', true],
    ['has(object.spec.containers[1].securityContext.privileged)', true],
    ['object.spec.containers.all(c, c.image != "")', true],
    ['object.spec.containers.exists(c, c.securityContext.privileged)', true],
    ['object.spec.containers.exists_one(c, c.name == "a")', true],
    ['object.spec.containers.filter(c, has(c.ports)).map(c, c.name)', ['a']],
    ['object.spec.containers.map(c, has(c.ports), c.ports.size())', [2]],
    ['object.metadata.labels.all(k, k.startsWith("a") || k.contains("/"))', true],
    ['object.metadata.labels.exists(k, v, k == "app" && v == "web")', true],
    ['[3, 5].all(i, v, v == 2 * i + 3)', true],
    ['[3, 5].transformList(i, v, i + v)', [3, 6]],
    ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v * 10)', { b: 20 }],
    ['{"a": "x"}.transformMapEntry(k, v, {v: k})', { x: 'a' }],
    ['cel.bind(n, object.spec.replicas, n * n)', 9],
    // errors that do not matter
    ['object.missing == 1 || true', true],
    ['true || object.missing == 1', true],
    ['[0, 1].exists(i, 1 / i == 1)', true],
    ['!(object.missing && false)', true],
    // optional values
    ['object.?spec.?paused.orValue(true)', true],
    ['object.spec.?containers[?0].?name.orValue("")', 'a'],
    ['object.spec.containers[?7].hasValue()', false],
    ['optional.of(1).optMap(x, x + 1).value()', 2],
    ['optional.none().or(optional.of(2)).orValue(3)', 2],
    ['[?object.?missing, ?object.metadata.?name]', ['web-1']],
    ['{?"a": object.?missing, "b": 1}', { b: 1 }],
    ['optional.ofNonZeroValue("").hasValue()', false],
    ['optional.of(1).optFlatMap(x, optional.none()).hasValue()', false],
  ])('%s is %j', (expression, expected) => {
    expect(evaluate(expression)).toEqual(expected);
  });
});

describe('the library', () => {
  test.each([
    ['"Hello World".lowerAscii().replace("o", "0").split(" ").join("-")', 'hell0-w0rld'],
    ['"tacocat".substring(1, 4) + "x".charAt(0) + " y ".trim()', 'acoxy'],
    ['"hello".indexOf("l") * 10 + "hello".lastIndexOf("l")', 23],
    ['"%s has %d of %.2f, %x %t".format(["a", 1, 1.5, 255]) == ""', undefined],
    ['"%s has %d of %.2f, %x and %s".format(["a", 1, 1.5, 255, [1, 2]])', 'a has 1 of 1.50, ff and [1, 2]'],
    ['"abc123".matches("^[a-z]+[0-9]+$")', true],
    ['"a1b22".findAll("[0-9]+") + ["a1b22".find("[0-9]+")]', ['1', '22', '1']],
    ['[1, 3, 2].isSorted() || [1, 2, 3].isSorted()', true],
    ['[1, 3, 2].sum() + [1, 3].min() + [1, 3].max() + [1, 2].indexOf(2)', 11],
    [
      '[3, 1, 2].sort() + [1, 1].distinct() + [[4], [5]].flatten() + lists.range(2)',
      [1, 2, 3, 1, 4, 5, 0, 1],
    ],
    ['[{"n": 2}, {"n": 1}].sortBy(e, e.n).map(e, e.n)', [1, 2]],
    [
      'sets.contains([1, 2, 3], [2, 3]) && sets.equivalent([1, 1, 2], [2, 1]) && sets.intersects([1], [1, 2])',
      true,
    ],
    ['quantity("1Gi").isGreaterThan(quantity("1000Mi")) && quantity("1") == quantity("1000m")', true],
    ['quantity("50k").add(20).compareTo(quantity("50020")) == 0 && quantity("2").asInteger() == 2', true],
    ['isQuantity("1.5Gi") && !isQuantity("a")', true],
    ['url("https://a.b:80/c%20d?x=1&x=2").getHost()', 'a.b:80'],
    ['url("https://[::1]:80/").getHostname() + url("https://a:80/").getPort()', '::180'],
    ['url("/a?x=1&x=2").getQuery()["x"]', ['1', '2']],
    ['isURL("https://x/") && !isURL("x y")', true],
    ['ip("127.0.0.1").isLoopback() && ip("::1").family() == 6 && isIP("10.0.0.1") && !isIP("10.0.0")', true],
    [
      'cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16"))',
      true,
    ],
    ['string(cidr("10.1.2.3/8").masked())', '10.0.0.0/8'],
    ['semver("1.2.3").isLessThan(semver("1.10.0-rc.1")) && semver("v1.2", true).minor() == 2', true],
    ['format.dns1123Label().validate("Not a label").hasValue()', true],
    ['!format.named("dns1123Subdomain").value().validate("a.b").hasValue()', true],
    ['timestamp("2024-02-29T12:30:00Z").getHours("Europe/Berlin")', 13],
    ['string(timestamp("2024-02-29T12:30:00Z") + duration("36h"))', '2024-03-02T00:30:00Z'],
    ['timestamp("2024-01-02T00:00:00Z") - timestamp("2024-01-01T00:00:00Z") == duration("24h")', true],
    ['string(duration("1h30m1.5s"))', '5401.5s'],
    ['int("42") + int(3.9) + int(duration("1ns"))', 46],
    ['string(1.0) + string(true) + string(3u)', '1true3'],
    ['jsonpatch.escapeKey("a/b~c")', 'a~1b~0c'],
  ])('%s is %j', (expression, expected) => {
    if (expected === undefined) expect(() => evaluate(expression)).toThrow(CelError);
    else expect(evaluate(expression)).toEqual(expected);
  });
});

describe('an evaluation', () => {
  test.each([
    ['object.spec.paused', 'no such key: paused'],
    ['object.spec.nothing.more', 'no such key: more'],
    ['object.spec.containers[5]', 'index out of bounds: 5'],
    ['1 / 0', 'division by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['object.metadata.name + 1', 'no such overload'],
    ['object.metadata.name ? 1 : 2', 'no such overload'],
    ['params.x', 'no such attribute(s): params'],
    ['[1, 2].all(i, object.missing > i)', 'no such key: missing'],
    ['object.metadata.name.matches("(" + "")', 'missing closing'],
    ['optional.none().value()', 'optional.none() dereference'],
    ['{"a": 1, "a": 2}', 'key a already exists'],
  ])('of %s comes to the error %j', (expression, message) => {
    const error = failureOf(() => evaluate(expression));
    expect(error).toBeInstanceOf(CelError);
    expect(error.message).toContain(message);
  });

  test('does not see what objects inherit', () => {
    expect(evaluate('has(object.__proto__) || has(object.constructor) || "toString" in object')).toBe(false);
  });
});

describe('a compilation', () => {
  const typed = new CelEnvironment({
    self: objectOf('object', {
      replicas: int,
      ratio: double,
      'max-surge': int,
      name: string,
      tags: listOf(string),
      labels: mapOf(string, string),
      created: timestamp,
    }),
  });

  test.each([
    ['self.foo', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo\n | ....^"],
    ['foo', "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')"],
    ['self.name + 1', "found no matching overload for '_+_' applied to '(string, int)'"],
    ['self.name.startsWith(1)', "found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['self.name.matches("(")', 'ERROR: <input>:1:19: invalid matches argument'],
    ['duration("soon") > duration("1h")', 'ERROR: <input>:1:10: invalid duration argument'],
    ['timestamp("2030-13-01T00:00:00Z") == null', 'ERROR: <input>:1:11: invalid timestamp argument'],
    ['self.name.foo()', "undeclared reference to 'foo' (in container '')"],
    ['self.replicas > "a"', "found no matching overload for '_>_' applied to '(int, string)'"],
    ['self.replicas == 1.0', "found no matching overload for '_==_' applied to '(int, double)'"],
    ['self.name.bar', "type 'string' does not support field selection"],
    ['self.tags["a"]', "found no matching overload for '_[_]' applied to '(list(string), string)'"],
    ['self.tags.all(t, t > 1)', "applied to '(string, int)'"],
    ['self.tags.all(t, t)', "expected type 'bool' but found 'string'"],
    ['self.replicas.all(t, true)', "expression of type 'int' cannot be range of a comprehension"],
    ['self.name && true', "expected type 'bool' but found 'string'"],
    ['[1, "a"]', "expected type 'int' but found 'string'"],
    ['has(self)', 'invalid argument to has() macro'],
    ['1 +', 'ERROR: <input>:1:4: Syntax error:'],
    ['Object{a: 1}', "undeclared reference to 'Object'"],
  ])('of %s says what is wrong', (expression, message) => {
    const error = failureOf(() => typed.compile(expression));
    expect(error).toBeInstanceOf(CelCompileError);
    expect(error.message).toContain(message);
  });

  test('knows what an expression evaluates to', () => {
    expect(typed.compile('self.tags.map(t, size(t))').type).toEqual(listOf(int));
    expect(typed.compile('self.labels["a"]').type).toEqual(string);
    expect(typed.compile('self.replicas > 1 ? self.ratio : 1.0').type).toEqual(double);
    expect(failureOf(() => typed.compile('self.name', bool)).message).toBe('must evaluate to bool');
    expect(failureOf(() => typed.compile('1', bool, string)).message).toBe(
      'must evaluate to one of [bool string]',
    );
  });

  test('reads data by its types', () => {
    const self = { replicas: 3, ratio: 2, 'max-surge': 1, created: '2024-01-01T00:00:00Z' };
    const value = (expression: string) => evaluate(expression, { self }, typed);
    expect(value('self.ratio / 4.0')).toBe(0.5);
    expect(value('self.max__dash__surge + self.replicas')).toBe(4);
    expect(value('self.created.getFullYear()')).toBe(2024);
    expect(value('has(self.name)')).toBe(false);
  });

  test('is remembered', () => {
    expect(typed.compile('self.replicas + 1')).toBe(typed.compile('self.replicas + 1'));
  });

  test('tells which variables an expression names', () => {
    expect([...untyped.compile('object.a == 1').uses]).toEqual(['object']);
  });

  test('refuses what is too deep, and reads what is only long', () => {
    expect(() => untyped.compile(`${'1 + '.repeat(400)}1`)).toThrow(/recursion limit|Exceeded/);
    expect(() => untyped.compile(`${'('.repeat(1000)}1${')'.repeat(1000)}`)).toThrow(CelCompileError);
    expect(evaluate(`${'true && '.repeat(1500)}true`)).toBe(true);
  });
});

describe('lists that are sets or keyed', () => {
  const environment = new CelEnvironment({
    a: listOf(int, 'set'),
    b: listOf(int, 'set'),
    c: listOf(dyn, ['k']),
    d: listOf(dyn, ['k']),
  });
  const bindings = {
    a: [1, 2],
    b: [2, 1],
    c: [
      { k: 1, v: 1 },
      { k: 2, v: 2 },
    ],
    d: [{ k: 2, v: 3 }],
  };

  test('are equal in any order', () => {
    expect(evaluate('a == b', bindings, environment)).toBe(true);
  });

  test('are merged by +', () => {
    expect(evaluate('a + [3, 1]', bindings, environment)).toEqual([1, 2, 3]);
    expect(evaluate('c + d', bindings, environment)).toEqual([
      { k: 1, v: 1 },
      { k: 2, v: 3 },
    ]);
  });
});

describe('messages', () => {
  const environment = new CelEnvironment(
    { object: dyn },
    { messages: (name) => /^Object(?:\.\w+)*$|^JSONPatch$/.test(name) },
  );

  test('are written out', () => {
    const text = `Object{spec: Object.spec{replicas: object.n, ?paused: object.?paused, template: Object.spec.template{labels: {"a{": "?"}}}}`;
    expect(evaluate(text, { object: { n: 1 } }, environment)).toEqual({
      spec: { replicas: 1, template: { labels: { 'a{': '?' } } },
    });
    expect(
      evaluate('[JSONPatch{op: "add", path: "/a", value: Object{b: 1}}]', { object: {} }, environment),
    ).toEqual([{ op: 'add', path: '/a', value: { b: 1 } }]);
  });

  test('keep the places of problems', () => {
    expect(failureOf(() => environment.compile('Object{a: 1, b: nobody}')).message).toContain(
      'ERROR: <input>:1:17: undeclared reference to',
    );
  });
});

describe('costs', () => {
  const list = (length: number) => Array.from({ length }, (_, index) => index);

  test('are counted as upstream counts them', () => {
    const cost = (expression: string) => {
      const budget = new CostBudget(1000);
      untyped.compile(expression).evaluate({ object: { a: { b: 1 } } }, budget);
      return 1000 - budget.remaining;
    };
    expect(cost('object.a.b')).toBe(3);
    expect(cost('1 + 2 == 3')).toBe(2);
    expect(cost('[1, 2, 3].all(x, true)')).toBe(20);
    expect(cost('"0123456789".startsWith("01234567890")')).toBe(2);
  });

  test.each([
    ['object.all(a, object.all(b, object.all(c, a + b + c >= 0)))'],
    ['object.map(a, object.map(b, object.map(c, [a, b, c]))).size() > 0'],
    [
      `object.map(a, "0123456789".replace("", "0123456789").replace("", "0123456789").replace("", "0123456789").replace("", "0123456789").replace("", "0123456789").replace("", "0123456789").replace("", "0123456789")).size() > 0`,
    ],
    ['object.map(a, lists.range(100000)).size() > 0'],
    ['object.all(a, object.all(b, "aaaaaaaa".matches("(a*)*$")))'],
  ])('of %s go beyond what one evaluation may', (expression) => {
    const error = failureOf(() => untyped.compile(expression).evaluate({ object: list(1000) }));
    expect(error).toBeInstanceOf(CelCostError);
    expect(error.message).toBe('operation cancelled: actual cost limit exceeded');
  });

  test('are not absorbed by || and macros', () => {
    const spending = 'object.all(a, object.all(b, object.all(c, true)))';
    expect(() => untyped.compile(`${spending} || true`).evaluate({ object: list(1000) })).toThrow(
      CelCostError,
    );
    expect(() => untyped.compile(`[1, 2].exists(i, ${spending})`).evaluate({ object: list(1000) })).toThrow(
      CelCostError,
    );
  });

  test('of several expressions come from one budget', () => {
    const budget = new CostBudget(100);
    const program = untyped.compile('object.all(a, a >= 0)');
    program.evaluate({ object: list(10) }, budget);
    expect(() => program.evaluate({ object: list(10) }, budget)).toThrow(CelCostError);
    expect(budget.isSpent).toBe(true);
  });
});
