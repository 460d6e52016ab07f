import { describe, expect, test } from 'vitest';
import { identityHeaders } from './front-proxy-headers.ts';

describe('who asks', () => {
  test('is said in headers that cannot be broken out of', () => {
    expect(
      identityHeaders({ name: 'ä', uid: '1', groups: ['a', 'b'], extra: { 'Example.com/Scope': ['x'] } }),
    ).toEqual({
      'x-remote-user': Buffer.from('ä').toString('latin1'),
      'x-remote-uid': '1',
      'x-remote-group': ['a', 'b'],
      'x-remote-extra-example.com%2Fscope': ['x'],
    });
    expect(() => identityHeaders({ name: 'a\r\nX-Remote-Group: system:masters', groups: [] })).toThrow(
      'control characters',
    );
  });
});
