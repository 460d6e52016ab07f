import { describe, expect, test } from 'vitest';
import { play } from './program.ts';

const environment = {
  hostname: 'web-1',
  env: [
    { name: 'A', value: 'first' },
    { name: 'A', value: 'last' },
  ],
};

describe('a simulated program', () => {
  test.each([
    [['true'], 0, 0],
    [['/bin/false'], 0, 1],
    [['exit', '3'], 0, 3],
    [['exit', '256'], 0, 0],
    [['exit', 'soon'], 0, 2],
    [['sleep', '5'], 5_000, 0],
    [['sleep', '1.5m'], 90_000, 0],
    [['sleep', 'infinity'], undefined, 0],
    [['sleep', 'long'], 0, 1],
    [['sh', '-c', 'sleep 2; exit 3'], 2_000, 3],
    [['sh', '-c', '--', 'sleep 1 && sleep 1'], 2_000, 0],
    [['sh', '-c', 'false && exit 9; true'], 0, 0],
    [['sh', '-c', 'exit 4; sleep 5'], 0, 4],
    [['sh', '-c', 'sleep infinity; exit 1'], undefined, 0],
  ])('%j lasts %s ms and ends with %i', (argv, lastsMs, exitCode) => {
    expect(play(argv, environment)).toMatchObject({ lastsMs, exitCode });
  });

  test.each([
    [['echo', 'a', 'b'], 'a b'],
    [['hostname'], 'web-1'],
    [['printenv', 'A'], 'last'],
    [['sh', '-c', 'echo "$A" \'$A\' $NOTHING'], 'last $A '],
  ])('%j prints %j', (argv, text) => {
    expect(play(argv, environment)?.output).toEqual([{ stream: 'stdout', text }]);
  });

  test.each([
    [[]],
    [['nginx', '-g', 'daemon off;']],
    [['sh']],
    [['sh', '-c', 'while true; do sleep 30; done']],
    [['sh', '-c', 'echo a | wc -l']],
    [['sh', '-c', 'echo a; nginx']],
    [['constructor']],
  ])('%j cannot be played', (argv) => {
    expect(play(argv, environment)).toBeUndefined();
  });
});
