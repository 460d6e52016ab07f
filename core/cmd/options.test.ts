import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';

function ranges(text: string): readonly string[] {
  const options = parseOptions(['--data-dir=/tmp/x', `--service-cidr=${text}`]);
  return options === 'help' ? [] : options.serviceCidrs;
}

describe('the ranges of Services', () => {
  test('are one, or one of each family', () => {
    expect(ranges('10.0.0.0/24')).toEqual(['10.0.0.0/24']);
    expect(ranges('fd00::/112, 10.0.0.0/24')).toEqual(['fd00::/112', '10.0.0.0/24']);
  });

  test.each(['', '10.0.0.0', '10.0.0.0/24,10.1.0.0/24', 'fd00::/112,10.0.0.0/24,10.1.0.0/24'])(
    'are not %j',
    (text) => {
      expect(() => ranges(text)).toThrow('--service-cidr=');
    },
  );
});
